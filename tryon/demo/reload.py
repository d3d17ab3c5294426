"""Autoreload, for ``make dev``: processes that keep our code in memory start again when it changes.

The web server reloads itself. The sandbox goes on, because it would forget the predictions it has accepted.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Final

from tryon.demo.services import PROJECT
from tryon.demo.supervisor import Supervisor

PACKAGES: Final = ("config", "models_library", "results", "tryon")
RESTARTED: Final = ("worker", "maintenance", "cron")
LOOK_SECONDS: Final = 1.0


type Versions = set[tuple[Path, int]]
"""Each source file with the time of its last change."""


def serve_and_reload(
    supervisor: Supervisor, say: Callable[[str], None], seen: Versions, project: Path = PROJECT
) -> None:
    """Watch the code and restart workers and clock on each change, until Ctrl-C.

    ``seen`` is the code of before they started. Raise ChildFailed, KeyboardInterrupt.
    """
    while True:
        supervisor.pause(LOOK_SECONDS)
        now = code_versions(project)
        if now != seen:
            changed = min(path for path, _ in now ^ seen)
            seen = now
            say(f"{changed.relative_to(project)} changed. Workers and clock start again.")
            supervisor.restart(*RESTARTED)


def code_versions(project: Path = PROJECT) -> Versions:
    """Return the code as it is now."""
    sources = (path for package in PACKAGES for path in (project / package).rglob("*.py"))
    return {(path, changed) for path in sources if (changed := _time_of_change(path))}


def _time_of_change(path: Path) -> int:
    """Return 0 for a file that is gone: editors replace files by renaming."""
    try:
        return path.stat().st_mtime_ns
    except FileNotFoundError:
        return 0
