"""The clocks of the machines. Each process compares its machine's with the database's, and tells the others.

Nothing depends on a host's clock, but logs are read by it and TLS certificates are checked by it.
"""

import math
import socket
import time
from contextlib import suppress
from datetime import timedelta
from typing import Any, Final

import structlog
from django.conf import settings
from django.db import DatabaseError
from redis import RedisError

from config.core import clock
from config.core.redis.addresses import connect

logger = structlog.stdlib.get_logger(__name__)

# By the name of the machine: the seconds that it is ahead, and the database's time of this, since 1970.
KEY: Final = "tryon:clocks"
TOLD_EACH: Final = 60.0
# A machine that has told nothing for so long is gone, or serves nobody.
IS_KNOWN_FOR: Final = timedelta(minutes=10)


def is_off(seconds_ahead: float) -> bool:
    """Return whether a person should set a machine's clock right."""
    return abs(seconds_ahead) > settings.ALERT_CLOCK_SECONDS


def host_name() -> str:
    """Return the name of this machine, as alerts have it."""
    return socket.gethostname()[:120]


class HostClock:
    """One process's knowledge of its machine's clock."""

    def __init__(self) -> None:
        self._told_at = -math.inf
        self._was_off = False

    def compare(self) -> None:
        """Ask the database for its time, log a clock that is off, and tell the others; once a minute."""
        if not self._is_due():
            return
        try:
            ahead = clock.host_seconds_ahead()
        except DatabaseError as error:
            logger.warning("clock_not_compared", error=type(error).__name__)
            return
        self._tell(ahead)

    def compare_known(self, **_signal: Any) -> None:
        """Do the same by the last reading of the database's clock, without a query."""
        if self._is_due() and (ahead := clock.known_seconds_ahead()) is not None:
            self._tell(ahead)

    def forget(self) -> None:
        """Compare again at the next call."""
        self._told_at = -math.inf

    def _is_due(self) -> bool:
        return time.monotonic() - self._told_at >= TOLD_EACH

    def _tell(self, ahead: float) -> None:
        self._told_at = time.monotonic()
        if is_off(ahead) and not self._was_off:
            logger.error("host_clock_off", seconds_ahead=round(ahead, 1))
        self._was_off = is_off(ahead)
        with suppress(RedisError), connect(settings.REDIS_URL) as redis:  # the next time is soon
            redis.hset(KEY, host_name(), f"{ahead:.3f} {clock.now().timestamp():.0f}")


def known() -> dict[str, float]:
    """Return how far each machine's clock is ahead of the database's, in seconds. Raise RedisError."""
    oldest = (clock.now() - IS_KNOWN_FOR).timestamp()
    found, gone = {}, []
    with connect(settings.REDIS_URL) as redis:
        told: Any = redis.hgetall(KEY)
        for machine, text in told.items():
            ahead, at = map(float, text.split())
            if at < oldest:
                gone.append(machine)
            else:
                found[machine.decode()] = ahead
        if gone:
            redis.hdel(KEY, *gone)
    return found


HOST_CLOCK: Final = HostClock()
