"""Prints jobs and predictions as JSON: ``python -m tests.chaos.rows``, in the environment of a world."""

import json
import sys

import django

django.setup()

from django.core.files.storage import default_storage  # noqa: E402  (settings and models need it set up)
from django.db.models.fields.files import FieldFile  # noqa: E402

from tryon.models import Prediction, TryOnJob  # noqa: E402


def rows() -> dict[str, list[dict[str, object]]]:
    """The part of the database that the verdict needs."""
    return {
        "jobs": [
            {
                "id": str(job.pk),
                "recipe": job.cache_key,
                "status": job.status,
                "errorCode": job.error_code,
                "stored": hasattr(job, "result") and exists(job.result.image),
                "personalRetries": sum(event.kind == "retried" for event in job.events.all()),
            }
            for job in TryOnJob.objects.select_related("result").prefetch_related("events")
        ],
        "predictions": [
            {
                "token": row.callback_token,
                "job": str(row.job_id),
                "step": row.step,
                "state": row.state,
                "providerId": row.provider_id,
                "kept": exists(row.kept),
            }
            for row in Prediction.objects.all()
        ],
    }


def exists(file: FieldFile) -> bool:
    """The row names a file, and it is there."""
    return bool(file) and default_storage.exists(file.name or "")


if __name__ == "__main__":
    json.dump(rows(), sys.stdout)
