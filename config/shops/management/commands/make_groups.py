"""The groups for the people of a shop."""

from typing import Any, override

from django.core.management.base import BaseCommand, CommandError

from config.shops.roles import ROLES, groups_make


class Command(BaseCommand):
    help = f"Make the groups {', '.join(ROLES)}. A group that exists stays as it is."

    @override
    def handle(self, *args: Any, **options: Any) -> None:
        try:
            made = groups_make()
        except LookupError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"Made: {', '.join(made)}." if made else "All groups exist.")
