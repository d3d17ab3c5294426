"""Expired results, abandoned uploads, kept copies, old events and sessions: what goes and what stays."""

from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.core.management import CommandError
from django.db import IntegrityError, connection
from pytest_django import Settings

from config.core import clock
from results.models import Review, TryOnResult
from tests.conftest import Api, data_of
from tests.factories import ResultFeedbackFactory, TryOnJobFactory
from tests.stores import stored_keys
from tests.tryon.cleanup.world import clean, kept_copy, names, photo, result
from tryon.models import JobEvent, Prediction, ProductImage, Status

pytestmark = pytest.mark.django_db

AGO = timedelta(seconds=-1)
AHEAD = timedelta(days=1)


@pytest.mark.usefixtures("store")
def test_expired_results_go_with_their_files_and_leave_their_jobs() -> None:
    old, young = result(expires_in=AGO), result(expires_in=AHEAD)
    ResultFeedbackFactory.create(job=old.job)

    assert "expired_results: removed 1, 20" in clean("expired_results")

    assert TryOnResult.objects.get() == young
    assert stored_keys() == set(names(young.image, young.thumbnail))
    assert old.job.feedback.count() == 1
    assert old.job.events.get().data == {"reason": "expired"}


def test_more_results_than_a_batch_are_removed_in_one_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tryon.cleanup.results.BATCH", 3)
    for _ in range(7):
        result(expires_in=AGO)
    clean("expired_results")
    assert not TryOnResult.objects.exists()
    assert stored_keys() == set()


@pytest.mark.slow
def test_a_dry_run_removes_nothing_and_tells_what_would_go() -> None:
    result(expires_in=AGO)
    photo(hours_old=30)
    before = stored_keys()
    said = clean(dry_run=True)
    assert "expired_results: would remove 1\n" in said
    assert "abandoned_uploads: would remove 1\n" in said
    assert stored_keys() == before
    assert TryOnResult.objects.count() == 1
    assert ProductImage.objects.count() == 2  # the result's and the idle one


@pytest.mark.usefixtures("store")
def test_uploads_that_nobody_used_go() -> None:
    photo()
    ProductImage.objects.update(created_at=clock.now() - timedelta(hours=25))
    young, used, shop = photo(), photo(), photo(requester="")
    ProductImage.objects.filter(pk__in=[used.pk, shop.pk]).update(created_at=clock.now() - timedelta(days=99))
    TryOnJobFactory.create(product_image=used, status=Status.CANCELED)
    reused = photo()
    ProductImage.objects.filter(pk=reused.pk).update(created_at=clock.now() - timedelta(days=99))
    used.jobs.get().viewers.update(product_image=reused)

    assert "abandoned_uploads: removed 1, 30" in clean("abandoned_uploads")

    assert set(ProductImage.objects.all()) == {young, used, shop, reused}
    assert len(stored_keys()) == 12


def test_an_upload_that_is_used_at_this_very_moment_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    """The look found no job, and then there is one: the database refuses."""
    row = photo(hours_old=30)

    def delete(self: ProductImage) -> None:
        raise IntegrityError

    monkeypatch.setattr(ProductImage, "delete", delete)
    assert "abandoned_uploads: removed 0" in clean("abandoned_uploads")
    assert set(names(row.original, row.processed, row.thumbnail)) == stored_keys()


@pytest.mark.django_db(transaction=True)
def test_a_photo_that_was_removed_meanwhile_is_told(
    owner: Api, product_id: str, model_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The cleanup removes the photo after the request has read it."""
    from tryon.services import generate

    create = generate._create_job

    def remove_then_create(*args: object) -> object:
        ProductImage.objects.all().delete()
        return create(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(generate, "_create_job", remove_then_create)
    response = owner.post("generate", {"productImageId": product_id, "modelImageId": model_id})
    assert response.status_code == 404
    assert response.json()["error"]["code"] == "product_image_not_found"


@pytest.mark.parametrize(
    ("status", "days_old", "stays"),
    [
        (Status.FAILED, 1, True),
        (Status.FAILED, 31, False),
        (Status.QUEUED, 31, True),
        (Status.PROCESSING, 31, True),
        (Status.CANCELED, 1, True),
        (Status.CANCELED, 31, False),
        (Status.COMPLETED, 0, False),
    ],
)
def test_a_copy_stays_as_long_as_another_attempt_may_use_it(
    status: Status, days_old: int, stays: bool
) -> None:
    times = {"completed_at": clock.now(), "progress": 100} if status == Status.COMPLETED else {}
    code = {"error_code": "deadline_passed"} if status == Status.FAILED else {}
    job = TryOnJobFactory.create(status=status, **times, **code)
    key = str(kept_copy(job=job, days_old=days_old).kept.name)

    clean("kept_pictures")

    assert (key in stored_keys()) is stays
    assert Prediction.objects.get().kept == (key if stays else "")


# On PostgreSQL no row is deleted, so this has nothing to look at there.
@pytest.mark.skipif(
    connection.vendor == "postgresql", reason="PostgreSQL drops months: tests/tryon/archive/test_months.py"
)
def test_old_events_go_but_for_active_jobs_and_rescues(settings: Settings) -> None:
    done, active = TryOnJobFactory.create(completed=True), TryOnJobFactory.create()
    for job in (done, active):
        for kind in ("queued", "rescued"):
            job.events.create(kind=kind)
    JobEvent.objects.update(at=clock.now() - timedelta(days=settings.EVENT_TTL_DAYS + 1))
    done.events.create(kind="completed")

    assert "old_events: removed 1," in clean("old_events")

    assert sorted(done.events.values_list("kind", flat=True)) == ["completed", "rescued"]
    assert active.events.count() == 2


def test_old_sessions_go() -> None:
    for days in (-1, 1):
        Session.objects.create(session_key=f"session{days}", expire_date=clock.now() + timedelta(days=days))
    clean("old_sessions", dry_run=True)
    assert Session.objects.count() == 2
    assert "old_sessions: removed 1," in clean("old_sessions")
    assert Session.objects.get().session_key == "session1"


@pytest.mark.slow
def test_rejected_results_go_only_when_asked_for() -> None:
    row = result(expires_in=AHEAD, review=Review.REJECTED)
    clean()
    assert TryOnResult.objects.get() == row
    clean("rejected_results")
    assert not TryOnResult.objects.exists()


def test_an_unknown_task_is_named() -> None:
    with pytest.raises(CommandError, match="There is no task sweeping"):
        clean("sweeping")


@pytest.mark.slow
def test_a_manager_sees_what_is_left(manager: Api) -> None:
    result(expires_in=AGO)
    clean()
    assert data_of(manager.get("stats"))["storage"]["bytesInAll"] == 0
