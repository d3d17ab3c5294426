"""Outcomes to order: a try-on of a test key ends as its photo's product id says.

The sandbox brings each about in FASHN's place, so a job goes its usual way. Only a picture that is expired at
once is ours.
"""

from datetime import timedelta
from typing import Final, NamedTuple

from tryon.models import Account, EventKind, TryOnJob


class Outcome(NamedTuple):
    """A fault of the sandbox, by its place and its name. ``once``: the next attempt at the job goes well."""

    fault: str = ""
    once: bool = False


EXPIRED: Final = "test_expired"
OUTCOMES: Final[dict[str, Outcome]] = {
    "test_slow": Outcome("prediction:slow"),
    "test_pose": Outcome("prediction:PoseError"),
    "test_moderation": Outcome("prediction:ContentModerationError"),
    "test_input": Outcome("prediction:InputValidationError"),
    "test_image": Outcome("prediction:ImageLoadError"),
    "test_failure": Outcome("prediction:InternalServerError"),
    "test_retry": Outcome("prediction:PipelineError", once=True),
    "test_out_of_credits": Outcome("run:OutOfCredits", once=True),
    "test_rate_limit": Outcome("run:RateLimitExceeded", once=True),
    "test_lost_answer": Outcome("run:reset_after"),
    "test_lost_webhook": Outcome("webhook:never"),
    "test_damaged": Outcome("media:huge_pixels"),
    EXPIRED: Outcome(),
}


def outcome_named(account: str, product_id: str) -> str:
    """Return the name of the outcome that a product id orders on an account, empty for none."""
    return product_id if account == Account.TEST and product_id in OUTCOMES else ""


def fault_for(job: TryOnJob) -> str:
    """Return the fault that the sandbox has to bring about for the job's next call, empty for none."""
    outcome = OUTCOMES.get(_name_of(job))
    if outcome is None or (outcome.once and _is_tried(job)):
        return ""
    return outcome.fault


def result_life(job: TryOnJob) -> timedelta | None:
    """Return how long the job's result lives, None for as long as any other."""
    return timedelta() if _name_of(job) == EXPIRED else None


def _name_of(job: TryOnJob) -> str:
    return outcome_named(job.account, job.product_image.product_id)


def _is_tried(job: TryOnJob) -> bool:
    return job.retry_count > 0 or job.events.filter(kind=EventKind.SUBMISSION_REFUSED).exists()
