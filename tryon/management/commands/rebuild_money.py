"""Make the rollup of the money page again, from the ledger of paid calls."""

from typing import Any, override

from django.core.management.base import BaseCommand

from tryon.money.rollup import rebuild


class Command(BaseCommand):
    help = "Roll up all days of the ledger of paid calls again."

    @override
    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"Rolled up {rebuild()} days.")
