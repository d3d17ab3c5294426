"""A command as a hardened container runs it: a root that is read-only, no capabilities, no new privileges."""

import functools
import subprocess
from pathlib import Path
from typing import Final

# $0 is the one folder that may be written to. The mounts are this process's own, and end with it.
SCRIPT: Final = """
set -e
mount --bind "$0" "$0"
while read -r _ place _; do
    case "$place" in "$0"|/proc*|/sys*|/dev*) continue ;; esac
    mount -o remount,bind,ro "$place" 2>/dev/null || true
done < /proc/self/mounts
if touch "$PWD/.writable" /tmp/.writable 2>/dev/null; then echo "The root is not read-only." >&2; exit 9; fi
export TMPDIR="$0" PYTHONDONTWRITEBYTECODE=1
exec setpriv --no-new-privs --bounding-set=-all --inh-caps=-all "$@"
"""


@functools.cache
def is_possible() -> bool:
    """Return whether this machine lets us make mounts of our own. It takes root, or nearly so."""
    try:
        tried = subprocess.run(
            ["unshare", "--mount", "setpriv", "--no-new-privs", "true"], capture_output=True, check=False
        )
    except OSError:
        return False
    return tried.returncode == 0


def hardened(command: list[str], *, folder: Path) -> list[str]:
    """Return the command as a container would run it, with one folder to write to; else itself."""
    if not is_possible():
        return command
    return ["unshare", "--mount", "--propagation", "private", "sh", "-c", SCRIPT, str(folder), *command]
