"""Tickets of the live door end with the credential that they were written for."""

from collections.abc import Iterable
from typing import Any, Final
from uuid import UUID

import structlog
from django.conf import settings
from django.core.cache import cache
from redis import RedisError

from config.core import clock
from config.core.redis import marks
from config.core.tickets import end_at, viewer_of

logger = structlog.stdlib.get_logger(__name__)

KEY: Final = "key:"


def key_holder(key_id: UUID) -> str:
    """Return the name of the holder that a key is."""
    return f"{KEY}{key_id}"


def end_tickets(holders: Iterable[str]) -> None:
    """End the tickets of keys and viewers, by name. Best effort: else they end by themselves."""
    digests = [viewer_of(holder) for holder in holders]
    if not (settings.EVENTS_URL and digests):
        return
    backend: Any = cache
    try:
        marks.write(backend.client.get_client(write=True), digests, end_at(clock.now().timestamp()))
    except RedisError as error:
        logger.warning("tickets_not_ended", error=type(error).__name__)
