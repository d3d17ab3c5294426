"""Free answers to an identical request: the existing picture, or the active job."""

from collections.abc import Sequence
from enum import Enum
from typing import Annotated, TypedDict

from django.db import transaction
from django.db.models import Case, F, Value, When

from config.core.snapshots import outdate_after_commit
from config.core.upkeep.counts import count, counted
from config.shops.callers import Caller
from results import reuse
from results.models import TryOnResult
from results.pages import outdate_pages_of
from tryon.access.photos import hold
from tryon.accounts import counted_as
from tryon.engine import actions, governor
from tryon.engine.savings import CREDITS_SAVED
from tryon.fashn.inputs import total_credits
from tryon.fashn.options import TryOnOptions
from tryon.models import ACTIVE, JobViewer, Lane, ProductImage, TryOnJob
from tryon.services.limits import check_hurry


class Reuse(Enum):
    """The way a request was answered. The value is the name of its counter."""

    HIT = "reuse_hits"
    JOIN = "reuse_joins"
    MISS = "reuse_misses"


class ReuseStatistics(TypedDict):
    hits: Annotated[int, "Answered by an existing picture."]
    joins: Annotated[int, "Joined an active job."]
    misses: Annotated[int, "Made a job."]
    creditsSaved: Annotated[int, "Credits that were paid once and not again."]


def share_live(cache_key: str, caller: Caller, photos: Sequence[ProductImage]) -> TryOnJob | None:
    """Return the job whose live result answers for the key, and let the caller see it from now on.

    ``photos`` are the caller's own, of the garments in the order of their steps.
    """
    job = live_job(cache_key)
    if job is None:
        return None
    if _sees(job, caller, photos):
        return job  # nothing to write, so nothing to lock
    with transaction.atomic():
        # A deletion takes the same lock, so the result is either gone or stays.
        result = TryOnResult.objects.select_for_update(no_key=True).filter(job=job).first()
        if not reuse.is_live(result, cache_key):
            return None
        _let_see(job, caller, photos)
    return job


def join_active(
    cache_key: str, caller: Caller, photos: Sequence[ProductImage], lane: Lane
) -> TryOnJob | None:
    """Return the active job for the key, and let the caller see it from now on.

    A shopper who joins a batch's job does not wait behind the rest of the batch. Raise DailyLimitReached if
    that would take until tomorrow.
    """
    active = TryOnJob.objects.filter(cache_key=cache_key, status__in=ACTIVE)  # one at most
    in_a_hurry = lane == Lane.INTERACTIVE
    with transaction.atomic():
        if in_a_hurry and (account := active.values_list("account", flat=True).first()) is not None:
            governor.lock(account)  # before the job, as everywhere
        # A cancellation takes the same lock, so the job is either canceled or joined.
        job = active.select_for_update(no_key=True).first()
        if job is not None:
            if in_a_hurry:
                check_hurry(job)
            _let_see(job, caller, photos)
            actions.join(job, in_a_hurry=in_a_hurry)
    return job


def add_viewers(job: TryOnJob, caller: Caller, photos: Sequence[ProductImage]) -> None:
    """Let the caller see a job that they have just made, and the shop of a shopper too."""
    shared = {"job": job, "product_image": photos[0]}
    own = JobViewer(**shared, requester=caller.requester, shop=caller.shop if caller.is_shopper else "")
    rows = [own]
    if caller.is_shopper:
        rows.append(JobViewer(**shared, requester=caller.shop, via_shopper=True, asks=0))
    for viewer in JobViewer.objects.bulk_create(rows):
        viewer.note_garments(photos)


def _sees(job: TryOnJob, caller: Caller, photos: Sequence[ProductImage]) -> bool:
    """Return whether all rows are there that let the caller see the job with these photos."""
    rows = job.viewers.filter(requester__in=caller.levels, product_image=photos[0], left_at=None)
    for position, photo in enumerate(photos[1:], start=1):
        rows = rows.filter(garments__position=position, garments__product_image=photo)
    return rows.exclude(requester=caller.requester, via_shopper=True).count() == len(caller.levels)


def _let_see(job: TryOnJob, caller: Caller, photos: Sequence[ProductImage]) -> None:
    shown = {"product_image": photos[0], "left_at": None}
    own = {**shown, "shop": caller.shop if caller.is_shopper else "", "via_shopper": False}
    viewer, _ = JobViewer.objects.update_or_create(
        job=job, requester=caller.requester, defaults={**own, "asks": F("asks") + 1}, create_defaults=own
    )
    viewer.note_garments(photos)
    if caller.is_shopper:
        # A shop that has left comes back for its shopper only.
        via_shopper = Case(When(left_at=None, then=F("via_shopper")), default=Value(True))
        shop, _ = JobViewer.objects.update_or_create(
            job=job,
            requester=caller.shop,
            defaults={**shown, "via_shopper": via_shopper},
            create_defaults={**shown, "via_shopper": True, "asks": 0},
        )
        shop.note_garments(photos)
    outdate_after_commit([job.pk])
    outdate_pages_of(caller.levels)
    hold(photos)


def note(outcome: Reuse, job: TryOnJob) -> None:
    """Count the answer to a request, and what a picture that is there saves. Call it outside a transaction.

    What a job saves, because several requests share it or it takes over what is paid, counts at its end.
    """
    count(counts_of(outcome, job))


def counts_of(outcome: Reuse, job: TryOnJob) -> dict[str, int]:
    """Return what ``note`` adds to the daily counts."""
    saved = total_credits(TryOnOptions.from_mapping(job.options)) if outcome is Reuse.HIT else 0
    return {counted_as(job.account, outcome.value): 1, counted_as(job.account, CREDITS_SAVED): saved}


def reuse_statistics(account: str, *, days: int | None = None) -> ReuseStatistics:
    """Return the counts of all time, or of the last ``days`` days, today (UTC) included."""
    names = [*(outcome.value for outcome in Reuse), CREDITS_SAVED]
    numbers = counted(*(counted_as(account, name) for name in names), days=days)
    hits, joins, misses, saved = (numbers[counted_as(account, name)] for name in names)
    return {"hits": hits, "joins": joins, "misses": misses, "creditsSaved": saved}


def live_job(cache_key: str) -> TryOnJob | None:
    """Return the job with the key's live result. One query if the cache knows the job, else two."""
    if (job_id := reuse.remembered(cache_key)) is not None:
        job = TryOnJob.objects.select_related("result").filter(pk=job_id).first()
        if reuse.is_live(getattr(job, "result", None), cache_key):
            return job
        reuse.forget(cache_key)
    result = reuse.look_up(cache_key)
    return None if result is None else TryOnJob.objects.get(pk=result.job_id)
