"""FASHN calls back: duplicates, early and forged calls, lost answers."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any, Final, override

import pytest
import requests
from django.test import Client
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from config.core import clock
from tests.conftest import Api, Finish, Generate, data_of, error_of
from tests.factories import PredictionFactory, TryOnJobFactory
from tests.threads import at_once
from tests.tryon.engine.test_interruptions import address_of_the_database
from tests.waiting import LONGEST_SECONDS, eventually
from tryon import tasks
from tryon.demo.broker import LOOPBACK, free_port
from tryon.models import Prediction, PredictionState, Status, TryOnJob
from tryon.sandbox import Sandbox

ROOT: Final = Path(__file__).resolve().parents[3]

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def callbacks(settings: Settings, live_server: LiveServer) -> Iterator[None]:
    """FASHN can reach us."""
    settings.PUBLIC_BASE_URL = live_server.url
    yield
    settings.PUBLIC_BASE_URL = ""


def call(client: Client, token: str, body: Any = b"{}", **headers: str) -> Any:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return client.post(
        f"/api/tryon/webhooks/fashn/{token}", content, content_type="application/json", headers=headers
    )


@pytest.fixture
def prediction() -> Prediction:
    """A prediction at FASHN whose next check is a while away."""
    prediction: Prediction = PredictionFactory.create(
        job__status=Status.PROCESSING,
        job__next_check_at=clock.now() + timedelta(minutes=1),
        state=PredictionState.RUNNING,
        provider_id="abc-u1",
        submitted_at=clock.now(),
    )
    return prediction


def test_a_call_makes_the_job_due_and_is_answered_without_asking_fashn(
    client: Client, prediction: Prediction, sandbox: Sandbox
) -> None:
    assert call(client, prediction.callback_token, {"id": "abc-u1", "status": "completed"}).status_code == 200
    job = TryOnJob.objects.get(pk=prediction.job_id)
    assert job.next_check_at is not None
    assert job.next_check_at <= clock.now()
    assert sandbox.ledger()["requests"] == {}


def test_what_a_call_says_is_not_believed(
    client: Client, generate: Generate, work: Callable[[], None], sandbox: Sandbox
) -> None:
    sandbox.inject("prediction", "never_ends")
    job_id = generate()["jobId"]
    work()
    prediction = Prediction.objects.get()
    forged = {"id": prediction.provider_id, "status": "completed", "output": ["https://evil.example/a.png"]}
    assert call(client, prediction.callback_token, forged).status_code == 200
    work()
    assert TryOnJob.objects.get(pk=job_id).status == Status.PROCESSING
    prediction.refresh_from_db()
    assert (prediction.state, prediction.output) == (PredictionState.RUNNING, "")


@pytest.mark.parametrize(
    "body", [b"", b"null", b"[]", b"\xff", b"[" * 30_000, b'{"id": 7}', b'{"id": "other"}']
)
def test_a_strange_body_with_the_right_token_is_only_a_hint(
    client: Client, prediction: Prediction, body: bytes
) -> None:
    assert call(client, prediction.callback_token, body).status_code == 200
    prediction.refresh_from_db()
    assert (prediction.state, prediction.provider_id) == (PredictionState.RUNNING, "abc-u1")


def test_an_unknown_token_is_not_found(client: Client, prediction: Prediction) -> None:
    response = call(client, prediction.callback_token[:-1] + "_", {"id": "abc-u1"})
    assert (response.status_code, error_of(response)["code"]) == (404, "not_found")


class Unread(BytesIO):
    """A body that must not be read."""

    @override
    def read(self, size: int | None = -1) -> bytes:
        raise AssertionError("somebody read it")


@pytest.mark.parametrize("length", [9, 70_000, 999_999_999])
def test_the_body_of_a_stranger_is_not_read(client: Client, prediction: Prediction, length: int) -> None:
    body: dict[str, Any] = {"wsgi.input": Unread(), "CONTENT_LENGTH": str(length)}
    response = client.generic(
        "POST",
        f"/api/tryon/webhooks/fashn/{prediction.callback_token[:-1]}_",
        content_type="application/json",
        **body,
    )
    assert (response.status_code, error_of(response)["code"]) == (404, "not_found")


@pytest.fixture
def web(tmp_path: Path) -> Iterator[str]:
    """The production server on this test's database."""
    port = free_port()
    command = [
        sys.executable, "-m", "granian", "--interface", "asgi", "--host", LOOPBACK, "--port", str(port),
        "config.asgi:application",
    ]  # fmt: skip
    environment = {**os.environ, "DATABASE_URL": address_of_the_database(), "VAR_DIR": str(tmp_path)}
    address = f"http://{LOOPBACK}:{port}"
    with subprocess.Popen(command, cwd=ROOT, env=environment) as process:
        try:
            eventually(lambda: is_healthy(address))
            yield address
        finally:
            process.terminate()


