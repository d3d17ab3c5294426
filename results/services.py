"""Services that store, review and delete results."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction

from config.core import clock
from config.core.images import ResultImage
from config.core.snapshots import outdate_after_commit
from config.core.storage import discard_after_commit, new_files
from config.people import audit
from config.people.models import Decision as Decided
from config.shops.abilities import Ability
from config.shops.callers import Caller, NotAllowed
from results.models import Review, TryOnResult
from results.pages import outdate_pages, outdate_pages_of
from results.reuse import forget
from results.signals import given_up, leaving, reviewed, stored


@dataclass(frozen=True, slots=True)
class StoredPicture:
    """The keys of a result's files, which no row names yet. Sizes are in pixels."""

    image: str
    thumbnail: str
    width: int
    height: int


@contextmanager
def picture_stored(result: ResultImage) -> Iterator[StoredPicture]:
    """Write a result's picture and thumbnail, and remove them again if the block raises.

    Raise StorageUnavailable. This is slow: open the transaction inside the block, not around it.
    """
    with new_files() as store:
        yield StoredPicture(
            image=store("results", result.picture.content, result.picture.extension),
            thumbnail=store("results", result.thumbnail.content, result.thumbnail.extension),
            width=result.picture.width,
            height=result.picture.height,
        )


def result_create(
    *,
    job_id: UUID,
    cache_key: str,
    picture: StoredPicture,
    credits_used: int,
    expires_at: datetime | None = None,
) -> TryOnResult:
    """Add the row of a stored picture.

    It expires after RESULT_TTL_DAYS if nothing else is said. The result answers for its cache key from now
    on. An older result of that key stays but is no longer shared.
    """
    with transaction.atomic():
        replaced = TryOnResult.objects.filter(cache_key=cache_key)
        outdate_after_commit(replaced.values_list("job_id", flat=True))
        replaced.update(cache_key=None)
        outdate_pages([job_id])
        result = TryOnResult.objects.create(
            job_id=job_id,
            image=picture.image,
            thumbnail=picture.thumbnail,
            width=picture.width,
            height=picture.height,
            cache_key=cache_key,
            expires_at=expires_at or clock.now() + timedelta(days=settings.RESULT_TTL_DAYS),
            credits_used=credits_used,
        )
        stored.send(TryOnResult, result=result)
        return result


def result_delete(result: TryOnResult) -> None:
    """Remove a result and, after the commit, its files. The job keeps its history."""
    with transaction.atomic():
        audit.note(None, result, Decided.DELETE, credits=result.credits_used)
        discard_after_commit(*results_remove([result]))


def results_remove(results: Sequence[TryOnResult]) -> list[str]:
    """Remove the rows of results in the caller's transaction. After its commit they are not reused.

    Return the keys of their files, which the caller discards after the commit.
    """
    leaving.send(TryOnResult, results=results)
    TryOnResult.objects.filter(pk__in=[result.pk for result in results]).delete()
    _forget_after_commit(results)
    return [str(key) for result in results for key in (result.image.name, result.thumbnail.name) if key]


def result_review(results: Iterable[TryOnResult], review: Review) -> int:
    """Set the review of results and return how many changed. Rejected results are no longer reused."""
    chosen = list(results)
    with transaction.atomic():
        _forget_after_commit(chosen)
        rows = TryOnResult.objects.filter(pk__in=[result.pk for result in chosen])
        news = [result for result in chosen if result.review != review]
        audit.note_all(None, news, Decided.REVIEW, review=review.value)
        changed = rows.exclude(review=review).update(review=review)
        reviewed.send(TryOnResult, job_ids=[result.job_id for result in chosen], results=news, review=review)
        return changed


def result_give_up(result: TryOnResult, caller: Caller) -> None:
    """Give up the caller's share of a result. Delete it if nobody else shares it.

    A caller who may delete results deletes it for all. Raise NotAllowed.

    Identical requests of several callers share one paid picture, and one caller must not take it from the
    others. The job of a deleted result stays in its callers' lists.
    """
    with transaction.atomic():
        # Lock the row: if two callers give it up at the same time, the second one deletes it.
        if not TryOnResult.objects.select_for_update().filter(pk=result.pk).exists():
            return
        viewers = result.job.viewers.filter(left_at=None)
        own, leaving = viewers.filter(requester=caller.requester), viewers.leaving_with(caller)
        if caller.may(Ability.DELETE_RESULTS):
            result_delete(result)
        elif not own.exists():
            raise NotAllowed
        elif viewers.exclude(pk__in=leaving.values("pk")).exists():
            requesters = [*leaving.values_list("requester", flat=True)]
            outdate_pages_of(requesters)
            leaving.update(left_at=clock.now())
            given_up.send(TryOnResult, result=result, requesters=requesters)
            outdate_after_commit([result.job_id])
        else:
            result_delete(result)


def _forget_after_commit(results: Sequence[TryOnResult]) -> None:
    jobs = [result.job_id for result in results]
    outdate_after_commit(jobs)
    outdate_pages(jobs)
    keys = [result.cache_key for result in results]
    transaction.on_commit(lambda: forget(*keys))
