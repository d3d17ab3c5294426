"""Queries on products, jobs and predictions."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from statistics import median
from typing import Any, Final, TypedDict
from uuid import UUID

from django.core.cache import cache, caches
from django.db.models import Case, Exists, F, OuterRef, Q, QuerySet, When

from config.core import clock
from config.core.upkeep.counts import counted
from models_library.models import ModelImage
from results.models import TryOnResult
from tryon.accounts import counted_as
from tryon.failures import CURABLE
from tryon.fashn.inputs import Step
from tryon.models import (
    ACTIVE,
    ERASED,
    IN_FLIGHT,
    INLINE,
    EventKind,
    JobEvent,
    JobViewer,
    Prediction,
    PredictionState,
    ProductImage,
    ShopperPhoto,
    Status,
    TryOnJob,
    ViewerGarment,
)

type Photo = ProductImage | ModelImage | ShopperPhoto


class Rescued(TypedDict):
    pictures: int
    credits: int


class EraseCounts(TypedDict):
    jobs: int
    active: int
    results: int
    left: int


FASHN_KEEPS_PICTURES: Final = timedelta(hours=72)
# In its memory: those of shoppers, which it answers as data URIs.
FASHN_KEEPS_INLINE: Final = timedelta(minutes=60)
# The names of their daily counts.
RESCUED_PICTURES: Final = "rescued_pictures"
RESCUED_CREDITS: Final = "rescued_credits"
# A count of fewer rows than this is fast.
LARGE: Final = 500
REMEMBER_LARGE_SECONDS: Final = 60
MEASURED_PREDICTIONS: Final = 20
REMEMBER_TYPICAL_SECONDS: Final = 30


def catalogue() -> QuerySet[ProductImage]:
    """Return the shop's own product photos, which every caller may use."""
    return ProductImage.objects.filter(requester="")


def photos_in_use(now: datetime) -> QuerySet[ShopperPhoto]:
    """Return the shoppers' photos that are there and have not expired."""
    return ShopperPhoto.objects.filter(expires_at__gt=now).exclude(processed="")


def with_files(photos: QuerySet[ProductImage]) -> QuerySet[ProductImage]:
    """Return the photos whose files have not been cleaned up."""
    return photos.exclude(processed="")


def product_image_twin(product_id: str, requester: str, checksum: str, photo_id: UUID) -> ProductImage | None:
    """Return the requester's photo of this product made from the same file, or None.

    Of several, return the one with the id, or the oldest.
    """
    photos = ProductImage.objects.filter(checksum=checksum, product_id=product_id, requester=requester)
    others = Case(When(pk=photo_id, then=0), default=1)
    return with_files(photos).order_by(others, "created_at", "id").first()


def jobs_ready(account: str, now: datetime) -> QuerySet[TryOnJob]:
    """Return the queued jobs whose back-off is over, in the order of their start."""
    ready = Q(not_before=None) | Q(not_before__lte=now)
    return in_queue_order(TryOnJob.objects.filter(ready, account=account, status=Status.QUEUED))


def jobs_showing(photo_id: UUID) -> list[UUID]:
    """Return the ids of the jobs that show a product photo's id and product to one of their viewers."""
    shown = Q(product_image=photo_id) | Q(viewers__product_image=photo_id)
    shown |= Q(viewers__garments__product_image=photo_id)
    return list(TryOnJob.objects.filter(shown).order_by().distinct().values_list("pk", flat=True))


def jobs_without_price(account: str) -> QuerySet[TryOnJob]:
    """Return the queued jobs without a price.

    They have paid for all, or an earlier release, which knows no prices, has queued them during a deploy.
    """
    # PostgreSQL takes "= 0" for common, because ended jobs have no price, and would read the whole queue.
    found = TryOnJob.objects.filter(account=account, status=Status.QUEUED, price__lte=0)
    return found.order_by("price")


def calls_without_price(account: str) -> QuerySet[Prediction]:
    """Return the calls in flight of jobs without a price for further steps, with their jobs.

    They are the job's last, or an earlier release has started the job during a deploy.
    """
    calls = Prediction.objects.filter(account=account, state__in=IN_FLIGHT)
    return calls.filter(job__status=Status.PROCESSING, job__price=0).select_related("job")


