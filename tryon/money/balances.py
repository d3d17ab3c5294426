"""The balances at FASHN. A task asks for them, because a request never waits for FASHN."""

import structlog

from config.core import clock
from tryon.accounts import accounts, terms_of
from tryon.engine.provider import client
from tryon.fashn.errors import FashnError, Unauthorized
from tryon.money.models import Balance

logger = structlog.stdlib.get_logger(__name__)


def ask_balances() -> None:
    """Ask FASHN for the balance of each account with a key, and keep the answers."""
    for account in accounts():
        if not terms_of(account).key:
            continue
        asked_at = clock.now()  # what is sent from here on may not be in the answer
        try:
            told = client(account).credits().total
        except FashnError as error:
            logger.warning("balance_not_told", account=account, error=type(error).__name__)
            if isinstance(error, Unauthorized):
                Balance.objects.filter(account=account).delete()  # it was another key's
        else:
            Balance.objects.update_or_create(
                account=account, defaults={"credits": max(0, told), "at": asked_at}
            )
