"""The start of a process on one of several machines: those at work must share with it what they share.

A machine with another SECRET_KEY refuses the others' tokens, one with another database takes the others' ids
for its own, one with a folder of its own stores pictures that no other finds. So it does not start.
"""

import socket
from typing import Final

import structlog
from redis import RedisError

from config.core.doctor import differences
from tryon.engine import queue
from tryon.selectors.predictions import calls_without_key

logger = structlog.stdlib.get_logger(__name__)

# A store may give each machine a login of its own.
MAY_DIFFER: Final = {"S3_SECRET_KEY"}


def tell_of_lost_keys() -> None:
    """Tell of calls that nobody can ask for any more, because their account's key has gone."""
    for account, number in calls_without_key().items():
        logger.warning("calls_without_key", account=account, number=number)


def require_shared_settings() -> None:
    """Compare this process with the workers of all machines. Raise SystemExit for one that differs.

    Without Redis nobody can be asked. Then the process starts, for the web serves without Redis.
    """
    try:
        seen = queue.workers()
    except RedisError as error:
        logger.warning("machine_not_compared", error=type(error).__name__)
        return
    names = [name for name in differences(worker.shared for worker in seen) if name not in MAY_DIFFER]
    if names:
        machines = sorted(
            {worker.machine for worker in seen if set(differences([worker.shared])) & set(names)}
        )
        logger.error("machine_refused", settings=names, machine=socket.gethostname(), others=machines)
        raise SystemExit(1)
