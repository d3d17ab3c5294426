"""A key of a shop, for scripts. The admin makes keys too."""

from datetime import timedelta
from typing import Any, override
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser

from config.core import clock
from config.shops.abilities import Scope
from config.shops.keys import key_issue
from config.shops.models import Kind, Shop


class Command(BaseCommand):
    help = "Make an API key and print it. It is shown this once."

    @override
    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="says where the key is used")
        parser.add_argument("--shop", help="name or id of a shop; a new name makes the shop (default: NAME)")
        parser.add_argument("--kind", choices=Kind.values, default=Kind.SECRET.value)
        parser.add_argument("--test", action="store_true", help="its try-ons are tests and cost nothing")
        parser.add_argument("--scopes", nargs="+", choices=Scope.values, default=[Scope.TRYON.value])
        parser.add_argument("--days", type=int, help="the key expires after this many days")
        parser.add_argument("--credits", type=int, help="the most credits a day")
        parser.add_argument("--manager", action="store_true", help="may do everything, for every shop")

    @override
    def handle(self, *args: Any, **options: Any) -> None:
        days = options["days"]
        row, text = key_issue(
            name=options["name"],
            shop=shop_called(options["shop"] or options["name"]),
            kind=options["kind"],
            is_test=options["test"],
            scopes=options["scopes"],
            daily_credits=options["credits"],
            expires_at=None if days is None else clock.now() + timedelta(days=days),
            is_manager=options["manager"],
        )
        self.stderr.write(f"{row.get_kind_display()}; shop {row.shop}, id {row.shop_id}.")
        self.stdout.write(text)


def shop_called(name: str) -> Shop:
    """Return the shop with this id or name, a new one for a new name. Raise CommandError."""
    try:
        found = Shop.objects.filter(pk=UUID(name))
    except ValueError:
        found = Shop.objects.filter(name=name)
        if not found.exists():
            return Shop.objects.create(name=name)
    if len(found) != 1:
        raise CommandError(f"{len(found)} shops are called {name}. Give the id of one.")
    return found[0]
