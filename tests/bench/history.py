"""Fill the tallies of eight busy days, and the events of five busy minutes that are not added up yet."""

from collections import Counter
from datetime import timedelta
from itertools import islice, product
from typing import Final
from uuid import UUID, uuid4

from config.core import clock
from tests.bench import bulk
from tryon.metrics.histograms import NAMES
from tryon.metrics.models import ALL_TIME, SPANS, Topic
from tryon.metrics.rollup import ARE_KEPT, roll_up
from tryon.metrics.tallies import Counts, Thing, add
from tryon.models import Account, EventKind, JobEvent, Lane

SHOPS: Final = 20
CODES: Final = ("pose_not_found", "content_refused", "deadline_passed", "provider_server_error")
MODES: Final = ("balanced", "quality", "performance", "balanced 2k")
STAGES: Final = ("queue", "sending", "fashn", "storing")
# FASHN takes 50 runs a minute.
ENDED: Final = 250
STEPS: Final[tuple[tuple[EventKind, int, dict[str, int]], ...]] = (
    (EventKind.QUEUED, 12, {}),
    (EventKind.STARTED, 10, {}),
    (EventKind.SUBMITTED, 9, {}),
    (EventKind.PICTURE_READY, 2, {"credits": 1}),
    (EventKind.COMPLETED, 1, {}),
)


def fill(shop: UUID) -> None:
    """Add the rows. The jobs of the events are finished ones."""
    now = clock.now()
    roll_up(max_seconds=600)
    counts = _of_a_span([str(shop), *(str(uuid4()) for _ in range(SHOPS - 1))])
    add(ALL_TIME, now, counts)
    for span in SPANS:
        for number in range(1, int(ARE_KEPT[span].total_seconds()) // span):
            add(span, now - number * timedelta(seconds=span), counts)
    _fill_events()


def _of_a_span(shops: list[str]) -> Counts:
    account = Account.LIVE
    return Counter(
        {
            Thing(Topic.ENDED, account, "completed"): 200,
            **{Thing(Topic.ENDED, account, "failed", code): 5 for code in CODES},
            **{Thing(Topic.SHOP, account, shop, "completed"): 10 for shop in shops},
            **{Thing(Topic.SHOP_CREDITS, account, shop): 10 for shop in shops},
            **{Thing(Topic.CALL, account, outcome): 9 for outcome in ("succeeded", "failed", "refused")},
            **{Thing(Topic.CREDITS, account, kind): 9 for kind in ("spent", "saved")},
            **{
                Thing(Topic.STAGE, account, stage, mode, bucket): 7
                for stage, mode, bucket in product(STAGES, MODES, islice(NAMES, 4, 9))
            },
            **{Thing(Topic.STAGE_TIME, account, stage, mode): 7000 for stage, mode in product(STAGES, MODES)},
            **{
                Thing(Topic.WAIT, account, lane, bucket): 8
                for lane, bucket in product(Lane.values, islice(NAMES, 6))
            },
            **{Thing(Topic.CACHE, account, outcome): 8 for outcome in ("hit", "join", "miss")},
        }
    )


def _fill_events() -> None:
    """Let jobs be made again in the last minutes."""
    now = clock.now()
    JobEvent.objects.bulk_create(
        JobEvent(job_id=bulk.uid(bulk.JOB, number), kind=kind, at=now - timedelta(seconds=before), data=data)
        for number in range(1, ENDED + 1)
        for kind, before, data in STEPS
    )
