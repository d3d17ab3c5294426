"""The promise: nothing that a live job needs is ever removed, whatever else lies about.

Hypothesis builds worlds of photos, jobs, results, copies and stray files of every age, and runs the tasks in
every order.
"""

import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.db import transaction
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pytest_django import Settings

from config.core import clock
from config.core.upkeep.runs import run
from models_library.models import ModelImage
from results.models import Review, TryOnResult
from tests.factories import ModelImageFactory, TryOnJobFactory, model_of
from tests.stores import stored_keys
from tests.tryon.cleanup.world import kept_copy, names, photo, result, stored
from tryon.cleanup import EARLY, TASKS
from tryon.models import ACTIVE, Prediction, ProductImage, Status, TryOnJob

pytestmark = pytest.mark.django_db

HOURS = st.sampled_from([0, 2, 23, 25, 100, 2000])
JOBS = st.fixed_dictionaries(
    {
        "status": st.sampled_from(Status),
        "copy_days": st.none() | st.sampled_from([0, 29, 31]),
        "expires_days": st.none() | st.sampled_from([-1, 1]),
        "review": st.sampled_from(Review),
        "idle_days": st.sampled_from([0, 2, 40]),
    }
)
PHOTOS = st.fixed_dictionaries(
    {
        "hours": HOURS,
        "requester": st.sampled_from(["", "shop:owner"]),
        "jobs": st.lists(JOBS, max_size=2),
    }
)
STRAYS = st.tuples(st.sampled_from(["originals", "products", "models", "results"]), HOURS)
EVERY_TASK = {
    **TASKS,
    "rejected_results": EARLY["rejected_results"],
    "early_uploads": EARLY["abandoned_uploads"],
    "early_spent": EARLY["spent_uploads"],
}


def build(photos: list[dict[str, Any]], strays: list[tuple[str, int]]) -> None:
    model = ModelImageFactory.create(
        image=stored("models", hours_old=2000), thumbnail=stored("models", "webp", hours_old=2000)
    )
    for one in photos:
        row = photo(hours_old=one["hours"], requester=one["requester"])
        for job in one["jobs"]:
            add_job(row, model, **job)
    for kind, hours in strays:
        stored(kind, hours_old=hours)


def add_job(
    row: ProductImage,
    model: ModelImage,
    *,
    status: Status,
    copy_days: int | None,
    expires_days: int | None,
    review: Review,
    idle_days: int,
) -> None:
    fields: dict[str, Any] = {"status": status}
    if status == Status.FAILED:
        fields["error_code"] = "deadline_passed"
    if status == Status.COMPLETED:
        fields |= {"completed_at": clock.now(), "progress": 100}
    job = TryOnJobFactory.create(product_image=row, model_image=model, **fields)
    TryOnJob.objects.filter(pk=job.pk).update(updated_at=clock.now() - timedelta(days=idle_days))
    if copy_days is not None:
        kept_copy(job=job, days_old=copy_days)
    if status == Status.COMPLETED and expires_days is not None:
        result(job=job, expires_in=timedelta(days=expires_days), review=review)


def needed() -> set[str]:
    """The files that must be there after any cleanup."""
    files: set[str] = set()
    for job in TryOnJob.objects.filter(status__in=ACTIVE).select_related("product_image", "model_image"):
        product, model = job.product_image, model_of(job)
        files.update(names(product.original, product.processed, product.thumbnail))
        files.update(names(model.image, model.thumbnail))
    retryable = Prediction.objects.filter(job__status__in=[*ACTIVE, Status.FAILED]).exclude(kept="")
    for copy in retryable.filter(finished_at__gt=clock.now() - timedelta(days=30)):
        files.add(str(copy.kept.name))
    for copy in retryable.filter(job__status__in=ACTIVE):
        files.add(str(copy.kept.name))
    live = TryOnResult.objects.filter(expires_at__gt=clock.now()).exclude(review=Review.REJECTED)
    for row in live:
        files.update(names(row.image, row.thumbnail))
    for shop in ProductImage.objects.filter(requester=""):
        files.update(names(shop.original, shop.processed, shop.thumbnail))
    return files


def named() -> set[str]:
    """The files that rows name."""
    files: set[str] = set()
    for shot in ProductImage.objects.all():
        files.update(filter(None, names(shot.original, shot.processed, shot.thumbnail)))
    files.update(key for row in ModelImage.objects.all() for key in names(row.image, row.thumbnail))
    files.update(key for row in TryOnResult.objects.all() for key in names(row.image, row.thumbnail))
    return files | set(Prediction.objects.exclude(kept="").values_list("kept", flat=True))


@hypothesis_settings(
    max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@pytest.mark.slow
@given(
    photos=st.lists(PHOTOS, max_size=4),
    strays=st.lists(STRAYS, max_size=4),
    order=st.permutations(sorted(EVERY_TASK)),
)
def test_nothing_that_is_needed_is_removed(
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    photos: list[dict[str, Any]],
    strays: list[tuple[str, int]],
    order: list[str],
) -> None:
    few = [f"{kind}/ab" for kind in ("models", "originals", "products", "results")]
    monkeypatch.setattr("tryon.cleanup.files.folders", lambda: few)
    shutil.rmtree(Path(settings.MEDIA_ROOT), ignore_errors=True)
    with transaction.atomic():
        build(photos, strays)
        must_stay = needed()
        active = set(TryOnJob.objects.filter(status__in=ACTIVE).values_list("pk", flat=True))
        for name in order:
            force = {"force": True} if EVERY_TASK[name].can_be_forced else {}
            assert run(name, EVERY_TASK[name].work(**force), max_seconds=60) is not None
        left = stored_keys()
        assert must_stay <= left
        assert named() <= left  # no row has lost its file
        assert set(TryOnJob.objects.filter(status__in=ACTIVE).values_list("pk", flat=True)) == active
        assert not TryOnResult.objects.filter(expires_at__lte=clock.now()).exists()
        run("stored_files", TASKS["stored_files"].work(force=True), max_seconds=60)
        assert all(is_young(key) for key in stored_keys() - named())
        transaction.set_rollback(True)


def is_young(key: str) -> bool:
    return default_storage.get_modified_time(key) > clock.now() - timedelta(hours=24)
