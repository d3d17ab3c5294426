"""The money's history: the rollup and the ledger together always say what was paid, and for what."""

from datetime import timedelta
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from pytest_django import Settings

from config.core import clock
from results.models import Reason, ResultFeedback, Review, TryOnResult, Verdict
from results.services import result_delete, result_review
from tests.factories import PredictionFactory, ResultFeedbackFactory, TryOnJobFactory, TryOnResultFactory
from tests.tryon.cleanup.world import clean
from tryon.models import Account, EventKind, Prediction, PredictionState, Status, TryOnJob
from tryon.money.balances import ask_balances
from tryon.money.models import Balance, Outcome, Rollup, Spending
from tryon.money.rollup import live_days, roll_up
from tryon.money.selectors import (
    balance,
    burn_rate,
    complaints,
    cost_per_approved,
    days_left,
    last_days,
    spending,
    total,
    totals_by,
)
from tryon.sandbox import Sandbox

pytestmark = pytest.mark.django_db

DAYS = 400
OLD = 3


def paid(job: TryOnJob, *, days_ago: int = OLD, spent: int = 1, **fields: Any) -> Prediction:
    at = clock.now() - timedelta(days=days_ago)
    return PredictionFactory.create(
        job=job, state=PredictionState.SUCCEEDED, credits_used=spent, submitted_at=at, **fields
    )


def pictured(review: str = Review.PENDING, *, days_ago: int = OLD, spent: int = 1, **job: Any) -> TryOnResult:
    """A result that was paid for so long ago."""
    result = TryOnResultFactory.create(
        job=TryOnJobFactory.create(completed=True, **job), review=review, credits_used=spent
    )
    paid(result.job, days_ago=days_ago, spent=spent)
    return result


def credits() -> dict[str, int]:
    """Return all credits by outcome, and check that they are the ledger's and the archive's."""
    found = spending(last_days(DAYS))
    archived = sum(Spending.objects.filter(is_archived=True).values_list("credits", flat=True))
    there = sum(Prediction.objects.values_list("credits_used", flat=True))
    assert total(found).credits == there + archived
    by_outcome = totals_by(found, lambda columns: columns["outcome"])
    return {outcome: numbers.credits for outcome, numbers in by_outcome.items()}


def live() -> set[int]:
    """Return the days that are read from the ledger, in days ago."""
    today = clock.now().date()
    return {(today - day).days for day in live_days(today - timedelta(days=DAYS - 1), today)}


def test_a_day_is_rolled_up_and_what_changes_later_is_read_from_the_ledger() -> None:
    result, failed = pictured(), TryOnJobFactory.create(failed=True)
    paid(failed, spent=3)
    assert len(live()) == DAYS
    roll_up()
    assert live() == {0}
    Spending.objects.filter(outcome=Outcome.FAILED).update(credits=4)
    assert spending(last_days(DAYS)) != []
    assert total(spending(last_days(DAYS))).credits == 5  # that is where it is read from
    call_command("rebuild_money", stdout=StringIO())
    assert credits() == {Outcome.TO_REVIEW: 1, Outcome.FAILED: 3}

    result_review([result], Review.APPROVED)
    assert live() == {0, OLD}
    assert credits() == {Outcome.APPROVED: 1, Outcome.FAILED: 3}
    TryOnJob.objects.filter(pk=failed.pk).update(status=Status.CANCELED)
    failed.events.create(kind=EventKind.CANCELED)
    roll_up()
    Rollup.objects.update(at=clock.now() + timedelta(hours=1))  # the event is older than the margin
    assert live() == {0}
    assert credits() == {Outcome.APPROVED: 1, Outcome.CANCELED: 3}


def test_the_review_outlives_the_result() -> None:
    approved, unseen = pictured(Review.APPROVED), pictured()
    roll_up()
    result_delete(approved)
    result_delete(unseen)
    assert credits() == {Outcome.APPROVED: 1, Outcome.UNSEEN: 1}
    roll_up()
    assert (live(), credits()) == ({0}, {Outcome.APPROVED: 1, Outcome.UNSEEN: 1})


