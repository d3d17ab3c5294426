"""Interruptions in the middle of a step, while FASHN is answering a paid call."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from pytest_django import Settings

from tests.conftest import Finish, Generate
from tests.waiting import LONGEST_SECONDS, eventually
from tryon import tasks
from tryon.models import Prediction, PredictionState, Status, TryOnJob
from tryon.sandbox import Sandbox

ROOT = Path(__file__).resolve().parents[3]
WORKER = ("rqworker", "tryon", "--worker-class", "tryon.worker.StepWorker", "--verbosity", "0")
ON_POSTGRES = connection.vendor == "postgresql"

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def slow_answer(sandbox: Sandbox, request: pytest.FixtureRequest) -> Callable[[], None]:
    """FASHN takes the paid call at once and answers it for seconds. Call it to wait for that moment."""
    sandbox.inject("run", "slow_body", seconds=request.param)

    def wait() -> None:
        eventually(lambda: sandbox.ledger()["requests"].get("run"))

    return wait


@pytest.fixture
def worker(sandbox: Sandbox, settings: Settings, tmp_path: Path) -> Iterator[subprocess.Popen[Any]]:
    """A worker process of its own, on this test's database and pictures."""
    environment = {
        **os.environ,
        "DATABASE_URL": address_of_the_database(),
        "VAR_DIR": str(tmp_path),
        "FASHN_API_URL": settings.FASHN_API_URL,
        "FASHN_API_KEY": settings.FASHN_API_KEY,
    }
    command = [sys.executable, "manage.py", *WORKER]
    with subprocess.Popen(command, cwd=ROOT, env=environment, start_new_session=True) as process:
        yield process
        process.kill()


def address_of_the_database() -> str:
    database = connection.settings_dict
    if not ON_POSTGRES:
        return f"sqlite:///{database['NAME']}"
    return f"postgres://{database['USER']}@{database['HOST']}:{database['PORT']}/{database['NAME']}"


def assert_the_paid_call_is_known_and_nobody_holds_the_job(job_id: str) -> None:
    prediction = Prediction.objects.get()
    assert prediction.state == PredictionState.RUNNING
    assert prediction.provider_id
    assert TryOnJob.objects.get(pk=job_id).lease is None


# Run by make test-postgres, and so by .ci/run. It takes seconds and is not marked slow: that run leaves out
# what is.
@pytest.mark.parametrize("slow_answer", [3], indirect=True)
@pytest.mark.skipif(not ON_POSTGRES, reason="SQLite is a file: there is no connection to cut.")
def test_a_database_connection_cut_while_fashn_answers_loses_nothing_paid(
    generate: Generate, finish: Finish, sandbox: Sandbox, slow_answer: Callable[[], None]
) -> None:
    job_id = generate()["jobId"]
    with ThreadPoolExecutor(1) as pool:
        step = pool.submit(on_a_connection_of_its_own, job_id)
        slow_answer()
        assert cut_the_other_connections() >= 1
        step.result(timeout=LONGEST_SECONDS)
    assert_the_paid_call_is_known_and_nobody_holds_the_job(job_id)
    assert finish(job_id).status == Status.COMPLETED
    assert len(sandbox.ledger()["predictions"]) == 1


def on_a_connection_of_its_own(job_id: str) -> None:
    try:
        tasks.advance_job(job_id)
    finally:
        connection.close()


def cut_the_other_connections() -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        return int(cursor.fetchone()[0])


@pytest.mark.slow
@pytest.mark.parametrize("slow_answer", [1], indirect=True)
def test_a_worker_told_to_stop_finishes_its_step_and_leaves(
    generate: Generate,
    finish: Finish,
    sandbox: Sandbox,
    slow_answer: Callable[[], None],
    worker: subprocess.Popen[Any],
) -> None:
    job_id = generate()["jobId"]
    slow_answer()
    worker.terminate()
    assert worker.wait(timeout=LONGEST_SECONDS) == 0
    assert_the_paid_call_is_known_and_nobody_holds_the_job(job_id)
    assert finish(job_id).status == Status.COMPLETED
    assert len(sandbox.ledger()["predictions"]) == 1


@pytest.mark.slow
@pytest.mark.parametrize("slow_answer", [60], indirect=True)
def test_a_worker_killed_while_fashn_answers_is_not_paid_for_twice(
    generate: Generate,
    finish: Finish,
    sandbox: Sandbox,
    slow_answer: Callable[[], None],
    worker: subprocess.Popen[Any],
) -> None:
    job_id = generate()["jobId"]
    slow_answer()
    worker.kill()
    worker.wait(timeout=LONGEST_SECONDS)
    TryOnJob.objects.update(lease_until="2000-01-01T00:00Z")
    assert finish(job_id).error_code == "submission_unknown"
    assert len(sandbox.ledger()["predictions"]) == 1
