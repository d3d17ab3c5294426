"""The subjects of snapshots of result pages: one for each requester, one for those who see all results."""

from collections.abc import Iterable
from typing import Final
from uuid import UUID

from django.apps import apps

from config.core.snapshots import outdate_after_commit
from config.shops.abilities import Ability
from config.shops.callers import Caller

OF_ALL: Final = "results"


def pages_of(caller: Caller) -> str:
    """Return the subject of a caller's pages."""
    return OF_ALL if caller.may(Ability.SEE_ALL_RESULTS) else _subject(caller.requester)


def outdate_pages(job_ids: Iterable[UUID]) -> None:
    """Let no page with the results of these jobs count any more, once the current transaction has committed.

    Call it before a requester leaves such a job, and after one joins it.
    """
    viewers = apps.get_model("tryon", "JobViewer")._default_manager.filter(job__in=list(job_ids))
    outdate_pages_of(viewers.order_by().values_list("requester", flat=True).distinct())


def outdate_pages_of(requesters: Iterable[str]) -> None:
    """Let no page of these requesters count any more, as ``outdate_pages``."""
    outdate_after_commit([OF_ALL, *map(_subject, requesters)])


def _subject(requester: str) -> str:
    return f"results of {requester}"
