"""Measuring new results: the doubts that sort them on the review page. No doubt ever rejects a result."""

import time
from typing import Any, Final

from config.core.images import ImageRefused, ImagesBusy, find_doubts
from config.core.storage import ObjectArchived, ObjectMissing, StorageUnavailable, read
from results.models import TryOnResult
from tryon.models import Account, TryOnJob

AT_A_TIME: Final = 50


def measure_some(*, seconds: float) -> int:
    """Measure results for some seconds, and return how many. The rest is left for the next call."""
    end, measured = time.monotonic() + seconds, 0
    while rows := list(_unmeasured()[:AT_A_TIME]):
        for row in rows:
            if time.monotonic() >= end:
                return measured
            try:
                flags = _flags_of(row)
            except (ImagesBusy, StorageUnavailable):
                return measured
            TryOnResult.objects.filter(pk=row.pk).update(flags=flags, is_flagged=bool(flags))
            measured += 1
    return measured


def _unmeasured() -> Any:
    rows = TryOnResult.objects.filter(flags__isnull=True).order_by("pk")
    return rows.select_related("job__product_image", "job__model_image")


def _flags_of(result: TryOnResult) -> list[dict[str, Any]]:
    """Return the doubts about a result. Nobody reviews those of shoppers and of tests, so they have none."""
    job: TryOnJob = result.job
    if job.model_image is None or job.account == Account.TEST:
        return []
    garment = None if job.is_outfit else str(job.product_image.thumbnail)
    try:
        return find_doubts(
            read(str(result.thumbnail)),
            read(str(job.model_image.thumbnail)),
            read(garment) if garment else None,
            other_background="background" in job.options,
        )
    except (ImageRefused, ObjectMissing, ObjectArchived):
        return []