@pytest.mark.parametrize("is_rolled", [True, False])
@pytest.mark.django_db(transaction=True)
def test_the_cleanup_of_old_jobs_takes_nothing_from_the_history(settings: Settings, is_rolled: bool) -> None:
    rejected, model = pictured(Review.REJECTED, spent=2), pictured().job.model_image_id
    ResultFeedbackFactory.create(job=rejected.job, verdict=Verdict.NO, reasons=[Reason.HANDS])
    paid(rejected.job, spent=2, step=1)
    result_delete(rejected)
    if is_rolled:
        roll_up()
    before = credits()
    assert before == {Outcome.REJECTED: 4, Outcome.TO_REVIEW: 1}
    TryOnJob.objects.update(updated_at=clock.now() - timedelta(days=settings.JOB_TTL_DAYS + 1))
    for _ in range(2):
        clean("old_jobs")
        assert not TryOnJob.objects.filter(pk=rejected.job_id).exists()
        assert credits() == before
        roll_up()
        assert (live(), credits()) == ({0}, before)
    assert totals_by(spending(last_days(DAYS)), lambda columns: columns["model_image_id"])[model].credits == 1
    assert [(reason, number) for _, reason, number in complaints(last_days(DAYS))] == [(Reason.HANDS, 1)]


def test_archived_rows_of_a_day_become_one() -> None:
    for _ in range(2):
        row = Spending(
            day=clock.now().date() - timedelta(days=OLD),
            account=Account.LIVE,
            party="shop:1",
            garment_type="auto",
            outcome=Outcome.FAILED,
            is_archived=True,
            calls=1,
            credits=2,
        )
        row.save()
    roll_up()
    assert [row.credits for row in Spending.objects.all()] == [4]


def test_reasons_are_those_of_reviewers_and_of_shoppers() -> None:
    result = pictured(Review.REJECTED)
    roll_up()
    result.decisions.create(job=result.job, verdict="rejected", reasons=[Reason.HANDS, Reason.HANDS])
    ResultFeedback.objects.create(job=result.job, requester="a", verdict=Verdict.NO, reasons=[Reason.HANDS])
    ResultFeedback.objects.create(job=result.job, requester="b", verdict=Verdict.YES)
    for expected in ({0, OLD}, {0}):
        assert live() == expected
        found = complaints(last_days(DAYS))
        assert [(columns["model_image_id"], reason, number) for columns, reason, number in found] == [
            (result.job.model_image_id, Reason.HANDS, 2)
        ]
        roll_up()


def test_a_reason_counts_once_for_a_picture_that_was_made_over_midnight() -> None:
    result = pictured(days_ago=OLD)
    paid(result.job, days_ago=OLD - 1, step=1)
    ResultFeedbackFactory.create(job=result.job, verdict=Verdict.NO, reasons=[Reason.HANDS])
    for _ in range(2):
        assert [number for _columns, _reason, number in complaints(last_days(DAYS))] == [1]
        roll_up()


def test_an_approved_picture_costs_all_that_was_paid() -> None:
    assert cost_per_approved() is None
    pictured(Review.APPROVED, days_ago=2, spent=2)
    outfit = pictured(Review.APPROVED, days_ago=2)
    paid(outfit.job, days_ago=2, step=1)
    paid(TryOnJobFactory.create(failed=True), days_ago=1)
    pictured(Review.APPROVED, days_ago=31, spent=7)
    paid(TryOnJobFactory.create(failed=True, account=Account.TEST), days_ago=1, account=Account.TEST)
    assert cost_per_approved() == Decimal("2.50")
    assert cost_per_approved(days=400) == Decimal("4.00")


@pytest.mark.usefixtures("sandbox")
def test_the_balance_lasts_as_long_as_the_last_week_goes_on(sandbox: Sandbox) -> None:
    paid(TryOnJobFactory.create(failed=True), days_ago=1, spent=14)
    paid(TryOnJobFactory.create(failed=True), days_ago=0, spent=50)
    assert (balance(), days_left(), burn_rate()) == (None, None, Decimal("2.0"))
    sandbox.set_credits(21)
    ask_balances()
    assert days_left() == 10
    sandbox.inject("credits", "InternalServerError")
    ask_balances()
    assert Balance.objects.get().credits == 21
