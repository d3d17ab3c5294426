"""The calls under /_sandbox, and the command."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import requests
from django.core.management import CommandError, call_command

from tests.waiting import LONGEST_SECONDS
from tryon.sandbox import Sandbox

from .conftest import run

ROOT = Path(__file__).parents[3]


def post(sandbox: Sandbox, call: str, body: object) -> requests.Response:
    """Call the console without a key."""
    return requests.post(f"{sandbox.url}/_sandbox/{call}", json=body, timeout=LONGEST_SECONDS)


def test_ledger_tells_what_happened(sandbox: Sandbox, http: requests.Session, inputs: dict[str, Any]) -> None:
    prediction_id = run(sandbox, http, inputs).json()["id"]
    assert post(sandbox, "clock", {"advance": 30}).status_code == 200
    ledger = requests.get(f"{sandbox.url}/_sandbox/ledger", timeout=LONGEST_SECONDS).json()
    [entry] = ledger["predictions"]
    assert (entry["id"], entry["modelName"], entry["status"]) == (prediction_id, "tryon-v1.6", "completed")
    assert entry["createdAt"] < entry["completedAt"]
    assert ledger["requests"] == {"run": 1}
    assert (ledger["peakInFlight"], ledger["inFlight"]) == (1, 0)


def test_credits_and_settings_can_be_set(sandbox: Sandbox) -> None:
    assert post(sandbox, "credits", {"subscription": 1, "onDemand": 2}).json()["total"] == 3
    assert post(sandbox, "settings", {"concurrency": 2}).json()["concurrency"] == 2
    assert (
        requests.get(f"{sandbox.url}/_sandbox/settings", timeout=LONGEST_SECONDS).json()["concurrency"] == 2
    )


@pytest.mark.parametrize(
    ("call", "body"),
    [
        ("clock", {"advance": -1}),
        ("clock", {"advance": "1"}),
        ("credits", {"subscription": 1.5}),
        ("settings", {"concurrency": "two"}),
        ("settings", {"concurency": 2}),
        ("settings", [1]),
    ],
)
def test_wrong_console_call_is_refused(sandbox: Sandbox, call: str, body: object) -> None:
    answer = post(sandbox, call, body)
    assert (answer.status_code, answer.json()["error"]) == (400, "BadRequest")
    assert post(sandbox, "nowhere", {}).status_code == 404


def test_reset_forgets_everything(sandbox: Sandbox, http: requests.Session, inputs: dict[str, Any]) -> None:
    fresh = sandbox.ledger()
    sandbox.configure(concurrency=1)
    sandbox.inject("run", "hang", times=3, model="tryon-max")
    run(sandbox, http, inputs)
    sandbox.advance(60)
    assert sandbox.ledger() != fresh
    assert post(sandbox, "reset", {}).status_code == 200
    assert sandbox.ledger() == fresh
    assert sandbox.faults() == []
    assert sandbox.settings.concurrency == 6


@pytest.mark.slow
@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_command_serves_until_it_is_told_to_stop(stop: signal.Signals) -> None:
    command = [
        sys.executable,
        "manage.py",
        "fashn_sandbox",
        "--port",
        "0",
        "--key",
        "fa-mine",
        "--credits",
        "7",
    ]
    script = "import sys; from django.core.management import execute_from_command_line as go; go(sys.argv)"
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings"}
    with subprocess.Popen(
        [command[0], "-c", script, *command[2:]], cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            address = process.stdout.readline().split()[4]
            answer = requests.get(
                f"{address}/v1/credits", headers={"Authorization": "Bearer fa-mine"}, timeout=LONGEST_SECONDS
            )
            process.send_signal(stop)
            assert process.wait(timeout=LONGEST_SECONDS) == 0
        finally:
            process.kill()
    assert answer.json()["credits"]["total"] == 7


def test_command_says_when_port_is_taken() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as taken,
        pytest.raises(CommandError, match="Choose another --port"),
    ):
        call_command("fashn_sandbox", port=taken.getsockname()[1])


@pytest.mark.parametrize("options", [{"speed": 0}, {"credits": -1}, {"port": 70000}])
def test_command_refuses_impossible_options(options: dict[str, Any]) -> None:
    with pytest.raises(CommandError, match="must be"):
        call_command("fashn_sandbox", **options)
