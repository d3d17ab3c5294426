"""Product photos and jobs as the API shows them: each type describes the answer that its function makes."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple, NotRequired, TypedDict
from uuid import UUID

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request

from config.core.http.envelope import Url, absolute_urls, with_host
from config.core.http.warnings import WarningAnswer, warning_answers
from config.core.images import ImageWarning
from config.core.storage import addresses
from results.garments import Asked, GarmentAnswer, garments_asked, options_asked
from results.labels import AiLabelAnswer, ai_label
from tryon.api.fallbacks import FallbackAnswer
from tryon.course import pause_of
from tryon.failures import FailureCode, is_retryable, message_for
from tryon.models import ACTIVE, ProductImage, Status, TryOnJob
from tryon.services.outlook import Outlook, WaitReason, seconds_of
from tryon.services.whereabouts import ResultState, result_state
from tryon.timing import progress_now, seconds_left

if TYPE_CHECKING:
    from tryon.access.jobs import ShownJob

RESULT_STATE = _(
    "none until the job is completed, then available. A picture that has gone is deleted or expired. One of "
    "a shopper is private to everybody else: also the shop sees only that it is there. A rejected picture is "
    "not shown: generate again for a new one."
)
QUEUE_POSITION = _(
    "From 1, by time of arrival; only while queued. A free slot goes to the key with the fewest try-ons in "
    "progress, so the try-on may start before or after its turn. estimatedWaitTime goes by this position."
)

FALLBACKS = _("While FASHN or the service does not go on: what to show until the picture is there.")


STAND_IN = _("A stand-in makes the picture, not FASHN.")
EVENTS_URL = _(
    "Until the job ends, where the service has a live door: open it with EventSource, or ask it for JSON in "
    "place of this call. It is for you alone, and for ten minutes."
)


class UploadAnswer(TypedDict):
    """A product photo as stored."""

    id: UUID
    originalUrl: Url
    processedUrl: Url
    thumbnailUrl: Url
    productId: str
    metadata: dict[str, Any]
    width: int
    height: int
    test: Annotated[bool, _("Of a test key.")]
    createdAt: datetime


class UploadedAnswer(UploadAnswer):
    """A product photo just stored, with warnings about its quality."""

    warnings: list[WarningAnswer]


def upload_answers(photos: Sequence[ProductImage], request: Request) -> list[UploadAnswer]:
    """Return photos as the API shows them. They have their files."""
    files = [file for photo in photos for file in (photo.original, photo.processed, photo.thumbnail)]
    urls = absolute_urls(request, files)
    return [_upload_answer(photo, urls) for photo in photos]


def _upload_answer(photo: ProductImage, urls: Mapping[str, Url]) -> UploadAnswer:
    return {
        "id": photo.pk,
        "originalUrl": urls[str(photo.original)],
        "processedUrl": urls[str(photo.processed)],
        "thumbnailUrl": urls[str(photo.thumbnail)],
        "productId": photo.product_id,
        "metadata": photo.metadata,
        "width": photo.width,
        "height": photo.height,
        "test": photo.is_test,
        "createdAt": photo.created_at,
    }


def uploaded_answer(
    photo: ProductImage, warnings: tuple[ImageWarning, ...], request: Request
) -> UploadedAnswer:
    return {**upload_answers([photo], request)[0], "warnings": warning_answers(warnings)}


class GeneratedAnswer(TypedDict):
    """The job that makes, or has made, the picture."""

    jobId: UUID
    status: Annotated[str, Status]
    estimatedWaitTime: Annotated[int, _("Seconds until the picture.")]
    credits: Annotated[int, _("Credits that the request costs: 0 if a picture or a job is there already.")]
    test: Annotated[bool, STAND_IN]
    waitReason: NotRequired[Annotated[str, WaitReason]]
    fallbacks: NotRequired[Annotated[list[FallbackAnswer], FALLBACKS]]
    eventsUrl: NotRequired[Annotated[Url, EVENTS_URL]]


class PriceAnswer(TypedDict):
    """The price of a try-on, and the wait for it, if it were asked for now."""

    credits: Annotated[int, _("Credits that the request costs: 0 if a picture or a job is there already.")]
    estimatedWaitTime: Annotated[int, _("Seconds until the picture.")]
    test: Annotated[bool, STAND_IN]


class JobAnswer(TypedDict):
    """A try-on, active or ended: completed, failed or canceled."""

    id: UUID
    status: Annotated[str, Status]
    progress: Annotated[int, {"min_value": 0, "max_value": 100}]
    resultState: Annotated[str, ResultState, RESULT_STATE]
    productImageId: UUID
    productId: str
    garments: Annotated[list[GarmentAnswer], _("In the order in which they are put on.")]
    modelImageId: Annotated[UUID | None, _("None on a shopper's own photo.")]
    shopperPhotoId: Annotated[UUID | None, _("None on a model photo.")]
    options: Annotated[dict[str, Any], _("As in generate. Defaults are left out.")]
    test: Annotated[bool, STAND_IN]
    createdAt: datetime
    startedAt: datetime | None
    completedAt: datetime | None
    queuePosition: NotRequired[Annotated[int, QUEUE_POSITION]]
    estimatedWaitTime: NotRequired[Annotated[int, _("Seconds until the picture.")]]
    waitReason: NotRequired[Annotated[str, WaitReason]]
    resultId: NotRequired[UUID]
    resultImageUrl: NotRequired[Annotated[Url, _("Only when completed.")]]
    thumbnailUrl: NotRequired[Url]
    aiLabel: NotRequired[AiLabelAnswer]
    errorCode: NotRequired[Annotated[str, FailureCode, _("Only when failed.")]]
    errorMessage: NotRequired[str]
    retryable: NotRequired[bool]
    eventsUrl: NotRequired[Annotated[Url, EVENTS_URL]]


class Waiting(NamedTuple):
    """The wait of a queued job, in the words of its answer."""

    position: int
    seconds: int
    reason: str | None


class Facts(NamedTuple):
    """All that has to be read for the answers about some jobs. The answers depend on the clock too.

    ``waits`` has the queued jobs, and ``urls`` the addresses of pictures as the storage signs them.
    """

    jobs: "Sequence[ShownJob]"
    waits: Mapping[UUID, Waiting]
    urls: Mapping[str, str]
    garments: Mapping[UUID, list[GarmentAnswer]]


def facts_of(jobs: "Sequence[ShownJob]") -> Facts:
    """Read what the answers about these jobs need. The jobs come with their results."""
    shown = [job for job in jobs if result_state(job) == ResultState.AVAILABLE]
    results = [job.result for job in shown]
    urls = addresses([str(file) for result in results for file in (result.image, result.thumbnail)])
    outlook = Outlook(jobs)
    waits = {job.pk: waiting(job, outlook) for job in jobs if job.shown_status == Status.QUEUED}
    asked = [
        Asked(job.pk, job.seen_viewer, job.shown_product_image, job.shown_product_id, job.options)
        for job in jobs
    ]
    return Facts(jobs, waits, urls, garments_asked(asked))


def waiting(job: TryOnJob, outlook: Outlook) -> Waiting:
    wait = outlook.wait_of(job)
    return Waiting(wait.jobs_ahead + 1, seconds_of(wait, job), wait.hold.reason)


def job_answers(facts: Facts, request: HttpRequest | Request) -> list[JobAnswer]:
    """Return jobs as the API shows them."""
    urls = with_host(request, facts.urls)
    return [_answer(job, facts, urls) for job in facts.jobs]


def job_answer(job: "ShownJob", request: Request) -> JobAnswer:
    """Return a job as the API shows it. It comes with its result."""
    return job_answers(facts_of([job]), request)[0]


def pause_after(answer: JobAnswer) -> int:
    """Return the seconds until it makes sense to ask about the job again, 0 for one that has ended."""
    return pause_of(answer.get("estimatedWaitTime", 0)) if answer["status"] in ACTIVE else 0


def _answer(job: "ShownJob", facts: Facts, urls: Mapping[str, Url]) -> JobAnswer:
    body: JobAnswer = {
        "id": job.pk,
        "status": job.shown_status,
        "progress": progress_now(job) if job.shown_status == job.status else 0,
        "resultState": result_state(job),
        "productImageId": job.shown_product_image,
        "productId": job.shown_product_id,
        "garments": facts.garments[job.pk],
        "modelImageId": job.model_image_id,
        "shopperPhotoId": job.shopper_photo_id,
        "options": options_asked(job.options),
        "test": job.is_test,
        "createdAt": job.created_at,
        "startedAt": job.started_at,
        "completedAt": job.completed_at if job.shown_status == job.status else None,
    }
    match job.shown_status:
        case Status.QUEUED:
            wait = facts.waits[job.pk]
            body["queuePosition"] = wait.position
            body["estimatedWaitTime"] = wait.seconds
            if wait.reason is not None:
                body["waitReason"] = wait.reason
        case Status.PROCESSING:
            if (seconds := seconds_left(job)) is not None:
                body["estimatedWaitTime"] = seconds
        case Status.COMPLETED if body["resultState"] == ResultState.AVAILABLE:
            body["resultId"] = job.result.pk
            body["resultImageUrl"] = urls[str(job.result.image)]
            body["thumbnailUrl"] = urls[str(job.result.thumbnail)]
            body["aiLabel"] = ai_label()
        case Status.FAILED:
            body["errorCode"] = job.error_code
            body["errorMessage"] = message_for(job.error_code)
            body["retryable"] = is_retryable(job.error_code)
    return body
