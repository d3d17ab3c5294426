"""Write down what shops are to be told, in the transaction of the change: nothing is told that is undone.

Redis has no part in it. A worker is called after the commit, and the sweep finds what none was called for.
A shop without an endpoint costs one query.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet
from django.dispatch import receiver

from config.shops.callers import SHOP
from config.shops.shoppers import SHOPPER
from results.models import Review, TryOnResult
from results.signals import given_up, leaving, reviewed, stored
from tryon.cleanup.signals import shopper_erased
from tryon.engine import queue
from tryon.engine.signals import changed
from tryon.failures import is_retryable
from tryon.models import Erasure, JobViewer, ProductImage, Status
from tryon.webhooks.models import EventType, WebhookDelivery, WebhookEndpoint, WebhookEvent

type Facts = dict[str, Any]

ENDS = {Status.FAILED: EventType.JOB_FAILED, Status.CANCELED: EventType.JOB_CANCELED}


@receiver(changed)
def tell_of_end(job_id: UUID, status: str | None, **_: Any) -> None:
    """Tell of a job that has failed or was canceled. One that is completed is told of with its result."""
    if status in ENDS:
        _tell_viewers(ENDS[Status(status)], [job_id], _job_facts)


@receiver(stored)
def tell_of_result(result: TryOnResult, **_: Any) -> None:
    """Tell of a job that is completed, with the id of its result for who may see it."""

    def facts(viewer: JobViewer) -> Facts:
        seen = {} if viewer.job.is_private else {"resultId": str(result.pk)}
        return {**_job_facts(viewer), **seen}

    _tell_viewers(EventType.JOB_COMPLETED, [result.job_id], facts)


@receiver(leaving)
def tell_of_deletion(results: Sequence[TryOnResult], **_: Any) -> None:
    """Tell of results that go for all who see them."""
    _tell_of_results(EventType.RESULT_DELETED, results)


@receiver(given_up)
def tell_of_leaving(result: TryOnResult, requesters: Iterable[str], **_: Any) -> None:
    """Tell a shop of a result that it, or its last shopper, has given up, while others keep it."""
    _tell_of_results(EventType.RESULT_DELETED, [result], only=[*requesters])


@receiver(reviewed)
def tell_of_review(results: Sequence[TryOnResult], review: Review, **_: Any) -> None:
    """Tell of results that people have judged."""
    _tell_of_results(EventType.RESULT_REVIEWED, results, review=review.value)


@receiver(shopper_erased)
def tell_of_erasure(erasure: Erasure, shopper: str, **_: Any) -> None:
    """Tell the shop of a shopper of whom nothing is left. Nobody but the shop can tell who it was."""
    facts = {
        "erasureId": str(erasure.pk),
        "shopId": erasure.shop.removeprefix(SHOP),
        "shopperRef": shopper.removeprefix(SHOPPER),
    }
    _write(EventType.SHOPPER_ERASED, [(erasure.shop, facts)])


def _job_facts(viewer: JobViewer) -> Facts:
    """Return the facts about an ended job, as this viewer asked for it."""
    job, photo = viewer.job, _photo(viewer)
    facts: Facts = {
        "jobId": str(job.pk),
        "status": job.status,
        "productId": photo.product_id,
        "productImageId": str(photo.pk),
        "modelImageId": None if job.model_image_id is None else str(job.model_image_id),
        "createdAt": job.created_at.isoformat(),
        "completedAt": None if job.completed_at is None else job.completed_at.isoformat(),
    }
    if job.status == Status.FAILED:
        facts |= {"errorCode": job.error_code, "retryable": is_retryable(job.error_code)}
    return facts


def _photo(viewer: JobViewer) -> ProductImage:
    return viewer.product_image or viewer.job.product_image


def _tell_of_results(
    kind: EventType, results: Sequence[TryOnResult], only: Iterable[str] | None = None, **more: str
) -> None:
    by_job = {result.job_id: result for result in results}

    def facts(viewer: JobViewer) -> Facts | None:
        if viewer.job.is_private:  # its results are the shopper's alone
            return None
        result = by_job[viewer.job_id]
        ids = {
            "resultId": str(result.pk),
            "jobId": str(viewer.job_id),
            "productId": _photo(viewer).product_id,
        }
        return {**ids, **more}

    _tell_viewers(kind, [*by_job], facts, only=only)


def _tell_viewers(
    kind: EventType,
    job_ids: Sequence[UUID],
    facts_of: Callable[[JobViewer], Facts | None],
    *,
    only: Iterable[str] | None = None,
) -> None:
    """Write an event for each shop with endpoints that sees one of these jobs.

    ``only`` are requesters who have just left, in place of those who see the jobs.
    """
    if not job_ids:
        return
    listening = WebhookEndpoint.objects.filter(is_active=True).values("owner")
    seeing: dict[str, Any] = {"left_at": None} if only is None else {"requester__in": only}
    viewers = JobViewer.objects.filter(job__in=job_ids, **seeing).filter(requester__in=listening)
    told = [
        (viewer.requester, facts)
        for viewer in viewers.select_related("job__product_image", "product_image").order_by("pk")
        if (facts := facts_of(viewer)) is not None
    ]
    _write(kind, told)


def _write(kind: EventType, told: Sequence[tuple[str, Facts]]) -> None:
    """Write events for owners, and a delivery of each for each of their endpoints that listens to it."""
    if not told:
        return
    endpoints: dict[str, list[WebhookEndpoint]] = defaultdict(list)
    for endpoint in _kept(WebhookEndpoint.objects.filter(owner__in={owner for owner, _ in told})):
        if endpoint.is_active and endpoint.listens_to(kind):
            endpoints[endpoint.owner].append(endpoint)
    send_to(
        [
            (WebhookEvent(kind=kind, owner=owner, is_test=mine[0].is_test, data=facts), mine)
            for owner, facts in told
            if (mine := endpoints[owner])
        ]
    )


def _kept(endpoints: QuerySet[WebhookEndpoint]) -> QuerySet[WebhookEndpoint]:
    """Return the endpoints. Who deletes one waits until this transaction has ended.

    PostgreSQL looks whether a delivery has an endpoint at the commit: without one, the change itself would
    fail. SQLite has one writer at a time. Django has no word for this lock, which bars a deletion alone.
    """
    if connection.vendor == "postgresql":
        statement, values = endpoints.values("pk").query.sql_with_params()
        with connection.cursor() as cursor:
            cursor.execute(f"{statement} FOR KEY SHARE", values)
    return endpoints


def send_to(told: Sequence[tuple[WebhookEvent, Sequence[WebhookEndpoint]]]) -> None:
    """Write new events and their deliveries, and call a worker after the commit."""
    if not told:
        return
    WebhookEvent.objects.bulk_create(event for event, _ in told)
    WebhookDelivery.objects.bulk_create(
        WebhookDelivery(event=event, endpoint=endpoint) for event, endpoints in told for endpoint in endpoints
    )
    queue.enqueue_webhooks()
