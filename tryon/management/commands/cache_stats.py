"""Statistics of identical requests that cost nothing."""

from argparse import ArgumentTypeError
from typing import Any, override

from django.core.management.base import BaseCommand, CommandParser

from tryon.models import Account
from tryon.services.reuse import ReuseStatistics, reuse_statistics

MOST_DAYS = 36_500
PERIODS = {"today": 1, "last 7 days": 7, "last 30 days": 30, "ever": None}


class Command(BaseCommand):
    help = "Show how many requests an existing picture answered, and how many credits that saved."

    @override
    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--days", type=days, help="number of days to count, today (UTC) included")

    @override
    def handle(self, *args: Any, **options: Any) -> None:
        number = options["days"]
        periods = PERIODS if number is None else {f"last {number} days": number}
        self.stdout.write(line("", "hits", "joins", "misses", "reused", "credits saved"))
        for name, length in periods.items():
            numbers = reuse_statistics(Account.LIVE, days=length)
            cells = (numbers["hits"], numbers["joins"], numbers["misses"])
            self.stdout.write(line(name, *cells, share(numbers), numbers["creditsSaved"]))


def days(text: str) -> int:
    """Return a valid number of days."""
    if text.isascii() and text.isdigit() and 0 < int(text) <= MOST_DAYS:
        return int(text)
    raise ArgumentTypeError(f"must be a whole number from 1 to {MOST_DAYS}")


def line(name: str, *cells: object) -> str:
    """Return one line of the table."""
    return f"{name:14}" + "".join(f"{cell!s:>15}" for cell in cells)


def share(numbers: ReuseStatistics) -> str:
    """Return the share of the requests that cost nothing."""
    free = numbers["hits"] + numbers["joins"]
    asked = free + numbers["misses"]
    return f"{free / asked:.0%}" if asked else "-"