def is_healthy(address: str) -> bool:
    try:
        return requests.get(f"{address}/healthz", timeout=1).ok
    except requests.RequestException:
        return False


@pytest.mark.slow
def test_a_webhook_in_chunks_names_the_id_that_no_answer_brought(web: str) -> None:
    lost = PredictionFactory.create(
        job__status=Status.PROCESSING, state=PredictionState.UNKNOWN, submitted_at=clock.now()
    )
    address = f"{web}/api/tryon/webhooks/fashn/{lost.callback_token}"
    headers = {"Content-Type": "application/json"}
    too_much = requests.post(address, iter([b"x" * 60_000] * 2), headers=headers, timeout=LONGEST_SECONDS)
    assert (too_much.status_code, too_much.json()["error"]["code"]) == (413, "request_too_large")
    chunks = iter([b'{"id": "abc-', b'u1", "status": ', b'"completed"}'])
    assert requests.post(address, chunks, headers=headers, timeout=LONGEST_SECONDS).status_code == 200
    lost.refresh_from_db()
    assert (lost.state, lost.provider_id) == (PredictionState.RUNNING, "abc-u1")


def test_of_two_calls_that_name_one_id_at_once_one_is_believed() -> None:
    """Both see that nobody has the id. The database decides."""
    for number in range(5):
        lost = PredictionFactory.create_batch(
            2, job__status=Status.PROCESSING, state=PredictionState.SENDING, submitted_at=clock.now()
        )
        tokens = [prediction.callback_token for prediction in lost]
        answers = at_once(2, lambda: call(Client(), tokens.pop(), {"id": f"p-{number}"}), threads=2)  # noqa: B023
        assert [answer.status_code for answer in answers] == [200, 200]
        assert Prediction.objects.filter(provider_id=f"p-{number}").count() == 1


@pytest.mark.parametrize("token", ["a%00b", "a%2Fb", "%F0%9F%98%80"])
def test_a_token_of_strange_characters_is_not_found(client: Client, token: str) -> None:
    assert call(client, token).status_code == 404


@pytest.mark.parametrize("provider_id", ["..", ".", " ", "a\nb", "x" * 300])
def test_an_id_that_is_none_is_not_taken_for_one(client: Client, provider_id: str) -> None:
    lost = PredictionFactory.create(
        job__status=Status.PROCESSING, state=PredictionState.UNKNOWN, submitted_at=clock.now()
    )
    assert call(client, lost.callback_token, {"id": provider_id}).status_code == 200
    lost.refresh_from_db()
    assert (lost.state, lost.provider_id) == (PredictionState.UNKNOWN, "")


@pytest.mark.parametrize(
    "state", [PredictionState.RUNNING, PredictionState.SUCCEEDED, PredictionState.FAILED]
)
def test_the_id_of_another_call_is_not_taken(client: Client, state: PredictionState) -> None:
    """Its picture would be another shopper's."""
    theirs = PredictionFactory.create(state=state, provider_id="abc-u1", submitted_at=clock.now())
    lost = PredictionFactory.create(
        job__status=Status.PROCESSING, state=PredictionState.UNKNOWN, submitted_at=clock.now()
    )
    assert call(client, lost.callback_token, {"id": "abc-u1"}).status_code == 200
    lost.refresh_from_db()
    theirs.refresh_from_db()
    assert (lost.state, lost.provider_id) == (PredictionState.UNKNOWN, "")
    assert (theirs.state, theirs.provider_id) == (state, "abc-u1")
    assert call(client, lost.callback_token, {"id": "def-u1"}).status_code == 200
    lost.refresh_from_db()
    assert lost.provider_id == "def-u1"


def test_a_large_body_is_refused(client: Client, prediction: Prediction) -> None:
    response = call(client, prediction.callback_token, b'{"output": "' + b"x" * 70_000 + b'"}')
    assert (response.status_code, error_of(response)["code"]) == (413, "request_too_large")


