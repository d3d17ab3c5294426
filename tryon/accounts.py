"""The accounts at FASHN, as this installation configures them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Final
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext_lazy as _
from structlog.stdlib import BoundLogger

from config.core.errors import DomainError
from tryon.models import Account

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
    ten seconds, and ``daily_limit`` in credits a day, 0 for no limit.
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


def require_account(account: str) -> None:
    """Raise TestModeOff for the test account of an installation without its sandbox."""
    if account not in accounts():
        raise TestModeOff


def accounts() -> list[str]:
    """Return the accounts that jobs can run on now."""
    return [Account.LIVE, Account.TEST] if settings.TEST_FASHN_URL else [Account.LIVE]


def alarm(logger: BoundLogger, account: str) -> Callable[..., object]:
    """Return the way to log what a person must see: a test key's jobs wake nobody."""
    return logger.warning if account == Account.TEST else logger.error


def counted_as(account: str, name: str) -> str:
    """Return the name of a daily count of an account. What test keys do counts apart."""
    return f"test {name}" if account == Account.TEST else name


def is_stand_in(account: str) -> bool:
    """Return whether a stand-in makes the pictures. FASHN itself is never at an http address."""
    return account == Account.TEST or urlsplit(terms_of(account).url).scheme == "http"


def terms_of(account: str) -> Terms:
    """Return how this installation uses an account."""
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
        key=settings.FASHN_API_KEY,
        concurrency=settings.QUEUE_CONCURRENCY,
        run_calls=settings.FASHN_RUN_CALLS,
        status_calls=settings.FASHN_STATUS_CALLS,
        daily_limit=settings.TRYON_DAILY_LIMIT,
    )