def typical_seconds(account: str, step: Step) -> float:
    """Return the median duration of the latest predictions of such a step, else FASHN's documented figure.

    It is in seconds, from submission to the answer we saw, and is cached for half a minute.
    """
    model_name, speed = step.model.name, step.options.speed
    remember = f"typical-seconds:{account}:{model_name}:{speed}"
    known: float | None = cache.get(remember)
    if known is not None:
        return known
    finished = Prediction.objects.filter(
        account=account,
        model_name=model_name,
        speed=speed,
        state=PredictionState.SUCCEEDED,
        submitted_at__isnull=False,
    ).order_by("-finished_at")[:MEASURED_PREDICTIONS]
    seconds = [
        (row.finished_at - row.submitted_at).total_seconds()
        for row in finished.only("finished_at", "submitted_at")
        if row.finished_at is not None and row.submitted_at is not None
    ]
    typical = median(seconds) if seconds else step.typical_seconds
    cache.set(remember, typical, REMEMBER_TYPICAL_SECONDS)
    return typical


def in_queue_order(jobs: QuerySet[TryOnJob]) -> QuerySet[TryOnJob]:
    return jobs.order_by(F("lane").desc(), "created_at")


def job_counts(account: str) -> dict[str, int]:
    """Return the number of an account's jobs in each status. Large ones may be a minute old."""
    numbers = {}
    for status in Status.values:
        jobs, name = TryOnJob.objects.filter(account=account, status=status), f"jobs:{account}:{status}"
        numbers[status] = jobs.count() if status in ACTIVE else remembered_count(name, jobs)
    return numbers


def remembered_count(name: str, rows: QuerySet[Any]) -> int:
    """Return the number of rows. Each process remembers a large number for a minute."""
    known: int | None = caches["process"].get(f"count:{name}")
    if known is not None:
        return known
    number = rows.count()
    if number >= LARGE:
        caches["process"].set(f"count:{name}", number, REMEMBER_LARGE_SECONDS)
    return number


def jobs_to_erase(photo: Photo, *, most: int) -> list[UUID]:
    """Return ids of jobs made with a photo, or asked for with it, that are not erased."""
    field = {ProductImage: "product_image", ModelImage: "model_image"}.get(type(photo), "shopper_photo")
    made = TryOnJob.objects.filter(**{field: photo}).exclude(cache_key__startswith=ERASED).order_by("pk")
    ids = list(made.values_list("pk", flat=True)[:most])
    if not ids and isinstance(photo, ProductImage):
        asked = viewers_with(photo).exclude(job__cache_key__startswith=ERASED)
        ids = list(asked.order_by("pk").values_list("job_id", flat=True)[:most])
    return ids


def viewers_with(photo: ProductImage) -> QuerySet[JobViewer]:
    """Return the viewers who asked for a job with a photo, whichever garment it shows."""
    garments = ViewerGarment.objects.filter(product_image=photo)
    return JobViewer.objects.filter(Q(product_image=photo) | Q(pk__in=garments.values("viewer")))


def garment_photos(job: TryOnJob, position: int) -> QuerySet[ProductImage]:
    """Return the viewers' photos of one further garment of a job, which show the same and have files."""
    asked = Q(viewer_garments__viewer__job=job, viewer_garments__position=position)
    return with_files(ProductImage.objects.filter(asked)).order_by(
        F("viewer_garments__viewer__left_at").desc(nulls_first=True), "viewer_garments__pk"
    )


def photos_asked_with(job: TryOnJob, requester: str) -> list[ProductImage]:
    """Return the photos of a job's garments as the requester asked for it, else those of another viewer."""
    viewers = job.viewers.order_by("left_at", "pk").select_related("product_image")
    own = viewers.filter(requester=requester).first()
    first = job.product_image if own is None or own.product_image is None else own.product_image
    if not job.is_outfit:
        return [first]
    further = ViewerGarment.objects.filter(viewer=own or viewers.first()).order_by("position")
    return [first, *(garment.product_image for garment in further.select_related("product_image"))]


def copy_at_hand(job: TryOnJob, *, but: ProductImage) -> ProductImage | None:
    """Return the first photo of somebody who waits for the job, and asked with files other than ``but``."""
    viewers = _with_other_photos(but).filter(job=job).select_related("product_image").order_by("pk")
    viewer = viewers.first()
    return None if viewer is None else viewer.product_image


def job_of_others(job: TryOnJob, photo: ProductImage) -> TryOnJob | None:
    """Return the latest ended attempt at a job's recipe that others asked for with a copy of the photo.

    It has no picture. None if there is no such attempt.
    """
    attempts = TryOnJob.objects.filter(_others_have_a_copy(photo), cache_key=job.cache_key, result=None)
    return attempts.exclude(pk=job.pk).exclude(status__in=ACTIVE).order_by("-created_at").first()


