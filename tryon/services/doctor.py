"""The doctor's examinations of FASHN and of the workers, and its report for the admin."""

import socket
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.utils.translation import gettext_noop as _
from redis import RedisError

from config.core import clock
from config.core.doctor import Finding, State, differences, examine, register
from config.core.upkeep.models import DoctorReport
from config.shops.models import ApiKey
from tryon.accounts import accounts, accounts_of
from tryon.engine import queue
from tryon.engine.provider import credits_left
from tryon.fashn.errors import FashnError, Unauthorized
from tryon.models import Account
from tryon.selectors.predictions import calls_without_key

FASHN: Final = _("FASHN")
WORKERS: Final = _("Workers")
TEST_KEYS: Final = _("Test keys")
ACCOUNTS: Final = _("Accounts at FASHN")
REPORT_AGE: Final = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Report:
    """The findings of a worker, about all that it uses."""

    at: datetime
    machine: str
    findings: list[Finding]

    @property
    def is_recent(self) -> bool:
        """Return whether it is of the last week."""
        return self.at > clock.now() - REPORT_AGE


def register_examinations() -> None:
    """Add what this app knows to the doctor's list."""
    register(WORKERS, workers, is_quick=True)
    register(ACCOUNTS, calls_left_behind, is_quick=True)
    register(FASHN, fashn, is_quick=False)
    register(TEST_KEYS, test_keys, is_quick=False)


def fashn() -> Iterator[Finding]:
    """Ask FASHN for the balance, which is free."""
    if not (settings.FASHN_API_KEY or any(settings.FASHN_API_KEYS)):
        advice = _("Set FASHN_API_KEY, the key of FASHN's developer API.")
        yield Finding(FASHN, State.ERROR, "FASHN_API_KEY", advice)
        return
    for account in accounts_of(Account.LIVE):
        yield from _fashn_account(account)


def calls_left_behind() -> Iterator[Finding]:
    """Look for calls that may still bring a picture, on accounts whose key was taken from the settings."""
    left = calls_without_key()
    for account, number in sorted(left.items()):
        advice = _(
            "Predictions are under way on an account without a key. Put its key back until they have ended,"
            " or let their jobs be retried: another account is paid then."
        )
        yield Finding(ACCOUNTS, State.WARNING, f"{account}: {number}", advice)
    if not left:
        yield Finding(ACCOUNTS, fact=str(len(accounts_of(Account.LIVE))))


def _fashn_account(account: str) -> Iterator[Finding]:
    name = "" if account == Account.LIVE else f"{account}: "
    try:
        balance = credits_left(account)
    except Unauthorized:
        advice = _("FASHN does not accept the key. Set FASHN_API_KEY and restart.")
        if name:
            advice = _("FASHN does not accept the key. Mend it in FASHN_API_KEYS and restart.")
        yield Finding(FASHN, State.ERROR, f"{name}401", advice)
    except FashnError as error:
        advice = _("FASHN does not answer. Check FASHN_API_URL, and the way out of this network.")
        yield Finding(FASHN, State.ERROR, f"{name}{type(error).__name__}", advice)
    else:
        if balance > 0:
            yield Finding(FASHN, fact=f"{name}{balance:,}")
        else:
            yield Finding(FASHN, State.ERROR, f"{name}0", _("FASHN's credits are used up. Buy credits."))


def test_keys() -> Iterator[Finding]:
    """Ask the sandbox of test keys for the balance, if there is such a sandbox or such a key."""
    if Account.TEST not in accounts():
        if ApiKey.objects.filter(is_test=True, is_active=True).exists():
            advice = _("Test keys make no pictures. Start a sandbox, and set TEST_FASHN_URL.")
            yield Finding(TEST_KEYS, State.WARNING, "TEST_FASHN_URL", advice)
        return
    try:
        balance = credits_left(Account.TEST)
    except FashnError as error:
        advice = _("The sandbox of test keys refuses. Check TEST_FASHN_URL and TEST_FASHN_API_KEY.")
        yield Finding(TEST_KEYS, State.WARNING, type(error).__name__, advice)
    else:
        yield Finding(TEST_KEYS, fact=f"{balance:,}")


def workers() -> Iterator[Finding]:
    """Look for the processes that do the work, and compare what they share with this process."""
    try:
        seen, clocks = queue.workers(), len(queue.clocks())
    except RedisError:
        return  # Redis has a finding of its own
    served = {name for worker in seen for name in worker.queues}
    missing = {queue.STEPS, queue.MAINTENANCE} - served
    for name in sorted(missing):
        advice = _("No worker serves the queue %(queue)s. Start one.")
        yield Finding(WORKERS, State.ERROR, name, advice, {"queue": name})
    if clocks == 0:
        advice = _("No clock runs, so nothing is cleaned up. Start manage.py rqcron config.cron.")
        yield Finding(WORKERS, State.ERROR, "cron", advice)
    elif clocks > 1:
        advice = _("Several clocks run. One is enough.")
        yield Finding(WORKERS, State.WARNING, str(clocks), advice)
    if others := differences(worker.shared for worker in seen):
        advice = _(
            "Some workers differ from this process in these settings. Set the same everywhere, and restart."
        )
        yield Finding(WORKERS, State.ERROR, ", ".join(others), advice)
    if not missing and clocks == 1 and not others:
        yield Finding(WORKERS, fact=str(len(seen)))


def report_ask() -> bool:
    """Have a worker write a report. It may take a minute. Return False while nobody can be asked."""
    if queue.is_away():
        return False
    queue.enqueue_doctor()
    return True


def report_write() -> None:
    """Examine everything and keep the findings. Calls FASHN, the store and the public address."""
    findings = [finding.kept() for finding in examine(thorough=True)]
    found = {"at": clock.now(), "machine": socket.gethostname()[:255], "findings": findings}
    DoctorReport.objects.update_or_create(number=DoctorReport.THE_ONE, defaults=found)


def report() -> Report | None:
    """Return the last report of a week, None if there is none."""
    kept = last_report()
    return kept if kept is not None and kept.is_recent else None


def last_report() -> Report | None:
    """Return the last report, however old. None before the first."""
    kept = DoctorReport.objects.first()
    if kept is None:
        return None
    return Report(kept.at, kept.machine, [Finding.read(finding) for finding in kept.findings])
