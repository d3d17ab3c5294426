"""Run cleanup tasks by hand, or see what they would remove."""

import math
from collections.abc import Iterable
from typing import Any, override

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.template.defaultfilters import filesizeformat

from config.core.errors import DomainError
from config.core.upkeep.runs import CleanupRefused, preview, run
from tryon.cleanup import EARLY, ONCE, TASKS, Task

ALL = {**ONCE, **EARLY, **TASKS}


class Command(BaseCommand):
    help = "Remove what nobody needs any more. Without names, run every task that cron runs."

    @override
    def add_arguments(self, parser: CommandParser) -> None:
        tasks = "; ".join(f"{name}: {task.help}" for name, task in ALL.items())
        parser.add_argument("tasks", nargs="*", metavar="task", help=tasks)
        parser.add_argument("--dry-run", action="store_true", help="only show what would be removed")
        parser.add_argument(
            "--force", action="store_true", help="let stored_files remove more than half of all files"
        )

    @override
    def handle(self, *args: Any, **options: Any) -> None:
        names = options["tasks"] or list(TASKS)
        if unknown := sorted(set(names) - ALL.keys()):
            raise CommandError(f"There is no task {unknown[0]}. Choose from: {', '.join(ALL)}.")
        look_or_remove = self._look if options["dry_run"] else self._remove
        failed = [name for name in names if not look_or_remove(name, ALL[name], force=options["force"])]
        if failed:
            raise CommandError(f"Not finished: {', '.join(failed)}.")

    def _look(self, name: str, task: Task, *, force: bool) -> bool:
        """Show what the task would remove. Return False if it could not find out."""
        try:
            seen = preview(task.work(dry_run=True, force=force))
        except (DomainError, CleanupRefused) as error:
            self.stderr.write(f"{name}: {error.message if isinstance(error, DomainError) else error}")
            return False
        self._tell(f"{name}: would remove {seen.removed}", seen.notes)
        return True

    def _remove(self, name: str, task: Task, *, force: bool) -> bool:
        """Run the task to its end. Return False if it did not get there."""
        done = run(name, task.work(force=force), max_seconds=math.inf)
        if done is None:
            self.stderr.write(f"{name}: another run is under way. Look at the cleanups in the admin.")
            return False
        self._tell(f"{name}: removed {done.removed}, {filesizeformat(done.freed_bytes)} freed", done.notes)
        return not done.problem

    def _tell(self, text: str, notes: Iterable[str]) -> None:
        self.stdout.write(text)
        for note in notes:
            self.stdout.write(f"  {note}")
