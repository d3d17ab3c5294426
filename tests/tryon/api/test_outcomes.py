"""The outcomes that a test key orders by a photo's product id, as docs/test-mode.md lists them."""

import re
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from config.core import clock
from tests import images
from tests.conftest import Api, Finish, data_of
from tests.waiting import eventually
from tryon import tasks
from tryon.models import Account, EventKind, Governor, Status, TryOnJob
from tryon.outcomes import OUTCOMES
from tryon.sandbox import Sandbox

pytestmark = pytest.mark.django_db(transaction=True)

DOCS = Path(__file__).parents[3] / "docs" / "test-mode.md"
ROW = re.compile(r"^\| `(test_\w+)` \| `(\w+)`(?:, `(\w+)`)? \|", re.MULTILINE)
DOCUMENTED = {product_id: (end, code) for product_id, end, code in ROW.findall(DOCS.read_text())}


@pytest.fixture
def order(tester: Api, model_id: str, sandbox_of_tests: Sandbox) -> Callable[[str], str]:
    """Upload a photo for the outcome and ask for the try-on. Return the job's id."""

    def start(product_id: str) -> str:
        photo = data_of(tester.upload(images.garment_photo(images.SMALL_SQUARE), productId=product_id))
        wanted = {"productImageId": photo["id"], "modelImageId": model_id}
        return str(data_of(tester.post("generate", wanted))["jobId"])

    return start


def test_every_outcome_is_documented() -> None:
    assert set(DOCUMENTED) == set(OUTCOMES)


@pytest.mark.parametrize("product_id", sorted(OUTCOMES.keys() - {"test_out_of_credits"}))
def test_a_job_ends_as_its_product_id_says(
    product_id: str, order: Callable[[str], str], tester: Api, finish: Finish
) -> None:
    job_id = order(product_id)
    finish(job_id)
    job = data_of(tester.get(f"jobs/{job_id}"))
    assert (job["status"], job.get("errorCode", "")) == DOCUMENTED[product_id]
    assert job["test"] is True


def test_the_same_photo_under_another_id_has_an_outcome_of_its_own(
    order: Callable[[str], str], finish: Finish, sandbox_of_tests: Sandbox
) -> None:
    ends = [finish(order(product_id)).status for product_id in ("SKU-1", "test_pose", "SKU-2")]
    assert ends == [Status.COMPLETED, Status.FAILED, Status.COMPLETED]
    assert sandbox_of_tests.ledger()["requests"]["run"] == 2  # the last is the first one's picture


def test_a_live_key_orders_no_outcome(
    owner: Api, model_id: str, finish: Finish, sandbox: Sandbox, sandbox_of_tests: Sandbox
) -> None:
    photo = data_of(owner.upload(images.garment_photo(images.SMALL_SQUARE), productId="test_pose"))
    started = owner.post("generate", {"productImageId": photo["id"], "modelImageId": model_id})
    assert finish(data_of(started)["jobId"]).status == Status.COMPLETED


def test_a_slow_prediction_takes_a_minute_longer(
    order: Callable[[str], str], finish: Finish, sandbox_of_tests: Sandbox
) -> None:
    finish(order("test_slow"))
    made = sandbox_of_tests.ledger()["predictions"][0]
    took = datetime.fromisoformat(made["completedAt"]) - datetime.fromisoformat(made["createdAt"])
    assert took.total_seconds() > 60


def test_an_empty_account_holds_test_jobs_until_a_probe(
    order: Callable[[str], str], tester: Api, work: Callable[[], None], finish: Finish
) -> None:
    job_id = order("test_out_of_credits")
    work()
    assert data_of(tester.get(f"jobs/{job_id}"))["waitReason"] == "out_of_credits"
    Governor.objects.filter(account=Account.TEST).update(probe_at=clock.now())
    tasks.sweep()
    assert finish(job_id).status == Status.COMPLETED


def test_a_picture_that_expires_at_once_is_not_found_and_is_made_again(
    order: Callable[[str], str], tester: Api, finish: Finish
) -> None:
    job = finish(order("test_expired"))
    shown = data_of(tester.get(f"jobs/{job.pk}"))
    assert (shown["status"], shown["resultState"]) == ("completed", "expired")
    assert data_of(tester.get("results")) == []
    assert order("test_expired") != str(job.pk)


@pytest.mark.parametrize("product_id", ["test_lost_answer", "test_lost_webhook"])
def test_what_is_lost_on_the_way_is_found_again(
    product_id: str,
    order: Callable[[str], str],
    finish: Finish,
    work: Callable[[], None],
    settings: Settings,
    live_server: LiveServer,
    sandbox_of_tests: Sandbox,
) -> None:
    settings.PUBLIC_BASE_URL = live_server.url
    job_id = order(product_id)
    if product_id == "test_lost_answer":
        work()
        adopted = TryOnJob.objects.get(pk=job_id).events.filter(kind=EventKind.ADOPTED)
        eventually(adopted.exists)
    assert finish(job_id).status == Status.COMPLETED
    sent: list[Any] = sandbox_of_tests.ledger()["webhooks"]
    assert len(sent) == (1 if product_id == "test_lost_answer" else 0)
