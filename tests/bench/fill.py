"""Fills an installation with results: ``python -m tests.bench.fill 10000``, in its environment."""

import os
import sys
import uuid
from datetime import timedelta
from pathlib import Path

import django

django.setup()

from django.conf import settings  # noqa: E402  (settings and models need Django set up)

from config.core import clock  # noqa: E402
from config.core.storage.keys import random_key  # noqa: E402
from models_library.models import Category, ModelImage  # noqa: E402
from results.models import TryOnResult  # noqa: E402
from tryon.models import ProductImage, Status, TryOnJob  # noqa: E402

BATCH = 1000
PICTURE_BYTES = 20_000
OLD = timedelta(days=2)


def fill(results: int) -> None:
    """Add jobs with results, nine of ten expired, and for each a picture without a row."""
    photo = {"width": 900, "height": 1200, "checksum": "0" * 64}
    product = ProductImage.objects.create(product_id="SKU-1", **photo)
    model = ModelImage.objects.create(name="Ada", category=Category.FULL_BODY, **photo)
    now = clock.now()
    for start in range(0, results, BATCH):
        numbers = range(start, min(results, start + BATCH))
        jobs = [
            TryOnJob(
                product_image=product,
                model_image=model,
                cache_key=uuid.uuid4().hex * 2,
                status=Status.COMPLETED,
                progress=100,
                completed_at=now,
                requester="shop:bench",
            )
            for _ in numbers
        ]
        TryOnJob.objects.bulk_create(jobs)
        TryOnResult.objects.bulk_create(
            TryOnResult(
                job=job,
                image=store("png"),
                thumbnail=store("webp"),
                width=864,
                height=1296,
                cache_key=job.cache_key,
                expires_at=now + timedelta(days=1 if number % 10 == 0 else -1),
            )
            for number, job in zip(numbers, jobs, strict=True)
        )
        for _ in numbers:
            store("png")


def store(extension: str) -> str:
    """Write a file that looks old; its key."""
    key = random_key("results", extension)
    path = Path(settings.MEDIA_ROOT) / key
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"\0" * PICTURE_BYTES)
    at = (clock.now() - OLD).timestamp()
    os.utime(path, (at, at))
    return key


if __name__ == "__main__":
    fill(int(sys.argv[1]))
