"""Try the real things and say what to do: ``manage.py doctor``."""

import json
import sys
from argparse import ArgumentParser
from typing import Any, Final, override

from django.core.management.base import BaseCommand, no_translations

from config.core.doctor import Finding, State, examine

STYLES: Final = {State.GOOD: "SUCCESS", State.WARNING: "WARNING", State.ERROR: "ERROR"}


class Command(BaseCommand):
    help = "Try the database, Redis, storage, the public address, FASHN and the workers, and say what to do."
    # They are among the findings.
    requires_system_checks: list[str] = []

    @override
    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="print the findings as JSON")

    @no_translations
    @override
    def handle(self, *args: Any, **options: Any) -> None:
        found = examine(thorough=True)
        if options["json"]:
            self.stdout.write(json.dumps([_as_json(finding) for finding in found], indent=2))
        else:
            for finding in found:
                self.stdout.write(self._line(finding))
        if any(finding.is_error for finding in found):
            sys.exit(1)

    def _line(self, finding: Finding) -> str:
        style = getattr(self.style, STYLES[finding.state])
        fact = f" ({finding.fact})" if finding.fact else ""
        advice = f". {finding.sentence}" if finding.advice else ""
        return f"{style(f'{finding.outcome:8}')} {finding.name}{fact}{advice}"


def _as_json(finding: Finding) -> dict[str, str]:
    return {
        "subject": finding.name,
        "state": finding.state,
        "fact": finding.fact,
        "advice": finding.sentence,
    }
