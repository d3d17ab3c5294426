"""Prints jobs and predictions as JSON: ``python -m tests.chaos.rows``, in the environment of a world."""

import json
import sys

import django

django.setup()

from tryon.models import Prediction, TryOnJob  # noqa: E402  (models need Django set up)


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
                "stored": hasattr(job, "result"),
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


if __name__ == "__main__":
    json.dump(rows(), sys.stdout)