@pytest.mark.parametrize("state", [PredictionState.SUCCEEDED, PredictionState.FAILED])
def test_a_late_duplicate_changes_nothing(client: Client, state: PredictionState) -> None:
    job = TryOnJobFactory.create(completed=True)
    done = PredictionFactory.create(job=job, state=state, provider_id="abc", submitted_at=clock.now())
    for _ in range(2):
        assert call(client, done.callback_token, {"id": "abc"}).status_code == 200
    done.refresh_from_db()
    assert done.state == state
    assert not job.events.exists()


def test_a_call_for_a_job_that_gave_up_brings_its_picture_at_once(
    client: Client, work: Callable[[], None], generate: Generate, sandbox: Sandbox
) -> None:
    job_id = generate()["jobId"]
    work()
    TryOnJob.objects.update(status=Status.FAILED, error_code="deadline_passed")
    Prediction.objects.update(state=PredictionState.UNKNOWN, rescue_at=clock.now() + timedelta(hours=1))
    sandbox.advance(60)
    call(client, Prediction.objects.get().callback_token, {"status": "completed"})
    work()
    assert TryOnJob.objects.get(pk=job_id).status == Status.COMPLETED


def test_a_call_names_the_id_that_no_answer_brought(client: Client) -> None:
    lost = PredictionFactory.create(
        job__status=Status.PROCESSING, state=PredictionState.SENDING, submitted_at=clock.now()
    )
    call(client, lost.callback_token, {"id": "abc-u1"})
    call(client, lost.callback_token, {"id": "another"})
    lost.refresh_from_db()
    assert (lost.state, lost.provider_id) == (PredictionState.RUNNING, "abc-u1")
    assert list(lost.job.events.values_list("kind", flat=True)) == ["adopted"]


def test_a_submission_without_an_answer_is_adopted_and_paid_once(
    callbacks: None,
    owner: Api,
    generate: Generate,
    finish: Finish,
    sandbox: Sandbox,
) -> None:
    sandbox.inject("run", "reset_after")
    job = finish(generate()["jobId"])
    assert job.status == Status.COMPLETED
    assert sum(row["credits"] for row in sandbox.ledger()["predictions"]) == 1


def test_without_its_webhook_a_lost_submission_fails_and_only_a_person_pays_again(
    callbacks: None, owner: Api, generate: Generate, finish: Finish, sandbox: Sandbox
) -> None:
    sandbox.inject("webhook", "never")
    sandbox.inject("run", "reset_after")
    job_id = generate()["jobId"]
    assert finish(job_id).error_code == "submission_unknown"
    for _ in range(3):
        tasks.sweep()
    assert sandbox.ledger()["requests"]["run"] == 1
    Prediction.objects.update(submitted_at=clock.now() - timedelta(minutes=10))
    assert data_of(owner.post(f"jobs/{job_id}/retry"))["status"] == "queued"
    assert finish(job_id).status == Status.COMPLETED
    assert sandbox.ledger()["requests"]["run"] == 2


def test_a_webhook_before_the_answer_does_no_harm(
    callbacks: None, generate: Generate, finish: Finish, sandbox: Sandbox
) -> None:
    sandbox.inject("webhook", "early")
    job = finish(generate()["jobId"])
    assert (job.status, job.predictions.count()) == (Status.COMPLETED, 1)
    assert sandbox.ledger()["webhooks"][0]["attempts"][0]["status"] == 200


def test_a_late_webhook_of_a_call_that_a_person_has_paid_again_does_no_harm(
    client: Client, generate: Generate, owner: Api, work: Callable[[], None], sandbox: Sandbox
) -> None:
    sandbox.inject("run", "reset_after")
    job_id = generate()["jobId"]
    work()
    first = Prediction.objects.get()
    assert data_of(owner.post(f"jobs/{job_id}/retry"))["status"] == "queued"
    work()
    assert call(client, first.callback_token, {"id": "late-u1"}).status_code == 200
    first.refresh_from_db()
    second = Prediction.objects.exclude(pk=first.pk).get()
    assert (first.state, first.provider_id) == (PredictionState.UNKNOWN, "late-u1")
    assert first.rescue_at is not None
    assert second.state == PredictionState.RUNNING
