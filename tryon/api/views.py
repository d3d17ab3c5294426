"""Views for the storefront: generate, follow, cancel, retry."""

from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from rest_framework.request import Request
from rest_framework.views import APIView

from config.core.http.envelope import Answer, Page
from config.core.http.idempotency.api import row_id_of
from config.core.http.operation import operation
from config.core.http.pagination import paginate
from config.core.http.strict import validated
from config.shops.abilities import Ability
from config.shops.callers import Caller, caller_of
from config.shops.permissions import NoVisitors, needs
from tryon.access.jobs import jobs_for, jobs_in, jobs_of_photo, jobs_to_list, jobs_to_show
from tryon.api.answers import (
    GeneratedAnswer,
    JobAnswer,
    PriceAnswer,
    facts_of,
    job_answer,
    job_answers,
    pause_after,
)
from tryon.api.archived import archived_answer, job_to_change
from tryon.api.fallbacks import fallback_answers, fallbacks_in_refusals
from tryon.api.hits import tell_hit
from tryon.api.live import add_events_url
from tryon.api.serializers import (
    GenerateSerializer,
    JobQuery,
)
from tryon.course import pause_of
from tryon.models import Status, TryOnJob
from tryon.services.fallback import wake_if_overdue
from tryon.services.generate import tryon_generate, tryon_price
from tryon.services.jobs import job_cancel, job_retry
from tryon.services.outlook import Outlook, seconds_of
from tryon.services.reuse import Reuse

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from tryon.access.jobs import ShownJob

STARTED: Final = (200, 202)
SOME_ID: Final = "0e3b1c5e-6f4f-4a57-9d0a-6f1f5c1f3a10"
OTHER_ID: Final = "5b0c2c1e-2f0e-4a8e-8f5e-3d1a9c7b6e21"
LOOKUPS: Final = {
    "modelImageId": "model_image",
    "shopperPhotoId": "shopper_photo",
    "test": "is_test",
    "createdAfter": "created_at__gt",
    "createdBefore": "created_at__lt",
    "startedAfter": "started_at__gt",
    "startedBefore": "started_at__lt",
    "completedAfter": "completed_at__gt",
    "completedBefore": "completed_at__lt",
}
# Of the photo that the caller asked with.
PHOTO_LOOKUPS: Final = {"productImageId": "pk", "productId": "product_id"}


class GenerateView(APIView):
    """Ask for a try-on."""

    permission_classes = [needs(Ability.START_TRYONS)]

    @operation(
        "generate",
        404,
        409,
        status=STARTED,
        body=GenerateSerializer,
        tag="jobs",
        example={"productImageId": SOME_ID, "modelImageId": SOME_ID, "options": {"mode": "quality"}},
        answer={"jobId": SOME_ID, "status": "queued", "estimatedWaitTime": 8, "credits": 1, "test": False},
    )
    def post(self, request: Request) -> Answer[GeneratedAnswer]:
        caller, wanted = caller_of(request), validated(GenerateSerializer, request.data)
        with fallbacks_in_refusals(request, wanted["product_image_id"]):
            generated = tryon_generate(caller=caller, **wanted)
        job = generated.job
        body: GeneratedAnswer = {
            "jobId": job.pk,
            "status": Status.COMPLETED,
            "estimatedWaitTime": 0,
            "credits": generated.credits,
            "test": job.is_test,
        }
        if generated.reuse is Reuse.HIT:
            tell_hit(request, job)
            return Answer(body, 200)
        job = jobs_for(caller).get(pk=job.pk)
        outlook = Outlook([job]).wait_of(job)
        wait = body["estimatedWaitTime"] = seconds_of(outlook, job)
        # A job that inherits a prediction starts at once, but the contract calls it queued until complete.
        if job.status != Status.COMPLETED:
            body["status"] = Status.QUEUED
        if job.status == Status.QUEUED and outlook.hold.reason is not None:
            body["waitReason"] = outlook.hold.reason
            body["fallbacks"] = fallback_answers(request, job.shown_product_image)
        if job.is_active:
            add_events_url(body, job.pk, caller, request._request)
        return Answer(body, *progress_of(job, wait))


