"""Rows of a large shop, to measure the back office with: they share the files of the demo's drawings.

All follows from a row's number, so that two installations of one size are the same.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import batched
from typing import Any, Final
from uuid import UUID

from django.contrib.auth.models import User
from django.db import models

from config.core import clock
from models_library.models import ModelImage
from results.models import Decision, Reason, Review, ReviewDecision, TryOnResult
from tryon.batches.models import Batch, BatchItem, BatchState, ItemState, NamedRecipe
from tryon.catalogue.models import Product
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
    ProductImage,
    Status,
    TryOnJob,
)
from tryon.money.rollup import rebuild
from tryon.selectors.photos import catalogue

# Few enough for one statement on SQLite, whatever the table.
AT_ONCE: Final = 2_000
VIEWS: Final = ("front", "back", "side", "detail")
COLLECTIONS: Final = ("Spring", "Summer", "Autumn", "Winter", "Basics")
MODEL_PHOTOS: Final = 40
PEOPLE: Final = 6
PAIRS_OF_A_BATCH: Final = 500
# Of twenty jobs one fails, and the newest few wait.
FAILED_OF: Final = 20
WAITING: Final = 200
DAYS: Final = 365


@dataclass(frozen=True, slots=True)
class Size:
    """The number of rows: product photos, jobs with a result, and by them the rest."""

    photos: int = 20_000
    results: int = 100_000

    @property
    def jobs(self) -> int:
        """The number of all jobs: besides those with a result, the failed and the waiting ones."""
        failed = -(-self.results // (FAILED_OF - 1))
        return self.results + failed + self.waiting

    @property
    def waiting(self) -> int:
        return min(WAITING, self.results // 10)


@dataclass(slots=True)
class Shop:
    """The rows that others point at."""

    size: Size
    now: datetime = field(default_factory=clock.now)
    requester: str = ""
    photos: list[ProductImage] = field(default_factory=list)
    people: list[User] = field(default_factory=list)
    model_photos: list[ModelImage] = field(default_factory=list)

    def at(self, number: int) -> datetime:
        """Return the time of a job: they are spread over a year, the newest last."""
        return self.now - timedelta(days=DAYS) * (1 - (number + 1) / self.size.jobs)


def uid(kind: str, number: int) -> UUID:
    """Return the id of a row, spread over the index as random ones are."""
    return UUID(hashlib.md5(f"{kind} {number}".encode(), usedforsecurity=False).hexdigest())


def insert(rows: Iterator[models.Model]) -> None:
    """Insert rows of one table."""
    for some in batched(rows, AT_ONCE, strict=False):
        type(some[0])._default_manager.bulk_create(some)


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


def copy_of(row: models.Model, **changes: Any) -> Any:
    """Return a new row with the values of another, and its files."""
    values = {column.attname: getattr(row, column.attname) for column in row._meta.concrete_fields}
    return type(row)(**{**values, **changes})


def add_model_photos() -> list[ModelImage]:
    """Add copies of the demo's until there are ``MODEL_PHOTOS``. Return all."""
    drawn = list(ModelImage.objects.order_by("name"))
    insert(
        copy_of(
            drawn[number % len(drawn)],
            id=uid("model", number),
            name=f"{drawn[number % len(drawn)].name} {number}",
            checksum=hashlib.sha256(f"model {number}".encode()).hexdigest(),
        )
        for number in range(len(drawn), MODEL_PHOTOS)
    )
    return list(ModelImage.objects.order_by("id"))


def add_photos(size: Size) -> list[ProductImage]:
    """Add products and their photos, one for each view. Return the photos."""
    drawn = list(catalogue().order_by("product_id"))
    products = [
        Product(
            id=uid("product", number),
            product_id=f"SCALE-{number:05}",
            name=f"Garment {number}",
            price=10 + number % 190,
            currency="EUR",
            collection=COLLECTIONS[number % len(COLLECTIONS)],
            tags=["new"] if number % 10 == 0 else [],
        )
        for number in range(-(-size.photos // len(VIEWS)))
    ]
    insert(iter(products))
    photos = [
        copy_of(
            drawn[number % len(drawn)],
            id=uid("photo", number),
            product_id=products[number // len(VIEWS)].product_id,
            catalogue_product_id=products[number // len(VIEWS)].pk,
            view=VIEWS[number % len(VIEWS)],
            checksum=hashlib.sha256(f"photo {number}".encode()).hexdigest(),
        )
        for number in range(size.photos)
    ]
    insert(iter(photos))
    for product, photo in zip(products, photos[:: len(VIEWS)], strict=True):
        product.source_photo = photo
    Product.objects.bulk_update(products, ["source_photo"], batch_size=AT_ONCE)
    return photos


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
