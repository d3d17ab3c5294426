"""The balances at FASHN, as it told them last: to a task, a probe or the doctor, all of which may ask.

A request never waits for FASHN.
"""

from contextlib import suppress
from datetime import datetime
from typing import Any

import structlog
from django.db import DatabaseError
from django.dispatch import receiver

from tryon.accounts import accounts, terms_of
from tryon.engine import governor
from tryon.engine.provider import balance_told, credits_left
from tryon.fashn.errors import FashnError, Unauthorized
from tryon.models import Pause
from tryon.money.models import Balance

logger = structlog.stdlib.get_logger(__name__)


def ask_balances() -> None:
    """Ask FASHN for the balance of each account with a key. A key that it refuses pauses its account."""
    for account in accounts():
        if not terms_of(account).key:
            continue
        try:
            credits_left(account)
        except FashnError as error:
            logger.warning("balance_not_told", account=account, error=type(error).__name__)
            if isinstance(error, Unauthorized):
                Balance.objects.filter(account=account).delete()  # it was another key's
                if governor.is_reachable(account):
                    governor.pause(account, Pause.UNAUTHORIZED)  # the probes of the sweep find its end


@receiver(balance_told)
def keep(account: str, credits: int, at: datetime, **_: Any) -> None:
    """Keep what FASHN has told. Who asks goes on without the database."""
    with suppress(DatabaseError):
        Balance.objects.update_or_create(account=account, defaults={"credits": max(0, credits), "at": at})
