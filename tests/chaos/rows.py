"""Prints jobs and predictions as JSON: ``python -m tests.chaos.rows``, in the environment of a world."""

import json
import sys

import django

django.setup()

from django.core.files.storage import default_storage  # noqa: E402  (settings and models need it set up)

from tryon.models import Prediction, TryOnJob  # noqa: E402


def rows() -> dict[str, list[dict[str, object]]]:
    """What the verdict needs to know of the database."""
    return {
        "jobs": [
            {
                "id": str(job.pk),
                "status": job.status,
                "errorCode": job.error_code,
                "createdAt": job.created_at.isoformat(),
                "completedAt": job.completed_at.isoformat() if job.completed_at else None,
                "stored": is_stored(job),
                "personalRetries": sum(event.kind == "retried" for event in job.events.all()),
            }
            for job in TryOnJob.objects.select_related("result").prefetch_related("events")
        ],
        "predictions": [
            {
                "token": row.callback_token,
                "job": str(row.job_id),
                "state": row.state,
                "providerId": row.provider_id,
            }
            for row in Prediction.objects.all()
        ],
    }


def is_stored(job: TryOnJob) -> bool:
    """The job has a result, and its file is there."""
    return hasattr(job, "result") and default_storage.exists(job.result.image.name or "")


if __name__ == "__main__":
    json.dump(rows(), sys.stdout)
