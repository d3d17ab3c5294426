"""``manage.py seed_scale``: the rows of a large shop, to try the back office with."""

from argparse import ArgumentParser
from typing import Any, override

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from tryon.demo.scale import scale_seed
from tryon.demo.scale_shop import Size
from tryon.models import TryOnJob


class Command(BaseCommand):
    help = (
        "Fill an empty installation with 20,000 product photos and 100,000 results, to measure the back "
        "office. The rows share the files of the demo's drawings. Never run it where real pictures are."
    )

    @override
    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--photos", type=int, default=Size().photos, help="product photos")
        parser.add_argument("--results", type=int, default=Size().results, help="jobs with a result")

    @override
    def handle(self, *args: Any, **options: Any) -> None:
        if TryOnJob.objects.exists():
            raise CommandError(
                "This installation has try-ons. Use an empty one: set VAR_DIR or DATABASE_URL, and migrate."
            )
        size = Size(options["photos"], options["results"])
        with transaction.atomic():
            scale_seed(size)
        self.stdout.write(f"Added {size.photos:,} product photos, {size.jobs:,} jobs and their results.")
