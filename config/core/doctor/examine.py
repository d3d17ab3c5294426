"""The list of examinations. The core has its own, and apps register theirs."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from django.db import DatabaseError

from config.core.doctor import machine, public, services
from config.core.doctor.findings import ADVICE, Finding, State

type Work = Callable[[], Iterable[Finding]]


@dataclass(frozen=True, slots=True)
class Examination:
    """``is_quick`` allows it within a request: it asks no provider and waits for nobody."""

    subject: str
    work: Work
    is_quick: bool


EXAMINATIONS: Final[list[Examination]] = [
    Examination(services.DATABASE, services.database, is_quick=True),
    Examination(services.CLOCK, services.clock_of_host, is_quick=True),
    Examination(services.REDIS, services.redis, is_quick=True),
    Examination(machine.STATIC_FILES, machine.static_files, is_quick=True),
    Examination(machine.SETTINGS, machine.settings_checked, is_quick=True),
    Examination(services.STORAGE, services.storage, is_quick=False),
    Examination(public.ADDRESS, public.address, is_quick=False),
]


def register(subject: str, work: Work, *, is_quick: bool) -> None:
    """Add an examination of an app."""
    EXAMINATIONS.append(Examination(subject, work, is_quick))


def examine(*, thorough: bool) -> list[Finding]:
    """Return all findings. A thorough examination may take minutes and calls other machines."""
    found: list[Finding] = []
    for examination in EXAMINATIONS:
        if thorough or examination.is_quick:
            try:
                found += examination.work()
            except DatabaseError as error:  # the database's own examination says what to do
                found.append(Finding(examination.subject, State.ERROR, type(error).__name__, ADVICE))
    return found
