"""The demo: everything started for real, one try-on made, and stopped with Ctrl-C."""

import argparse
import json
import os
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from django.core.exceptions import ImproperlyConfigured

from config import env
from tryon.demo import services
from tryon.demo.broker import LOOPBACK, PrivateRedis, complaint_about, free_port
from tryon.demo.console import Console
from tryon.demo.environment import (
    child_environment,
    claim_port,
    claim_var,
    own_environment,
    write_settings,
)
from tryon.demo.errors import BrokerError, DemoError
from tryon.demo.first_tryon import Storefront, run_tryon
from tryon.demo.handout import Handout, handout_for, write
from tryon.demo.library import PRODUCTS
from tryon.demo.processes import Service
from tryon.demo.reload import Versions, code_versions, serve_and_reload
from tryon.demo.supervisor import Supervisor

DEFAULT_PORT: Final = 8000
DEFAULT_SPEED: Final = 4.0
RESULT_FILE: Final = "demo-result.png"
FAILED: Final = 1
INTERRUPTED: Final = 130  # as a shell reports a program that Ctrl-C ended
STOP_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass(frozen=True, slots=True)
class DemoOptions:
    """``speed`` is how many times faster than FASHN the sandbox works; ``dev`` turns autoreload on."""

    once: bool
    dev: bool
    port: int
    var: Path
    speed: float


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the demo's options to a parser."""
    var = Path(os.environ.get("VAR_DIR") or services.PROJECT / "var")
    parser.add_argument("--once", action="store_true", help="end after one try-on, with its picture's path")
    parser.add_argument("--dev", action="store_true", help="with autoreload and Django's debug pages")
    parser.add_argument(
        "--port",
        type=int,
        default=DEFAULT_PORT,
        help=f"web port; 0 takes a free one (default: {DEFAULT_PORT})",
    )
    parser.add_argument(
        "--var", type=Path, default=var, metavar="DIR", help="where data is kept (default: var)"
    )
    parser.add_argument(
        "--speed", type=_speed, default=DEFAULT_SPEED, help=f"of the sandbox (default: {DEFAULT_SPEED:g})"
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the demo from command-line arguments and return the exit code."""
    parser = argparse.ArgumentParser(prog="make demo ARGS=", description=__doc__)
    add_arguments(parser)
    given = parser.parse_args(arguments)
    return run(DemoOptions(**vars(given)))


def run(options: DemoOptions) -> int:
    """Run the demo and return the exit code: 0 after ``--once`` or when stopped while serving, else not 0."""
    for signal_number in STOP_SIGNALS:
        signal.signal(signal_number, signal.default_int_handler)
    console = Console(sys.stdout)
    try:
        with ExitStack() as at_the_end:
            picture = _demo(options, console, at_the_end)
    except KeyboardInterrupt:
        console.say("Stopped.")
        return INTERRUPTED
    except (DemoError, ImproperlyConfigured) as error:
        return _failed(console, str(error))
    except OSError as error:
        return _failed(console, f"Can't use {error.filename or 'a file'}: {error.strerror}.")
    console.say(str(picture) if options.once else "Stopped.")
    return 0


def _demo(options: DemoOptions, console: Console, at_the_end: ExitStack) -> Path:
    """Start everything, make one try-on and return its picture; without ``--once`` serve until Ctrl-C first.

    ``at_the_end`` ends what was started. Raise DemoError, OSError, KeyboardInterrupt.
    """
    var = options.var.resolve()
    at_the_end.enter_context(claim_var(var))
    port = options.port or free_port()
    claim_port(port)
    handout = handout_for(
        var,
        url=f"http://{LOOPBACK}:{port}",
        sandbox_url=f"http://{LOOPBACK}:{free_port()}",
        test_sandbox_url=f"http://{LOOPBACK}:{free_port()}",
        events_url=f"http://{LOOPBACK}:{free_port()}",
    )
    redis_url, brokers = _broker(var)
    own = own_environment(
        var=var, redis_url=redis_url, handout=handout, speed=options.speed, debug=options.dev
    )
    environment = child_environment(os.environ, own)
    # Code in the middle of a change may fail many times: that must not end a developer's session.
    supervisor = Supervisor(environment, var / "logs", console.say)
    at_the_end.callback(supervisor.stop)
    at_the_end.callback(_ignore_signals)
    code = code_versions()  # what changes during the start counts as a change
    console.say(f"Try-On Studio keeps its data in {var} and writes its logs to {var / 'logs'}.")
    try:
        _start(supervisor, console.say, handout, redis_url, brokers, options)
        write(handout, var)
        write_settings(own, var)
        shop = Storefront(handout.url, handout.api_key)
        picture = run_tryon(shop, PRODUCTS[0].path, var / RESULT_FILE, console, supervisor.pause)
    except DemoError as failed:
        if not brokers and (complaint := complaint_about(redis_url)):
            raise BrokerError(f"{failed} {complaint}") from failed
        raise
    if not options.once:
        console.say(_where_to_go(handout, picture))
        _serve(supervisor, console.say, code if options.dev else None)
    return picture


def _broker(var: Path) -> tuple[str, tuple[Service, ...]]:
    """Where Redis is, and the service to start for it: none when REDIS_URL names one."""
    given = env.text("REDIS_URL")
    if given:
        if complaint := complaint_about(env.redis_address("REDIS_URL", "")):
            raise BrokerError(complaint)
        return given, ()
    broker = PrivateRedis(var / "redis")
    broker.prepare()
    return broker.url, (services.redis_service(broker),)


def _start(
    supervisor: Supervisor,
    say: Callable[[str], None],
    handout: Handout,
    redis_url: str,
    brokers: tuple[Service, ...],
    options: DemoOptions,
) -> None:
    """Processes take about a second to start: what needs no database starts while it is being prepared.

    Others wait: two processes that open a new SQLite file at once may find it locked, whatever their timeout.
    """
    say("Starting Redis and the FASHN sandbox, and preparing the database and the pages.")
    supervisor.launch(*brokers)
    supervisor.wait_until_ready()
    sandboxes = (
        services.sandbox_service(handout, options.speed),
        services.test_sandbox_service(handout, options.speed),
    )
    supervisor.launch(*sandboxes)
    supervisor.run("migrate", services.manage("migrate", "--no-input"), services.PROJECT)
    supervisor.run("collectstatic", services.manage("collectstatic", "--no-input"), services.PROJECT)
    say("Starting the workers, the web server, the live door and the clock, and filling the library.")
    web = services.reloading_web_service(handout) if options.dev else services.web_service(handout)
    supervisor.launch(*services.worker_services(redis_url), services.cron_service(redis_url))
    supervisor.launch(web, services.events_service(handout.events_url))
    fill = services.manage("demo_library")
    supervisor.run("library", fill, services.PROJECT, text=json.dumps(handout.to_json()))
    supervisor.wait_until_ready()


def _serve(supervisor: Supervisor, say: Callable[[str], None], code: Versions | None) -> None:
    """Serve until Ctrl-C, and reload what differs from this code, if any is given."""
    try:
        if code is not None:
            serve_and_reload(supervisor, say, code)
        while True:
            supervisor.pause(3600)
    except KeyboardInterrupt:
        return


def _where_to_go(handout: Handout, picture: Path) -> str:
    return f"""
  First try-on  {picture}
  Demo shop     {handout.url}/demo/
  Admin         {handout.url}/admin/   log in as {handout.admin_user} with {handout.admin_password}
  API docs      {handout.url}/api/docs
  RQ dashboard  {handout.url}/admin/django_rq/dashboard/
  API key       {handout.api_key}
  Test key      {handout.test_api_key}
  Sandbox       {handout.sandbox_url}   key {handout.sandbox_key}

Press Ctrl-C to stop."""


def _ignore_signals() -> None:
    """The end is under way and short: a second Ctrl-C must not leave half of it undone."""
    for signal_number in STOP_SIGNALS:
        signal.signal(signal_number, signal.SIG_IGN)


def _failed(console: Console, text: str) -> int:
    console.end_live()
    sys.stderr.write(f"demo: {text}\n")
    return FAILED


def _speed(text: str) -> float:
    value = float(text)
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError("must be above 0")
    return value