def photos_to_finish() -> Iterator[Photo]:
    """Return the erased photos of which jobs are left to erase."""
    left = TryOnJob.objects.exclude(cache_key__startswith=ERASED)
    asked = JobViewer.objects.filter(product_image=OuterRef("pk"), job__in=left)
    worn = ViewerGarment.objects.filter(product_image=OuterRef("pk"), viewer__job__in=left)
    made = left.filter(product_image=OuterRef("pk"))
    yield from ProductImage.objects.filter(Exists(made) | Exists(asked) | Exists(worn), product_id="")
    yield from ModelImage.objects.filter(Exists(left.filter(model_image=OuterRef("pk"))), name="")
    yield from ShopperPhoto.objects.filter(Exists(left.filter(shopper_photo=OuterRef("pk"))), processed="")


def counts_to_erase(photo: ProductImage | ModelImage) -> EraseCounts:
    """Return the numbers of jobs and results that go with a photo, and of jobs that stay for others."""
    going, staying = _jobs_going(photo), _jobs_of(photo).filter(_others_have_a_copy(photo))
    return {
        "jobs": going.count(),
        "active": going.filter(status__in=ACTIVE).count(),
        "results": results_to_erase(photo).count(),
        "left": staying.count() if isinstance(photo, ProductImage) else 0,
    }


def results_to_erase(photo: ProductImage | ModelImage) -> QuerySet[TryOnResult]:
    """Return the results that go with a photo, newest first."""
    return TryOnResult.objects.filter(job__in=_jobs_going(photo).order_by().values("pk"))


def results_to_show(photo: ProductImage | ModelImage) -> QuerySet[TryOnResult]:
    """Return ``results_to_erase`` with their photos, without those that only their shopper sees."""
    results = results_to_erase(photo).filter(job__shopper_photo=None)
    return results.select_related("job__product_image", "job__model_image")


def _jobs_going(photo: ProductImage | ModelImage) -> QuerySet[TryOnJob]:
    jobs = _jobs_of(photo)
    return jobs.exclude(_others_have_a_copy(photo)) if isinstance(photo, ProductImage) else jobs


def _jobs_of(photo: ProductImage | ModelImage) -> QuerySet[TryOnJob]:
    jobs = TryOnJob.objects.exclude(cache_key__startswith=ERASED)
    if isinstance(photo, ModelImage):
        return jobs.filter(model_image=photo)
    return jobs.filter(Q(product_image=photo) | Q(pk__in=viewers_with(photo).values("job")))


def _others_have_a_copy(photo: ProductImage | ModelImage) -> Exists:
    """Return the condition that somebody asked for a job with other photos than this one."""
    return Exists(_with_other_photos(photo).filter(job=OuterRef("pk")))


def _with_other_photos(photo: ProductImage | ModelImage) -> QuerySet[JobViewer]:
    """Return the viewers who wait for a job, and asked for it without this photo. Theirs have files."""
    viewers = JobViewer.objects.filter(product_image__isnull=False, left_at=None)
    gone = ViewerGarment.objects.filter(Q(product_image=photo.pk) | Q(product_image__processed=""))
    others = viewers.exclude(product_image=photo.pk).exclude(product_image__processed="")
    return others.filter(~Exists(gone.filter(viewer=OuterRef("pk"))))


def dead_letters() -> QuerySet[TryOnJob]:
    """Return the failed jobs that another try may cure. A person decides on them."""
    return TryOnJob.objects.filter(status=Status.FAILED, error_code__in=CURABLE)


def predictions_to_rescue(now: datetime) -> QuerySet[Prediction]:
    """Return the predictions that no job waits for and that are due for a rescue."""
    paid = Q(state=PredictionState.SUCCEEDED) & ~Q(output="")
    due = Prediction.objects.filter(paid | Q(state=PredictionState.UNKNOWN), rescue_at__lte=now)
    return due.exclude(provider_id="")


def usable_predictions(job: TryOnJob) -> QuerySet[Prediction]:
    """Return the job's predictions whose paid picture is intact and still at FASHN or with us."""
    return job.predictions.filter(is_usable(clock.now()))