class PriceView(APIView):
    """Ask what a try-on would cost."""

    permission_classes = [needs(Ability.START_TRYONS)]

    @operation(
        "getPrice",
        404,
        409,
        acts=False,
        body=GenerateSerializer,
        tag="jobs",
        example={
            "garments": [
                {"productImageId": SOME_ID, "category": "bottoms"},
                {"productImageId": OTHER_ID, "category": "tops"},
            ],
            "modelImageId": SOME_ID,
        },
        answer={"credits": 2, "estimatedWaitTime": 16, "test": False},
    )
    def post(self, request: Request) -> PriceAnswer:
        """Learn the price and the wait of a try-on. This starts nothing and costs nothing."""
        wanted = tryon_price(caller=caller_of(request), **validated(GenerateSerializer, request.data))
        job, wait = wanted.job, 0
        if wanted.reuse is not Reuse.HIT:
            wait = seconds_of(Outlook([job]).wait_of(job), job)
        return {"credits": wanted.credits, "estimatedWaitTime": wait, "test": job.is_test}


class JobView(APIView):
    """Follow a try-on to its end: completed, failed or canceled."""

    @operation("getJob", 304, polled=True)
    def get(self, request: Request, job_id: UUID) -> Answer[JobAnswer]:
        caller = caller_of(request)
        job = jobs_to_show(caller).filter(pk=job_id).first()
        if job is None:
            return Answer(archived_answer(request, job_id), 200, 0)
        wake_if_overdue(job)
        body = job_answer(job, request)
        add_events_url(body, job_id, caller, request._request)
        return Answer(body, 200, pause_after(body))


class JobsView(APIView):
    """The caller's jobs, newest first."""

    @operation("listJobs", query=JobQuery)
    def get(self, request: Request, query: dict[str, Any]) -> Page[JobAnswer]:
        caller = caller_of(request)
        jobs = jobs_chosen(jobs_to_list(caller), caller, query)
        rows, meta = paginate(jobs, request, query)
        return Page(job_answers(facts_of(rows), request), meta)


class JobCancelView(APIView):
    """Cancel a try-on."""

    @operation("cancelJob", 409)
    def post(self, request: Request, job_id: UUID) -> JobAnswer:
        caller = caller_of(request)
        job_cancel(job_to_change(request, job_id), caller)
        return job_answer(jobs_to_show(caller).get(pk=job_id), request)


class JobRetryView(APIView):
    """Retry a failed try-on. It pays only for what is missing."""

    permission_classes = [NoVisitors]  # they ask again

    @operation("retryJob", 409, status=STARTED)
    def post(self, request: Request, job_id: UUID) -> Answer[JobAnswer]:
        caller = caller_of(request)
        failed = job_to_change(request, job_id)
        with fallbacks_in_refusals(request, failed.shown_product_image):
            retried = job_retry(failed, caller, request_id=row_id_of(request))
        job = jobs_to_show(caller).get(pk=retried.pk)
        body = job_answer(job, request)
        add_events_url(body, job.pk, caller, request._request)
        return Answer(body, *progress_of(job, body.get("estimatedWaitTime", 0)))


def progress_of(job: TryOnJob, wait: int) -> tuple[int, int]:
    """Return the status, one of ``STARTED``, and the seconds until the next question.

    It is 200 when the picture is ready, and 202 before that.
    """
    if job.status == Status.COMPLETED:
        return 200, 0
    return 202, pause_of(wait)


def jobs_chosen(jobs: "QuerySet[ShownJob]", caller: Caller, query: dict[str, Any]) -> "QuerySet[ShownJob]":
    """Return those of the caller's jobs that the query asks for."""
    if "status" in query:
        jobs = jobs_in(jobs, caller, query["status"])
    if photo := {PHOTO_LOOKUPS[name]: value for name, value in query.items() if name in PHOTO_LOOKUPS}:
        jobs = jobs_of_photo(jobs, caller, **photo)
    return jobs.filter(**{LOOKUPS[name]: value for name, value in query.items() if name in LOOKUPS})
