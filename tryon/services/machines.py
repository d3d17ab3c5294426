"""The start of a process on one of several machines: those at work must share with it what they share.

A machine with another SECRET_KEY refuses the others' tokens, one with another database takes the others' ids
for its own, one with a folder of its own stores pictures that no other finds. So it does not start.
"""

import socket
from typing import Final

import structlog
from django.db import transaction
from redis import RedisError

from config.core.doctor import differences, fingerprint
from tryon.accounts import accounts_of, terms_of
from tryon.engine import governor, queue
from tryon.models import Account, Governor
from tryon.selectors.predictions import calls_awaited, calls_without_key

logger = structlog.stdlib.get_logger(__name__)

# A store may give each machine a login of its own.
MAY_DIFFER: Final = {"S3_SECRET_KEY"}


def tell_of_lost_keys() -> None:
    """Tell of calls that nobody can ask for any more, because their account's key has gone."""
    for account, number in calls_without_key().items():
        logger.warning("calls_without_key", account=account, number=number)


def require_keys_in_place() -> None:
    """Compare the places of FASHN's keys with those of the last start, and keep the new ones.

    A key at another account's place asks FASHN for calls that it does not know, and paid pictures would be
    given up. Raise SystemExit if a key has moved while such calls are awaited.
    """
    marks = {
        account: fingerprint(terms_of(account).key)
        for account in accounts_of(Account.LIVE)
        if terms_of(account).key
    }
    with transaction.atomic():
        governor.lock(Account.LIVE)  # one process at a time
        kept = dict(Governor.objects.exclude(key_mark="").values_list("account", "key_mark"))
        if kept == marks:
            return
        moved = {
            (before, now)
            for now, mark in marks.items()
            for before, known in kept.items()
            if mark == known and before != now
        }
        if calls_awaited().keys() & {account for places in moved for account in places}:
            logger.error("keys_moved", moved=[f"{before} to {now}" for before, now in sorted(moved)])
            raise SystemExit(1)
        Governor.objects.exclude(account__in=marks).update(key_mark="")
        for account, mark in marks.items():
            governor.lock(account)
            Governor.objects.filter(account=account).update(key_mark=mark)


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
