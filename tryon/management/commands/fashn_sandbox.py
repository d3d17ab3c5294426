"""Serve a local stand-in for FASHN: ``manage.py fashn_sandbox``."""

import os
import signal
import threading
from argparse import ArgumentParser
from typing import Any, Final, override

from django.core.management.base import BaseCommand, CommandError

from tryon.sandbox import DEFAULT_CREDITS, DEFAULT_KEY, Sandbox

# Not arguments, which every user of the machine can read.
KEY_VARIABLE: Final = "FASHN_SANDBOX_KEY"
MORE_KEYS_VARIABLE: Final = "FASHN_SANDBOX_MORE_KEYS"


class Command(BaseCommand):
    """Run until SIGTERM or SIGINT. The ready line names the address and the key."""

    help = "Serve a local sandbox that speaks FASHN's protocol and costs nothing."
    requires_system_checks: list[str] = []

    @override
    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--host", default="127.0.0.1", help="address to listen on (default: this machine only)"
        )
        parser.add_argument("--port", type=int, default=8900, help="port; 0 takes a free one (default: 8900)")
        parser.add_argument("--url", default="", help="where clients reach it (default: host and port)")
        parser.add_argument(
            "--keep-hours", type=float, default=0.0, help="forget pictures after this time (default: never)"
        )
        parser.add_argument("--speed", type=float, default=1.0, help="10 makes 8 s take 0.8 s (default: 1)")
        parser.add_argument(
            "--key",
            default=os.environ.get(KEY_VARIABLE) or DEFAULT_KEY,
            help=f"API key to accept (default: {KEY_VARIABLE} of the environment, or {DEFAULT_KEY})",
        )
        parser.add_argument(
            "--more-keys",
            default=os.environ.get(MORE_KEYS_VARIABLE, ""),
            help=f"keys of further accounts, between commas (default: {MORE_KEYS_VARIABLE}, or none)",
        )
        parser.add_argument(
            "--credits",
            type=int,
            default=DEFAULT_CREDITS,
            help=f"credits to start with (default: {DEFAULT_CREDITS})",
        )

    @override
    def handle(self, *args: Any, **options: Any) -> None:
        server = _sandbox(options)
        stopped = threading.Event()
        for signal_number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(signal_number, lambda *_: stopped.set())
        with server as sandbox:
            shown = f"key {sandbox.api_key}" if sandbox.api_key == DEFAULT_KEY else "with its own key"
            self.stdout.write(f"FASHN sandbox ready at {sandbox.url} ({shown})")
            self.stdout.flush()
            stopped.wait()


def _sandbox(options: dict[str, Any]) -> Sandbox:
    host, port, speed = options["host"], options["port"], options["speed"]
    if speed <= 0:
        raise CommandError("--speed must be above 0.")
    if options["credits"] < 0:
        raise CommandError("--credits must be 0 or more.")
    if not 0 <= port <= 65535:
        raise CommandError("--port must be from 0 to 65535.")
    try:
        return Sandbox(
            host=host,
            port=port,
            speed=speed,
            api_key=options["key"],
            more_keys=[key for key in options["more_keys"].split(",") if key],
            credits=options["credits"],
            url=options["url"].rstrip("/"),
            keep_hours=options["keep_hours"],
        )
    except OSError as error:
        reason = error.strerror or "it can't be used"
        raise CommandError(f"Can't listen on {host}:{port}: {reason}. Choose another --port.") from error
