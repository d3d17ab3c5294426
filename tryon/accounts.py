"""The accounts at FASHN, as this installation configures them.

Jobs wait in two queues, ``live`` and ``test``, and ``TryOnJob.account`` names the queue. A queue's jobs run
on any of its accounts, one for each key. ``Prediction.account`` says on which. A queue is named after its
first account.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Final
from urllib.parse import urlsplit

from django.conf import settings
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from structlog.stdlib import BoundLogger

from config.core.errors import DomainError
from tryon.models import Account, further_account

# Predictions in flight, runs a minute and status calls in ten seconds of the test account: FASHN's defaults,
# which a sandbox keeps to.
TEST_CONCURRENCY: Final = 5
TEST_CALLS: Final = 50
# Nobody answers there. A test job that is left when the sandbox is unset fails at its deadline.
NOWHERE: Final = "http://sandbox.invalid"


@dataclass(frozen=True, slots=True)
class Terms:
    """An account's address and key, and how much of it may be used.

    ``concurrency`` is in predictions in flight, ``run_calls`` in calls a minute, ``status_calls`` in calls in
    ten seconds. ``daily_limit`` is in credits a day, 0 for no limit, for all accounts of the queue together.
    """

    url: str
    key: str
    concurrency: int
    run_calls: int
    status_calls: int
    daily_limit: int


class TestModeOff(DomainError):
    code: ClassVar[str] = "test_mode_off"
    status: ClassVar[int] = 409
    message: Any = _("Nothing makes pictures for test keys here. Use a live key, or have TEST_FASHN_URL set.")


def require_queue(queue: str) -> None:
    """Raise TestModeOff for the test queue of an installation without its sandbox."""
    if queue not in queues():
        raise TestModeOff


def queues() -> list[str]:
    """Return the queues whose jobs can run now."""
    return [Account.LIVE, Account.TEST] if settings.TEST_FASHN_URL else [Account.LIVE]


def accounts() -> list[str]:
    """Return the accounts that calls can be made on now."""
    return [account for queue in queues() for account in accounts_of(queue)]


def accounts_of(queue: str) -> list[str]:
    """Return the accounts that a queue's jobs run on: one for each key of ours.

    Where there is no key at all, the first account's calls are made, and FASHN's refusal is seen.
    """
    if queue == Account.TEST:
        return [Account.TEST]
    further = [further_account(number) for number, key in enumerate(settings.FASHN_API_KEYS, 2) if key]
    return [Account.LIVE, *further] if settings.FASHN_API_KEY or not further else further


def has_key(account: str) -> bool:
    """Return whether FASHN can be asked as this account: its key was not taken from the settings."""
    return account in accounts()


def stands_for_queue(account: str) -> bool:
    """Return whether what all accounts of a queue have in common is told with this one."""
    return account == accounts_of(queue_of(account))[0]


def queue_of(account: str) -> str:
    """Return the queue whose jobs run on an account."""
    return (Account.TEST if account == Account.TEST else Account.LIVE).value


def calls_of(queue: str) -> Q:
    """Return the condition for the predictions of a queue's jobs, also on accounts that were ours once."""
    is_test = Q(account=Account.TEST)
    return is_test if queue == Account.TEST else ~is_test


def alarm(logger: BoundLogger, account: str) -> Callable[..., object]:
    """Return the way to log what a person must see: a test key's jobs wake nobody."""
    return logger.warning if account == Account.TEST else logger.error


def counted_as(account: str, name: str) -> str:
    """Return the name of a daily count of an account. What test keys do counts apart."""
    return f"test {name}" if account == Account.TEST else name


def is_stand_in(account: str) -> bool:
    """Return whether a stand-in makes the pictures. FASHN itself is never at an http address."""
    return account == Account.TEST or urlsplit(terms_of(account).url).scheme == "http"


def concurrency_of(queue: str) -> int:
    """Return the number of a queue's predictions that may be in flight."""
    return sum(terms_of(account).concurrency for account in accounts_of(queue))


def terms_of(account: str) -> Terms:
    """Return how this installation uses an account. One whose key is gone gets no answer."""
    if account == Account.TEST:
        return Terms(
            url=settings.TEST_FASHN_URL or NOWHERE,
            key=settings.TEST_FASHN_API_KEY,
            concurrency=TEST_CONCURRENCY,
            run_calls=TEST_CALLS,
            status_calls=TEST_CALLS,
            daily_limit=0,
        )
    return Terms(
        url=settings.FASHN_API_URL,
        key=_live_key(account),
        concurrency=settings.QUEUE_CONCURRENCY,
        run_calls=settings.FASHN_RUN_CALLS,
        status_calls=settings.FASHN_STATUS_CALLS,
        daily_limit=settings.TRYON_DAILY_LIMIT,
    )


def _live_key(account: str) -> str:
    if account == Account.LIVE:
        return str(settings.FASHN_API_KEY)
    keys = {further_account(number): key for number, key in enumerate(settings.FASHN_API_KEYS, 2)}
    return keys.get(account, "")
