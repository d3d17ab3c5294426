"""Jobs that ended long ago go, with all that hangs on them. Their cost and their feedback stay."""

from datetime import timedelta
from typing import Any

import pytest
from pytest_django import Settings

from config.core import clock
from config.core.upkeep.models import DailyCount
from results.models import ResultFeedback
from tests.conftest import Api, data_of
from tests.factories import PredictionFactory, ResultFeedbackFactory, TryOnJobFactory, TryOnResultFactory
from tests.tryon.cleanup.world import clean, kept_copy
from tryon.models import JobViewer, Prediction, PredictionState, ProductImage, Status, TryOnJob

pytestmark = pytest.mark.django_db(transaction=True)

ENDS: dict[str, dict[str, Any]] = {
    "completed": {"completed": True},
    "failed": {"failed": True},
    "canceled": {"status": Status.CANCELED},
}


def age(job: TryOnJob, settings: Settings, *, days: int = 1) -> TryOnJob:
    """Let the job have ended some days longer ago than JOB_TTL_DAYS."""
    ended = clock.now() - timedelta(days=settings.JOB_TTL_DAYS + days)
    TryOnJob.objects.filter(pk=job.pk).update(updated_at=ended)
    return job


def paid(job: TryOnJob, *, days_ago: int, model: str = "tryon-v1.6", spent: int = 1) -> Prediction:
    at = clock.now() - timedelta(days=days_ago)
    return PredictionFactory.create(
        job=job, state=PredictionState.SUCCEEDED, model_name=model, credits_used=spent, submitted_at=at
    )


def history() -> set[tuple[str, int, int]]:
    """Return the kept numbers, each by its name and by days ago."""
    today = clock.now().date()
    return {
        (row.name, (today - row.day).days, row.number)
        for row in DailyCount.objects.filter(name__startswith="archived_c")
    }


@pytest.mark.parametrize("end", ENDS)
def test_an_old_job_goes_with_all_that_hangs_on_it(settings: Settings, end: str) -> None:
    job = age(TryOnJobFactory.create(**ENDS[end]), settings)
    ResultFeedbackFactory.create(job=job)
    job.events.create(kind="queued")
    paid(job, days_ago=500)
    young = TryOnJobFactory.create(**ENDS[end])
    assert "old_jobs: would remove 1\n" in clean("old_jobs", dry_run=True)
    assert TryOnJob.objects.count() == 2
    assert "old_jobs: removed 1," in clean("old_jobs")
    assert TryOnJob.objects.get() == young
    assert JobViewer.objects.get().job == young
    assert not Prediction.objects.exists()
    assert not ResultFeedback.objects.exists()


def test_their_cost_stays_by_day_and_model(settings: Settings) -> None:
    first, second = (age(TryOnJobFactory.create(failed=True), settings) for _ in range(2))
    paid(first, days_ago=500)
    paid(second, days_ago=500, spent=2)
    paid(second, days_ago=499, model="tryon-max", spent=5)
    PredictionFactory.create(job=first, state=PredictionState.FAILED, price=5)
    PredictionFactory.create(
        job=first,
        state=PredictionState.FAILED,
        model_name="tryon-max",
        credits_used=4,
        submitted_at=clock.now() - timedelta(days=499),
    )
    clean("old_jobs")
    clean("old_jobs")
    assert history() == {
        ("archived_calls tryon-v1.6", 500, 2),
        ("archived_credits tryon-v1.6", 500, 3),
        ("archived_calls tryon-max", 499, 2),
        ("archived_credits tryon-max", 499, 9),
    }


def test_their_feedback_still_counts(settings: Settings, manager: Api) -> None:
    for verdict in ("yes", "yes", "no"):
        job = age(TryOnJobFactory.create(completed=True), settings)
        ResultFeedbackFactory.create(job=job, verdict=verdict)
    ResultFeedbackFactory.create(job=TryOnJobFactory.create(completed=True), verdict="yes")
    for _ in range(2):
        clean("old_jobs")
        assert data_of(manager.get("stats"))["feedback"] == {"yes": 3, "almost": 0, "no": 1}
    assert ResultFeedback.objects.count() == 1


def test_the_photo_of_an_old_job_goes_when_nobody_tries_it_on_any_more(settings: Settings) -> None:
    job = age(TryOnJobFactory.create(completed=True, product_image__requester="shop:1"), settings)
    ProductImage.objects.update(created_at=clock.now() - timedelta(days=450))
    clean("abandoned_uploads")
    assert ProductImage.objects.filter(pk=job.product_image_id).exists()
    clean("old_jobs")
    clean("abandoned_uploads")
    assert not ProductImage.objects.exists()


@pytest.mark.parametrize("status", [Status.QUEUED, Status.PROCESSING])
def test_an_active_job_stays(settings: Settings, status: Status) -> None:
    age(TryOnJobFactory.create(status=status), settings)
    assert "old_jobs: removed 0," in clean("old_jobs")


def test_a_job_with_a_result_stays(settings: Settings) -> None:
    age(TryOnResultFactory.create().job, settings)
    clean("old_jobs")
    assert TryOnJob.objects.exists()


@pytest.mark.parametrize(
    "call",
    [
        {"state": PredictionState.UNKNOWN},
        {"state": PredictionState.SUCCEEDED, "output": "https://x", "rescue_at": clock.now},
    ],
)
def test_a_job_whose_picture_may_still_come_stays(settings: Settings, call: dict[str, Any]) -> None:
    values = {name: value() if callable(value) else value for name, value in call.items()}
    PredictionFactory.create(job=age(TryOnJobFactory.create(failed=True), settings), **values)
    clean("old_jobs")
    assert TryOnJob.objects.exists()


def test_a_job_whose_paid_picture_is_kept_stays(settings: Settings) -> None:
    job = TryOnJobFactory.create(failed=True)
    kept_copy(job=job, days_old=1)
    age(job, settings)
    clean("old_jobs")
    assert TryOnJob.objects.exists()


def test_more_than_a_batch_goes_in_one_run(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tryon.cleanup.jobs.BATCH", 2)
    for _ in range(5):
        age(TryOnJobFactory.create(failed=True), settings)
    assert "old_jobs: removed 5," in clean("old_jobs")
    assert not TryOnJob.objects.exists()
