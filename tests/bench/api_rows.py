"""Fill an installation for ``api``, and print what it needs: ``python -m tests.bench.api_rows JOBS``."""

import json
import sys
from typing import Any, Final

import django

django.setup()

from config.shops.keys import key_issue  # noqa: E402  (models need Django set up)
from results.models import TryOnResult  # noqa: E402
from tests.bench import bulk  # noqa: E402
from tests.factories import model_of  # noqa: E402
from tryon.fashn.options import TryOnOptions  # noqa: E402
from tryon.models import TryOnJob  # noqa: E402
from tryon.services.generate import cache_key, with_default_category  # noqa: E402

COMPLETED, FAILED, CANCELED = 5, 7, 13
QUEUED: Final = 33


def fill(jobs: int) -> dict[str, Any]:
    """Add the rows. Return a shop's key, the ids of jobs by status, and the photos of a finished try-on."""
    shop, key = key_issue(name="Shop")
    bulk.fill(jobs=jobs, queued=QUEUED, requester=f"shop:{shop.shop_id}")
    numbers = {
        "completed": COMPLETED,
        "failed": FAILED,
        "canceled": CANCELED,
        "processing": jobs - QUEUED,
        "queued": jobs - 2,
    }
    ids = {status: str(bulk.uid(bulk.JOB, number)) for status, number in numbers.items()}
    job = TryOnJob.objects.select_related("product_image", "model_image").get(pk=ids["completed"])
    recipe = with_default_category(TryOnOptions(), model_of(job)).normalised()
    name = cache_key([job.product_image], model_of(job), recipe, job.account)
    TryOnJob.objects.filter(pk=job.pk).update(cache_key=name)
    TryOnResult.objects.filter(job=job).update(cache_key=name)
    wish = {"productImageId": str(job.product_image_id), "modelImageId": str(job.model_image_id)}
    return {"key": key, "jobs": ids, "wish": wish}


if __name__ == "__main__":
    json.dump(fill(int(sys.argv[1])), sys.stdout)
