"""The watch over storage: a warning at 80 % full, an early cleanup at 95 %."""

from datetime import timedelta
from typing import Final

import structlog

from config.core import clock
from config.core.upkeep import quota
from config.core.upkeep.models import CleanupRun

logger = structlog.stdlib.get_logger(__name__)

WARN_PERCENT: Final = 80
CLEAN_PERCENT: Final = 95
# An early cleanup removes all it can, so another one a few minutes later would find little more.
CLEAN_AGAIN: Final = timedelta(hours=1)


def must_clean_early() -> bool:
    """Warn operators when storage fills up. Return whether an early cleanup is due."""
    percent = quota.percent_used()
    if percent is None or percent < WARN_PERCENT:
        return False
    tell = logger.error if percent >= CLEAN_PERCENT else logger.warning
    tell("storage_filling", percent=percent)
    done_lately = CleanupRun.objects.filter(
        task="rejected_results", started_at__gt=clock.now() - CLEAN_AGAIN, cursor=""
    )
    return percent >= CLEAN_PERCENT and not done_lately.exists()
