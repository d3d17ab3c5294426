"""Events are written with the change, for each shop that sees the job, and for nobody else."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection, transaction
from django.test.utils import CaptureQueriesContext

from config.core import clock
from config.shops.callers import shop_name
from config.shops.models import Shop
from config.shops.shoppers import shopper_name
from results.models import Review, TryOnResult
from results.services import StoredPicture, result_create, result_delete, result_review
from tests.conftest import Api, Finish, Generate, data_of, requester
from tests.factories import OWNER, ShopperPhotoFactory, TryOnJobFactory, TryOnResultFactory
from tests.tryon.shoppers.people import shopper
from tests.tryon.webhooks.conftest import Deliver
from tests.tryon.webhooks.receiver import Receiver
from tryon import tasks
from tryon.engine import queue
from tryon.models import JobViewer, Status, TryOnJob
from tryon.sandbox import Sandbox
from tryon.webhooks.models import WebhookDelivery, WebhookEndpoint, WebhookEvent

pytestmark = pytest.mark.django_db(transaction=True)

PATH = "webhook-endpoints"
URL = "https://shop.example/tryon"


def told() -> list[tuple[str, dict[str, Any]]]:
    """The events in their order, with their data."""
    return list(WebhookEvent.objects.order_by("created_at").values_list("kind", "data"))


def seen_by(job: TryOnJob, *names: str) -> None:
    for name in names:
        JobViewer.objects.create(job=job, requester=name, product_image=job.product_image)


def result_of(*names: str, **fields: Any) -> TryOnResult:
    result: TryOnResult = TryOnResultFactory.create(job__requester=names[0], **fields)
    result.job.viewers.all().delete()
    seen_by(result.job, *names)
    return result


def test_a_shop_is_told_of_a_picture_from_its_end_to_its_deletion(
    endpoint: dict[str, Any],
    receiver: Receiver,
    owner: Api,
    generate: Generate,
    finish: Finish,
    sandbox: Sandbox,
) -> None:
    job_id = generate()["jobId"]
    finish(job_id)
    job = data_of(owner.get(f"jobs/{job_id}"))
    result_review(TryOnResult.objects.all(), Review.APPROVED)
    result_review(TryOnResult.objects.all(), Review.APPROVED)  # no change, no news
    assert owner.delete(f"results/{job['resultId']}").status_code == 204
    tasks.deliver_webhooks()

    bodies = {body["type"]: body for body in (got.verified(endpoint["secret"]) for got in receiver.got)}
    assert len(receiver.got) == 3
    completed = bodies["job.completed"]
    assert completed["livemode"] is True
    assert (
        completed["data"].items()
        >= {
            "jobId": job_id,
            "status": "completed",
            "resultId": job["resultId"],
            "productId": "SKU-1",
            "productImageId": job["productImageId"],
            "modelImageId": job["modelImageId"],
        }.items()
    )
    ids = {"resultId": job["resultId"], "jobId": job_id, "productId": "SKU-1"}
    assert bodies["result.reviewed"]["data"] == {**ids, "review": "approved"}
    assert bodies["result.deleted"]["data"] == ids
    assert all("http" not in str(body) for body in bodies.values())


def test_a_job_that_fails_or_is_canceled_is_told_with_its_reason(
    endpoint: dict[str, Any], owner: Api, generate: Generate
) -> None:
    canceled = generate()["jobId"]
    assert owner.post(f"jobs/{canceled}/cancel").status_code == 200
    stuck = TryOnJobFactory.create(status=Status.PROCESSING, started_at=clock.now() - timedelta(days=1))
    seen_by(stuck, requester("Owner"))
    tasks.sweep()
    (first, facts), (failed, reason) = told()
    assert (first, facts["jobId"], facts["status"]) == ("job.canceled", canceled, "canceled")
    assert (failed, reason["errorCode"], reason["retryable"]) == ("job.failed", "internal_error", True)


def test_each_shop_of_a_shared_job_is_told_with_its_own_photo(
    owner: Api, stranger: Api, generate: Generate
) -> None:
    for api in (owner, stranger):
        data_of(api.post(PATH, {"url": URL}))
    both = [requester("Owner"), requester("Stranger")]
    result = result_of(*both)
    WebhookEvent.objects.all().delete()
    owner.delete(f"results/{result.pk}")  # the stranger keeps it
    assert [(row.kind, row.owner) for row in WebhookEvent.objects.all()] == [("result.deleted", both[0])]
    stranger.delete(f"results/{result.pk}")
    assert WebhookEvent.objects.filter(owner=both[1]).count() == 1
    assert WebhookEvent.objects.count() == 2


def test_test_keys_tell_endpoints_of_their_own(owner: Api, tester: Api) -> None:
    for api in (owner, tester):
        data_of(api.post(PATH, {"url": URL}))
    shop = Shop.objects.get(name="Owner")
    result_review([result_of(shop_name(shop.pk, is_test=True))], Review.REJECTED)
    [delivery] = WebhookDelivery.objects.select_related("endpoint", "event")
    assert delivery.endpoint.is_test
    assert delivery.event.is_test


def test_an_endpoint_gets_the_events_that_it_has_chosen(owner: Api) -> None:
    some = data_of(owner.post(PATH, {"url": URL, "events": ["result.deleted"]}))
    off = data_of(owner.post(PATH, {"url": URL, "isActive": False}))
    result = result_of(requester("Owner"))
    result_review([result], Review.APPROVED)
    owner.delete(f"results/{result.pk}")
    assert [row.endpoint_id for row in WebhookDelivery.objects.all()] == [uuid.UUID(some["id"])]
    assert off["isActive"] is False


def test_the_shop_is_told_that_a_shoppers_own_picture_is_there_and_not_which(
    owner: Api, endpoint: dict[str, Any]
) -> None:
    photo = ShopperPhotoFactory.create()
    job = TryOnJobFactory.create(completed=True, shopper_photo=photo, model_image=None)
    seen_by(job, requester("Owner"))
    picture = StoredPicture("results/a.png", "results/a.webp", 10, 10)
    result = result_create(job_id=job.pk, cache_key=job.cache_key, picture=picture, credits_used=1)
    result_review([result], Review.APPROVED)
    result_delete(result)
    [(kind, facts)] = told()
    assert (kind, facts["jobId"], "resultId" in facts) == ("job.completed", str(job.pk), False)


def test_an_erased_shopper_is_named_until_the_shop_knows(
    endpoint: dict[str, Any], receiver: Receiver, owner: Api, deliver: Deliver
) -> None:
    receipt = data_of(owner.delete("shoppers/Ada"))
    deliver()
    body = receiver.got[-1].verified(endpoint["secret"])
    assert body["type"] == "shopper.erased"
    data = body["data"]
    assert data["erasureId"] == receipt["id"]
    assert data["shopperRef"] == str(uuid.uuid5(uuid.UUID(data["shopId"]), "Ada"))
    shop = Shop.objects.get(name="Owner")
    assert shopper_name(shop_name(shop.pk), "Ada").endswith(data["shopperRef"])
    assert "shopperRef" not in WebhookEvent.objects.get(kind="shopper.erased").data
    shopper("Ada").delete("shoppers/me")
    assert WebhookEvent.objects.filter(kind="shopper.erased").count() == 2


def test_an_erased_shopper_is_forgotten_with_the_last_endpoint_that_waited_for_it(
    endpoint: dict[str, Any], owner: Api
) -> None:
    owner.delete("shoppers/Ada")
    assert "shopperRef" in WebhookEvent.objects.get().data
    owner.delete(f"{PATH}/{endpoint['id']}")
    assert "shopperRef" not in WebhookEvent.objects.get().data


def test_what_is_undone_is_not_told(endpoint: dict[str, Any]) -> None:
    result = result_of(requester("Owner"))
    with transaction.atomic():
        result_review([result], Review.APPROVED)
        transaction.set_rollback(True)
    assert told() == []


# Run by make test-postgres, and so by .ci/run.
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer at a time")
def test_an_endpoint_is_deleted_after_the_change_that_it_is_told_of(endpoint: dict[str, Any]) -> None:
    result = result_of(requester("Owner"))

    def delete() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '1ms'")
            WebhookEndpoint.objects.get().delete()

    def delete_elsewhere() -> None:
        try:
            delete()
        finally:
            connection.close()

    with ThreadPoolExecutor() as pool, transaction.atomic():
        result_review([result], Review.APPROVED)
        with pytest.raises(OperationalError, match="lock timeout"):
            pool.submit(delete_elsewhere).result()
    assert [kind for kind, _data in told()] == ["result.reviewed"]
    delete()


def test_a_change_costs_a_shop_without_endpoints_one_query(owner: Api, stranger: Api) -> None:
    data_of(stranger.post(PATH, {"url": URL}))
    results = [result_of(requester("Owner")) for _ in range(3)]
    with CaptureQueriesContext(connection) as queries:
        result_review(results, Review.APPROVED)
    [asked] = [query["sql"] for query in queries if "webhooks_" in query["sql"]]
    assert "tryon_jobviewer" in asked
    assert told() == []


def test_jobs_of_the_staff_are_told_to_nobody(endpoint: dict[str, Any]) -> None:
    result_review([result_of("user:1")], Review.APPROVED)
    TryOnJobFactory.create(requester=OWNER)
    assert told() == []


def test_a_worker_is_called_once_for_all_that_is_told(endpoint: dict[str, Any]) -> None:
    result_review([result_of(requester("Owner")) for _ in range(3)], Review.APPROVED)
    called = [job.func_name for job in queue._queue(queue.STEPS).jobs]
    assert called == ["tryon.tasks.deliver_webhooks"]


@pytest.mark.usefixtures("redis_away")
def test_nothing_is_lost_while_redis_is_away(
    endpoint: dict[str, Any], receiver: Receiver, deliver: Deliver
) -> None:
    result_review([result_of(requester("Owner"))], Review.APPROVED)
    deliver()
    assert [got.verified(endpoint["secret"])["type"] for got in receiver.got] == ["result.reviewed"]
