"""Run the live door: ``python -m tryon.events --host 0.0.0.0 --port 8001``.

Granian's default stops at 1,024 connections, and the system's at as many open files. Here both are set on
purpose.
"""

import argparse
import os
import resource
import sys
from typing import Final

from tryon.events.options import Options, OptionWrong

# Files of the process besides its connections.
OTHERS: Final = 200
BACKLOG: Final = 4096


def main() -> None:
    """Become the server."""
    parser = argparse.ArgumentParser(prog="python -m tryon.events", description="The live door.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8001)
    given = parser.parse_args()
    try:
        connections = Options.read().connections
    except OptionWrong as wrong:
        sys.exit(str(wrong))
    connections = allowed(connections)
    os.environ["EVENTS_CONNECTIONS"] = str(connections)
    command = [
        sys.executable, "-m", "granian", "--interface", "asgi", "--http", "1", "--no-ws", "--workers", "1",
        "--host", given.host, "--port", str(given.port), "--respawn-failed-workers",
        "--backlog", str(BACKLOG), "--backpressure", str(connections), "--http1-buffer-size", "8192",
        "--workers-kill-timeout", "10", "tryon.events.app:app",
    ]  # fmt: skip
    os.execv(sys.executable, command)  # noqa: S606  (no shell)


def allowed(connections: int) -> int:
    """Raise the limit of open files for these connections. Return those that the system allows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = sys.maxsize if hard == resource.RLIM_INFINITY else hard
    files = min(connections + OTHERS, most)
    if soft < files:
        resource.setrlimit(resource.RLIMIT_NOFILE, (files, hard))
    if files - OTHERS < connections:
        sys.stderr.write(
            f"The system allows {hard} open files, so the live door takes {files - OTHERS} connections.\n"
        )
    return files - OTHERS


if __name__ == "__main__":
    main()
