"""Feedback of shoppers and shops on a picture."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any, ClassVar
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from config.core.constraints import violates
from config.core.errors import DomainError
from config.core.upkeep.counts import count
from config.shops.abilities import Ability
from config.shops.callers import Caller, NotAllowed
from results.models import ResultFeedback, TryOnResult
from results.pages import outdate_pages_of
from results.selectors import archived_name


class FeedbackAlreadyGiven(DomainError):
    code: ClassVar[str] = "feedback_already_given"
    status: ClassVar[int] = 409
    message: Any = _("You have already judged this picture. Its first feedback counts.")


def feedback_archive(job_ids: Sequence[UUID]) -> None:
    """Add the feedback on jobs to the daily counts. Call it in the transaction that removes the jobs."""
    given = ResultFeedback.objects.filter(job__in=job_ids).values_list("verdict", "created_at")
    numbers = Counter((verdict, created_at.date()) for verdict, created_at in given)
    for (verdict, day), number in numbers.items():
        count({archived_name(verdict): number}, day=day)


def feedback_forget_comments(job_id: UUID, requesters: Iterable[str] | None = None) -> None:
    """Remove the comments on a job's picture, all or those of some requesters. The verdicts stay."""
    comments = ResultFeedback.objects.filter(job=job_id).exclude(comment="")
    if requesters is not None:
        comments = comments.filter(requester__in=requesters)
    comments.update(comment="")


def feedback_forget_requester(
    requester: str, *, new_name: Callable[[], str], job_id: UUID | None = None
) -> None:
    """Remove a requester's comments, and give each of their verdicts a new name, on one job or on all."""
    given = ResultFeedback.objects.filter(requester=requester)
    for feedback in given if job_id is None else given.filter(job=job_id):
        ResultFeedback.objects.filter(pk=feedback.pk).update(comment="", requester=new_name())


def feedback_give(
    *, result: TryOnResult, caller: Caller, verdict: str, reasons: Sequence[str] = (), comment: str = ""
) -> ResultFeedback:
    """Store the caller's judgement of a result. Raise NotAllowed, or FeedbackAlreadyGiven."""
    own = result.job.viewers.filter(requester=caller.requester, left_at=None)
    if not (caller.may(Ability.REVIEW_RESULTS) or own.exists()):
        raise NotAllowed
    try:
        with transaction.atomic():
            outdate_pages_of([caller.requester])
            return ResultFeedback.objects.create(
                job_id=result.job_id,
                requester=caller.requester,
                verdict=verdict,
                reasons=list(dict.fromkeys(reasons)),
                comment=comment,
            )
    except IntegrityError as error:
        if not violates(error, ResultFeedback, "feedback_once"):
            raise
        raise FeedbackAlreadyGiven from error
