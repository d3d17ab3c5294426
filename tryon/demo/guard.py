"""Ends the demo's processes when the demo itself was killed and can't.

This file runs as a process of its own and reads what to guard from its standard input: ``+<id>`` and
``-<id>``, one a line. The kernel closes that pipe with the demo, however the demo ends. Linux could signal
the children by itself (PR_SET_PDEATHSIG), macOS could not.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from contextlib import suppress
from typing import IO, Final

GRACE_SECONDS: Final = 5.0


class Guard:
    """The demo's end of the pipe."""

    def __init__(self) -> None:
        """Start the guard. Raise OSError."""
        self._process = subprocess.Popen(
            # As a file, whatever the working directory is; -P keeps this folder's names off its import path.
            [sys.executable, "-P", __file__],
            stdin=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C is for the demo
            text=True,
        )

    def enlist(self) -> None:
        """Guard the session that this process leads. A child calls it before it becomes another program.

        Told by the demo after the start, the guard would not know of a child whose demo is killed in between.
        """
        signal.signal(signal.SIGPIPE, signal.SIG_IGN)  # as in the demo: without its guard a child still runs
        self._tell(f"+{os.getpid()}")
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)

    def watch(self, session: int) -> None:
        """Guard a session that another program has started, by the process id of its leader."""
        self._tell(f"+{session}")

    def forget(self, session: int) -> None:
        """The session is over: its id may be somebody else's soon."""
        self._tell(f"-{session}")

    def close(self) -> None:
        """End the guard, and with it what it still watches."""
        pipe = self._pipe()
        with suppress(BrokenPipeError):
            pipe.close()
        self._process.wait()

    def _tell(self, line: str) -> None:
        # Without its guard the demo still ends its processes itself, as long as it is not killed.
        with suppress(BrokenPipeError):
            pipe = self._pipe()
            pipe.write(f"{line}\n")
            pipe.flush()

    def _pipe(self) -> IO[str]:
        if self._process.stdin is None:
            raise RuntimeError("the guard was started without a pipe")
        return self._process.stdin


def main(lines: Iterable[str]) -> None:
    """Read until the demo is gone, then end the sessions that are left."""
    sessions: set[int] = set()
    for line in lines:
        session = int(line)
        if session > 0:
            sessions.add(session)
        else:
            sessions.discard(-session)
    left = {session for session in sessions if _signal(session, signal.SIGTERM)}
    deadline = time.monotonic() + GRACE_SECONDS
    while left and time.monotonic() < deadline:
        time.sleep(0.1)
        left = {session for session in left if _signal(session, 0)}
    for session in left:
        _signal(session, signal.SIGKILL)


def _signal(session: int, number: int) -> bool:
    """Signal all processes of a session; False when none is left. Number 0 only asks."""
    try:
        os.killpg(session, number)
    except (ProcessLookupError, PermissionError):
        return False
    return True


if __name__ == "__main__":
    main(sys.stdin)
