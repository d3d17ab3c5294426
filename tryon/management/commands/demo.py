"""The whole service on this machine: ``manage.py demo``."""

import sys
from argparse import ArgumentParser
from typing import Any, override

from django.core.management.base import BaseCommand

from tryon.demo.run import DemoOptions, add_arguments, run


class Command(BaseCommand):
    """Start the demo. Its children get their own environment, so this process's settings do not count."""

    help = "Start Redis, sandbox, workers, clock and web server, fill a small library and make one try-on."
    requires_system_checks: list[str] = []

    @override
    def add_arguments(self, parser: ArgumentParser) -> None:
        add_arguments(parser)

    @override
    def handle(self, *args: Any, **options: Any) -> None:
        wanted = {name: options[name] for name in ("once", "dev", "port", "var", "speed")}
        sys.exit(run(DemoOptions(**wanted)))
