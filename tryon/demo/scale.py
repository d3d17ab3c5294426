"""Rows of a large shop, to measure the back office with.

All follows from a row's number, so that two installations of one size are the same.
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from django.contrib.auth.models import User

from results.models import Decision, Reason, Review, ReviewDecision, TryOnResult
from tryon.batches.models import Batch, BatchItem, BatchState, ItemState, NamedRecipe
from tryon.demo.scale_shop import (
    AT_ONCE,
    DAYS,
    FAILED_OF,
    PEOPLE,
    VIEWS,
    Shop,
    Size,
    add_model_photos,
    add_photos,
    insert,
    uid,
)
from tryon.demo.seeding import models_ensure, products_ensure
from tryon.demo.storefront import demo_shop
from tryon.fashn.options import TryOnOptions
from tryon.models import (
    EventKind,
    JobEvent,
    JobViewer,
    Lane,
    Prediction,
    PredictionState,
    Status,
    TryOnJob,
)
from tryon.money.rollup import rebuild

PAIRS_OF_A_BATCH: Final = 500


def scale_seed(size: Size) -> None:
    """Add all rows of a shop of this size to an installation that has no jobs."""
    shop = Shop(size, requester=f"shop:{demo_shop().pk}")
    models_ensure()
    products_ensure()
    shop.people = User.objects.bulk_create(
        [User(username=f"person-{number}", is_staff=True) for number in range(PEOPLE)]
    )
    shop.model_photos = add_model_photos()
    shop.photos = add_photos(size)
    NamedRecipe.objects.create(name="Best quality", options={"mode": "quality"})
    insert(jobs_of(shop))
    insert(viewers_of(shop))
    insert(predictions_of(shop))
    insert(events_of(shop))
    insert(results_of(shop))
    insert(decisions_of(shop))
    insert(batches_of(shop))
    insert(items_of(shop))
    rebuild()


def status_of(shop: Shop, number: int) -> Status:
    """Return the status of a job: the newest wait, and of the others one in twenty has failed."""
    if number >= shop.size.jobs - shop.size.waiting:
        return Status.QUEUED
    return Status.FAILED if number % FAILED_OF == 0 else Status.COMPLETED


def jobs_of(shop: Shop) -> Iterator[TryOnJob]:
    """Yield the jobs: of source photos mostly, on all model photos in turn."""
    sources = shop.photos[:: len(VIEWS)]
    for number in range(shop.size.jobs):
        status, at = status_of(shop, number), shop.at(number)
        ended = status != Status.QUEUED
        yield TryOnJob(
            id=uid("job", number),
            product_image=sources[number // len(shop.model_photos) % len(sources)],
            model_image=shop.model_photos[number % len(shop.model_photos)],
            status=status,
            progress=100 if status == Status.COMPLETED else 0,
            options=TryOnOptions(mode="quality" if number % 3 == 0 else "balanced").normalised(),
            cache_key=f"{number:064x}",
            lane=Lane.BULK if number % 4 else Lane.INTERACTIVE,
            price=0 if ended else 1,
            error_code="pose_not_found" if status == Status.FAILED else "",
            requester=f"user:{shop.people[number % PEOPLE].pk}" if number % 4 else shop.requester,
            payer=None if number % 4 else shop.requester,
            created_at=at,
            updated_at=at,
            started_at=at if ended else None,
            completed_at=at + timedelta(seconds=9) if status == Status.COMPLETED else None,
        )


def completed(shop: Shop) -> Iterator[int]:
    """Yield the numbers of the jobs that have a result."""
    return (number for number in range(shop.size.jobs) if status_of(shop, number) == Status.COMPLETED)


def viewers_of(shop: Shop) -> Iterator[JobViewer]:
    for job in TryOnJob.objects.only("requester", "product_image").iterator(AT_ONCE):
        yield JobViewer(job=job, requester=job.requester, product_image_id=job.product_image_id)


def predictions_of(shop: Shop) -> Iterator[Prediction]:
    """Yield one call for each job that has ended. Those of failed jobs have failed."""
    for number in range(shop.size.jobs - shop.size.waiting):
        is_paid, at = status_of(shop, number) == Status.COMPLETED, shop.at(number)
        yield Prediction(
            id=uid("prediction", number),
            job_id=uid("job", number),
            model_name="tryon-v1.6",
            speed="quality" if number % 3 == 0 else "balanced",
            provider_id=f"scale-{number}",
            state=PredictionState.SUCCEEDED if is_paid else PredictionState.FAILED,
            price=1,
            payer=None if number % 4 else shop.requester,
            credits_used=int(is_paid),
            error_name="" if is_paid else "PoseError",
            created_at=at,
            submitted_at=at,
            finished_at=at + timedelta(seconds=6 + number % 7),
        )


def events_of(shop: Shop) -> Iterator[JobEvent]:
    """Yield the beginning and the end of each job."""
    ends = {Status.COMPLETED: EventKind.COMPLETED, Status.FAILED: EventKind.FAILED}
    for number in range(shop.size.jobs):
        kinds = [EventKind.QUEUED, ends.get(status_of(shop, number))]
        for kind in filter(None, kinds):
            yield JobEvent(job_id=uid("job", number), at=shop.at(number), kind=kind)


def review_of(number: int) -> Review:
    """Return the review of a result: of twenty three are rejected, five wait, and the others are approved."""
    place = number * 7 % 20
    if place < 3:
        return Review.REJECTED
    return Review.PENDING if place < 8 else Review.APPROVED


def results_of(shop: Shop) -> Iterator[TryOnResult]:
    """Yield the results. Their pictures are those of the model photos."""
    for number in completed(shop):
        picture = shop.model_photos[number % len(shop.model_photos)]
        yield TryOnResult(
            id=uid("result", number),
            job_id=uid("job", number),
            image=picture.image.name,
            thumbnail=picture.thumbnail.name,
            width=picture.width,
            height=picture.height,
            cache_key=f"{number:064x}",
            expires_at=shop.now + timedelta(days=DAYS),
            credits_used=1,
            review=review_of(number),
            flags=[],
            created_at=shop.at(number),
        )


def decisions_of(shop: Shop) -> Iterator[ReviewDecision]:
    """Yield who has reviewed what."""
    for number in completed(shop):
        if (review := review_of(number)) == Review.PENDING:
            continue
        yield ReviewDecision(
            id=uid("decision", number),
            job_id=uid("job", number),
            result_id=uid("result", number),
            person=shop.people[number % PEOPLE],
            verdict=Decision(review.value),
            reasons=[Reason.values[number % len(Reason)]] if review == Review.REJECTED else [],
            at=shop.at(number) + timedelta(hours=1),
        )


def batches_of(shop: Shop) -> Iterator[Batch]:
    """Yield a batch for each few hundred jobs. All are done."""
    for number in range(shop.size.results // PAIRS_OF_A_BATCH):
        at = shop.at(number * PAIRS_OF_A_BATCH)
        yield Batch(
            id=uid("batch", number),
            name=f"Batch {number}",
            created_by=shop.people[number % PEOPLE],
            state=BatchState.DONE,
            pairs=PAIRS_OF_A_BATCH,
            planned=PAIRS_OF_A_BATCH,
            max_credits=PAIRS_OF_A_BATCH,
            counts={ItemState.DONE: PAIRS_OF_A_BATCH},
            created_at=at,
            started_at=at,
            finished_at=at + timedelta(hours=1),
        )


def items_of(shop: Shop) -> Iterator[BatchItem]:
    """Yield the pairs of the batches: a job each."""
    whole = shop.size.results // PAIRS_OF_A_BATCH * PAIRS_OF_A_BATCH
    jobs = TryOnJob.objects.order_by("created_at").only("product_image", "model_image", "cache_key", "status")
    for number, job in enumerate(jobs[:whole].iterator(AT_ONCE)):
        yield BatchItem(
            batch_id=uid("batch", number // PAIRS_OF_A_BATCH),
            product_image_id=job.product_image_id,
            model_image_id=job.model_image_id,
            job=job,
            cache_key=job.cache_key,
            credits=1,
            state=ItemState.DONE if job.status == Status.COMPLETED else ItemState.FAILED,
        )
