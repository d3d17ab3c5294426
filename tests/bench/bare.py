"""The measure of ``make bench-api``: a Django view without middleware that reads one row by its key."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path

from config.urls import urlpatterns as product
from tryon.models import TryOnJob


def bare(request: HttpRequest, job_id: UUID) -> HttpResponse:
    job = TryOnJob.objects.get(pk=job_id)
    response = JsonResponse({"id": str(job.pk), "status": job.status, "progress": job.progress})
    response["Content-Length"] = len(response.content)
    return response


urlpatterns = [path("bare/<uuid:job_id>", bare), *product]
