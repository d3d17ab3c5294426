"""The workers' work without Redis, in a process of its own."""

import time
from typing import Any, override

from django.core.management.base import BaseCommand, CommandParser
from django.db import close_old_connections

from tryon.services.fallback import PAUSE_SECONDS, run_due_if_away


class Command(BaseCommand):
    help = (
        "Move jobs on while Redis is away, one at a time. Web processes do it too, once a shopper polls; this"
        " process does it by itself."
    )

    @override
    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="do what is due now, and end")

    @override
    def handle(self, *args: Any, **options: Any) -> None:
        while True:
            close_old_connections()
            run_due_if_away()
            if options["once"]:
                return
            time.sleep(PAUSE_SECONDS)
