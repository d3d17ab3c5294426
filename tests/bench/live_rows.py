"""Fill an installation for ``live``, and print what it needs: ``python -m tests.bench.live_rows JOBS``."""

import json
import sys
from itertools import batched
from typing import Any, Final

import django

django.setup()

from django.conf import settings  # noqa: E402  (models need Django set up)

from config.core import clock  # noqa: E402
from config.core.tickets import Ticket, viewer_of  # noqa: E402
from config.shops.keys import key_issue  # noqa: E402
from tests.bench import bulk  # noqa: E402
from tryon.services import live  # noqa: E402

OTHERS: Final = 100
COMPLETED: Final = 5
TICKET_SECONDS: Final = 7200


def fill(jobs: int) -> dict[str, Any]:
    """Add queued jobs that are followed. Return a key, a completed job, the jobs and their addresses."""
    shop, key = key_issue(name="Shop")
    requester = f"shop:{shop.shop_id}"
    bulk.fill(jobs=jobs + OTHERS, queued=jobs, requester=requester)
    ids = [bulk.uid(bulk.JOB, number) for number in range(OTHERS + 1, OTHERS + jobs + 1)]
    for some in batched(ids, live.BATCH, strict=False):
        live._tell(some)
    until = int(clock.now().timestamp()) + TICKET_SECONDS
    texts = [Ticket(one, viewer_of(requester), until, frozenset()).text(settings.SECRET_KEY) for one in ids]
    return {
        "key": key,
        "row": str(bulk.uid(bulk.JOB, COMPLETED)),
        "jobs": [str(one) for one in ids],
        "paths": [f"/events/jobs/{one}?ticket={text}" for one, text in zip(ids, texts, strict=True)],
    }


if __name__ == "__main__":
    json.dump(fill(int(sys.argv[1])), sys.stdout)
