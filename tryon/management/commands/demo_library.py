"""The part of ``manage.py demo`` that fills the library and makes the login and the API key."""

import json
import sys
from typing import Any, override

from django.core.management.base import BaseCommand

from tryon.demo.seeding import api_key_ensure, login_ensure, models_ensure, products_ensure, test_key_ensure


class Command(BaseCommand):
    help = "Fill the library with drawn pictures. Read the demo's login and API key as JSON from stdin."

    @override
    def handle(self, *args: Any, **options: Any) -> None:
        handout = json.load(sys.stdin)
        login_ensure(handout["adminUser"], handout["adminPassword"])
        api_key_ensure(handout["apiKey"])
        test_key_ensure(handout["testApiKey"])
        added = f"{models_ensure()} model photos and {products_ensure()} product photos"
        self.stdout.write(f"Added {added}.")