def is_usable(now: datetime) -> Q:
    """Return the condition for a paid picture that is intact and still at FASHN or with us."""
    at_fashn = Q(finished_at__gt=now - FASHN_KEEPS_PICTURES) & ~Q(output=INLINE)
    return (at_fashn | ~Q(kept="")) & Q(state=PredictionState.SUCCEEDED) & ~Q(output="")


def fashn_keeps_picture_of(job: TryOnJob) -> timedelta:
    """Return for how long FASHN keeps a picture of the job."""
    return FASHN_KEEPS_INLINE if job.is_private else FASHN_KEEPS_PICTURES


def since_fashn_keeps(field: str, now: datetime) -> Q:
    """Return the condition for predictions whose time in ``field`` is as late as FASHN keeps pictures."""
    is_late = Q(**{f"{field}__gt": now - FASHN_KEEPS_INLINE})
    return is_late | Q(**{f"{field}__gt": now - FASHN_KEEPS_PICTURES}, job__shopper_photo=None)


def first_open_step(job: TryOnJob) -> int:
    """Return the step to do next, or the number of the job's steps when the last one has a usable picture."""
    return step_after(usable_predictions(job).values_list("step", flat=True))


def step_after(done: Iterable[int]) -> int:
    """Return the step after the latest that is done: its picture has all that those before it brought."""
    return max(done, default=-1) + 1


def rescued(account: str) -> Rescued:
    """Return the number of pictures stored after their job had given them up, and their credits."""
    names = [counted_as(account, name) for name in (RESCUED_PICTURES, RESCUED_CREDITS)]
    numbers = counted(*names)
    return {"pictures": numbers[names[0]], "credits": numbers[names[1]]}


def uploads_without_jobs(*, before: datetime) -> QuerySet[ProductImage]:
    """Return the photos that a storefront uploaded before a time and nobody tried on."""
    unused = photos_unused().filter(created_at__lt=before)
    return unused.exclude(requester="")


def photos_unused() -> QuerySet[ProductImage]:
    """Return the photos that no job and no viewer points at."""
    return ProductImage.objects.filter(jobs=None, viewers=None, viewer_garments=None)


def uploads_spent(*, before: datetime) -> QuerySet[ProductImage]:
    """Return a storefront's uploads from before a time whose try-ons ended before it and have no result."""
    needed = Q(status__in=ACTIVE) | Q(updated_at__gte=before) | Q(result__isnull=False)
    own = TryOnJob.objects.filter(product_image=OuterRef("pk"))
    shared = TryOnJob.objects.filter(viewers__product_image=OuterRef("pk"))
    worn = TryOnJob.objects.filter(viewers__garments__product_image=OuterRef("pk"))
    photos = ProductImage.objects.filter(
        Exists(own) | Exists(shared) | Exists(worn),
        ~Exists(own.filter(needed)),
        ~Exists(
            TryOnJob.objects.filter(needed, viewers__product_image=OuterRef("pk"), viewers__left_at=None)
        ),
        ~Exists(
            TryOnJob.objects.filter(
                needed, viewers__garments__product_image=OuterRef("pk"), viewers__left_at=None
            )
        ),
        created_at__lt=before,
    )
    return with_files(photos).exclude(requester="")


def pictures_kept_in_vain(*, before: datetime) -> QuerySet[Prediction]:
    """Return predictions whose copy no attempt will use: their job has a result, or they ended long ago."""
    done = Q(job__status=Status.COMPLETED)
    long_ago = Q(job__status__in=[Status.FAILED, Status.CANCELED], finished_at__lt=before)
    return Prediction.objects.filter(done | long_ago).exclude(kept="")


def jobs_over(*, before: datetime) -> QuerySet[TryOnJob]:
    """Return the jobs that ended before a time and have neither a result nor a picture to come or at hand."""
    open_calls = Q(state__in=[*IN_FLIGHT, PredictionState.UNKNOWN]) | Q(rescue_at__isnull=False) | ~Q(kept="")
    needed = Prediction.objects.filter(open_calls, job=OuterRef("pk"))
    ended = TryOnJob.objects.filter(updated_at__lt=before, result=None).exclude(status__in=ACTIVE)
    return ended.exclude(Exists(needed))


def events_of_finished_jobs(*, before: datetime) -> QuerySet[JobEvent]:
    """Return the events from before a time, except events of active jobs and counted events."""
    old = JobEvent.objects.filter(at__lt=before).exclude(kind=EventKind.RESCUED)
    return old.exclude(job__status__in=ACTIVE)
