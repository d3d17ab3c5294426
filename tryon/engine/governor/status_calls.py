"""FASHN's limit on status calls, all predictions of an account together."""

from datetime import datetime
from typing import Final

from django.db import transaction

from config.core import clock
from tryon.accounts import terms_of
from tryon.engine.governor.row import lock

# FASHN counts 10 s from a request's arrival, we count whole seconds from its departure. Hence the margins.
WINDOW_SECONDS: Final = 12
MARGIN: Final = 5


def claim_status_call(account: str) -> bool:
    """Take a place for one status call within FASHN's limit. Return False if there is none.

    The place is taken under the lock and before the call, and callers at the same time keep to it.
    """
    with transaction.atomic():
        governor, second = lock(account), _second(clock.now())
        calls = {
            at: number for at, number in governor.status_calls.items() if int(at) > second - WINDOW_SECONDS
        }
        if sum(calls.values()) >= terms_of(account).status_calls - MARGIN:
            return False
        calls[str(second)] = calls.get(str(second), 0) + 1
        governor.status_calls = calls
        governor.save(update_fields=["status_calls"])
    return True


def _second(at: datetime) -> int:
    return int(at.timestamp())
