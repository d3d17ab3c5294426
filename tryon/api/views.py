"""The storefront's calls: upload, generate, follow."""

from typing import TYPE_CHECKING
from uuid import UUID

from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import parsers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from config.core.http.envelope import answers, enveloped, success
from config.core.http.pagination import paginate
from config.core.images import ImageMissing
from config.shops.callers import caller_of
from tryon.access import JobNotFound, job_for, jobs_for
from tryon.api.serializers import (
    GeneratedSerializer,
    GenerateSerializer,
    JobSerializer,
    UploadedSerializer,
    UploadSerializer,
    job_json,
    uploaded_json,
    wait_of,
)
from tryon.fashn.options import TryOnOptions
from tryon.models import Status
from tryon.selectors import with_jobs_ahead
from tryon.services.fallback import advance_overdue
from tryon.services.generate import tryon_generate
from tryon.services.jobs import job_cancel, job_retry
from tryon.services.products import product_image_create
from tryon.services.reuse import Reuse

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from tryon.selectors import QueuedJob


class UploadView(APIView):
    """Take in a product photo."""

    parser_classes = [parsers.MultiPartParser]

    @extend_schema(
        operation_id="upload",
        request=UploadSerializer,
        responses=answers({201: enveloped(UploadedSerializer)}, 400, 413, 415, 422, 503, 507),
    )
    def post(self, request: Request) -> Response:
        if "file" not in request.FILES:
            raise ImageMissing
        form = UploadSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        photo, warnings = product_image_create(
            file=form.validated_data["file"],
            product_id=form.validated_data["productId"],
            metadata=form.validated_data.get("metadata"),
            requester=caller_of(request).requester,
        )
        return success(uploaded_json(photo, warnings, request), status=201)


class GenerateView(APIView):
    """Ask for a try-on."""

    @extend_schema(
        operation_id="generate",
        request=GenerateSerializer,
        responses=answers(
            {200: enveloped(GeneratedSerializer), 202: enveloped(GeneratedSerializer)}, 400, 404, 409, 415
        ),
    )
    def post(self, request: Request) -> Response:
        wanted = GenerateSerializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        generated = tryon_generate(
            caller=caller_of(request),
            product_image_id=wanted.validated_data["productImageId"],
            model_image_id=wanted.validated_data["modelImageId"],
            options=wanted.validated_data.get("options") or TryOnOptions(),
        )
        job = with_jobs_ahead(jobs_for(caller_of(request))).get(pk=generated.job.pk)
        wait = 0 if generated.reuse is Reuse.HIT else wait_of(job)
        body = {"jobId": str(job.pk), "status": job.status, "estimatedWaitTime": wait}
        return success(body, status=200 if job.status == Status.COMPLETED else 202)


class JobView(APIView):
    """Follow a try-on."""

    @extend_schema(operation_id="job", responses=answers({200: enveloped(JobSerializer)}, 404))
    def get(self, request: Request, job_id: UUID) -> Response:
        # One indexed query: the job, its result, and its place in the queue together.
        job = jobs_to_show(request).filter(pk=job_id).first()
        if job is None:
            raise JobNotFound
        if advance_overdue(job):
            job = jobs_to_show(request).get(pk=job_id)
        return success(job_json(job, request))


class JobsView(APIView):
    """The caller's jobs, newest first."""

    @extend_schema(
        operation_id="jobs",
        parameters=[
            OpenApiParameter("status", enum=Status.values),
            OpenApiParameter("page", int),
            OpenApiParameter("pageSize", int),
        ],
        responses=answers({200: enveloped(JobSerializer, many=True)}, 400),
    )
    def get(self, request: Request) -> Response:
        jobs = jobs_to_show(request)
        if status := request.query_params.get("status", ""):
            if status not in Status.values:
                allowed = ", ".join(Status.values)
                raise ValidationError({"status": [_("Use one of %(allowed)s.") % {"allowed": allowed}]})
            jobs = jobs.filter(status=status)
        rows, meta = paginate(jobs, request)
        return success([job_json(job, request) for job in rows], meta=meta)


class JobCancelView(APIView):
    """Cancel a try-on."""

    @extend_schema(
        operation_id="jobCancel", request=None, responses=answers({200: enveloped(JobSerializer)}, 404, 409)
    )
    def post(self, request: Request, job_id: UUID) -> Response:
        caller = caller_of(request)
        job = job_cancel(job_for(caller, job_id), caller)
        return success({"id": str(job.pk), "status": job.status, "progress": job.progress})


class JobRetryView(APIView):
    """Pay for another try of a failed try-on."""

    @extend_schema(
        operation_id="jobRetry",
        request=None,
        responses=answers({202: enveloped(JobSerializer), 200: enveloped(JobSerializer)}, 404, 409),
    )
    def post(self, request: Request, job_id: UUID) -> Response:
        caller = caller_of(request)
        retried = job_retry(job_for(caller, job_id), caller)
        job = jobs_to_show(request).get(pk=retried.pk)
        return success(job_json(job, request), status=200 if job.status == Status.COMPLETED else 202)


def jobs_to_show(request: Request) -> "QuerySet[QueuedJob]":
    """The caller's jobs with their results and places in the queue."""
    return with_jobs_ahead(jobs_for(caller_of(request))).select_related("result")
