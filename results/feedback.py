"""Feedback of shoppers and shops on a picture."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from config.core.constraints import violates
from config.core.errors import DomainError
from config.shops.abilities import Ability
from config.shops.callers import Caller, NotAllowed
from results.models import ResultFeedback, TryOnResult


class FeedbackAlreadyGiven(DomainError):
    code: ClassVar[str] = "feedback_already_given"
    status: ClassVar[int] = 409
    message: Any = _("You have already judged this picture.")


def feedback_give(
    *, result: TryOnResult, caller: Caller, verdict: str, reasons: Sequence[str] = (), comment: str = ""
) -> ResultFeedback:
    """Store the caller's judgement of a result. Raise NotAllowed, or FeedbackAlreadyGiven."""
    own = result.job.viewers.filter(requester=caller.requester)
    if not (caller.may(Ability.REVIEW_RESULTS) or own.exists()):
        raise NotAllowed
    try:
        with transaction.atomic():
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
