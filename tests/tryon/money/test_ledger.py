"""The money's sums equal the sandbox's ledger, to the credit, whatever becomes of a job."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from config.core import clock
from tests import images
from tests.conftest import Api, Finish, Generate, data_of
from tryon import tasks
from tryon.models import JobEvent, Prediction, Status, TryOnJob
from tryon.money.ledger import DAY
from tryon.money.models import Outcome, Spending
from tryon.money.rollup import live_days
from tryon.money.selectors import Scope, calls_in, last_days, spending, spending_by_day, total, totals_by
from tryon.sandbox import Sandbox

DAYS = 500


def check(sandbox: Sandbox, *, unanswered: int = 0) -> dict[str, int]:
    """Compare all sums with the ledger, in which ``unanswered`` calls are that we know no id of.

    Return the credits by outcome.
    """
    charged = [call["credits"] for call in sandbox.ledger()["predictions"] if call["credits"]]
    scope = last_days(DAYS)
    all_lines = spending(scope)
    whole = total(all_lines)
    assert (whole.calls, whole.credits) == (len(charged) - unanswered, sum(charged) - unanswered)
    assert whole.sums["unknown_calls"] == unanswered
    assert sum(day.credits for day in spending_by_day(scope).values()) == whole.credits
    by_outcome = totals_by(all_lines, lambda columns: columns["outcome"])
    for outcome, found in by_outcome.items():
        behind = calls_in(Scope(scope.first, scope.last, only={"outcome": outcome}))
        assert sum(behind.values_list("credits_used", flat=True)) == found.credits
    return {outcome: found.credits for outcome, found in by_outcome.items() if found.credits}


def grow_old(days: int) -> None:
    """Let all that has happened have happened so long ago, and roll it up."""
    ago = clock.now() - timedelta(days=days)
    Prediction.objects.update(submitted_at=ago)
    JobEvent.objects.update(at=ago)
    TryOnJob.objects.update(updated_at=ago)
    tasks.roll_up_money()


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_every_story_of_a_job_is_in_the_sums_to_the_credit(
    owner: Api,
    stranger: Api,
    generate: Generate,
    finish: Finish,
    work: Callable[[], None],
    past_deadline: Callable[[], None],
    rescue_now: Callable[[], None],
    product_id: str,
    model_id: str,
    sandbox: Sandbox,
) -> None:
    finish(generate(seed=1)["jobId"])
    assert check(sandbox) == {Outcome.TO_REVIEW: 1}

    assert generate(seed=1)["status"] == "completed"  # saved by reuse: nothing is paid
    sandbox.inject("prediction", "PoseError")  # refunded
    assert finish(generate(seed=2)["jobId"]).status == Status.FAILED
    assert check(sandbox) == {Outcome.TO_REVIEW: 1}

    sandbox.inject("prediction", "PipelineError")
    assert finish(generate(seed=3)["jobId"]).retry_count == 1
    assert check(sandbox) == {Outcome.TO_REVIEW: 2}

    sandbox.inject("prediction", "ContentModerationError", model="background-remove")
    half_done = finish(generate(seed=4, background="white")["jobId"])
    assert check(sandbox) == {Outcome.TO_REVIEW: 2, Outcome.FAILED: 1}
    owner.post(f"jobs/{half_done.pk}/retry")
    assert finish(str(half_done.pk)).status == Status.COMPLETED
    assert check(sandbox) == {Outcome.TO_REVIEW: 4}

    trousers = data_of(owner.upload(images.garment_photo(images.SMALL_SQUARE, seed=2), productId="SKU-2"))[
        "id"
    ]
    outfit = {
        "garments": [{"productImageId": product_id}, {"productImageId": trousers}],
        "modelImageId": model_id,
    }
    finish(data_of(owner.post("generate", outfit))["jobId"])
    assert check(sandbox) == {Outcome.TO_REVIEW: 6}

    canceled = generate(seed=5)["jobId"]
    work()
    owner.post(f"jobs/{canceled}/cancel")
    rescue_now()
    assert check(sandbox) == {Outcome.TO_REVIEW: 6, Outcome.CANCELED: 1}
    finish(generate(seed=5)["jobId"])  # the same recipe takes the paid picture over
    assert check(sandbox) == {Outcome.TO_REVIEW: 7}

    late = generate(seed=6)["jobId"]
    work()
    sandbox.inject("status", "InternalServerError")
    past_deadline()
    assert TryOnJob.objects.get(pk=late).status == Status.FAILED
    rescue_now()
    assert check(sandbox) == {Outcome.TO_REVIEW: 8}
    rescued = totals_by(spending(last_days(DAYS)), lambda columns: columns["is_rescued"])
    assert {is_rescued: found.credits for is_rescued, found in rescued.items()} == {False: 7, True: 1}

    sandbox.inject("run", "reset_after")
    assert finish(generate(seed=7)["jobId"]).error_code == "submission_unknown"
    sandbox.advance(60)
    assert check(sandbox, unanswered=1) == {Outcome.TO_REVIEW: 8}

    grow_old(3)
    assert live_days(clock.now().date() - DAY * 3, clock.now().date()) == {clock.now().date()}
    assert check(sandbox, unanswered=1) == {Outcome.TO_REVIEW: 8}
    assert Spending.objects.exists()
