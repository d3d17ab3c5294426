"""STORAGE_LIMIT_GB: a warning, an early cleanup, and no more uploads."""

from datetime import timedelta

import pytest
from pytest_django import Settings

from config.core import clock
from config.core.upkeep.models import CleanupRun, StorageUse
from results.models import Review, TryOnResult
from tests import images
from tests.admin_pages import page, sign_in
from tests.conftest import Api, Finish, Generate, data_of, error_of
from tests.stores import stored_keys
from tests.tryon.cleanup.world import photo, result
from tryon import tasks
from tryon.models import ProductImage, Status
from tryon.sandbox import Sandbox

pytestmark = pytest.mark.django_db(transaction=True)

GIGABYTE = 1_000_000_000


def fill(settings: Settings, percent: int) -> None:
    """Let so much of the limit be in use."""
    settings.STORAGE_LIMIT_GB = 1.0
    StorageUse.objects.update_or_create(kind="results", defaults={"bytes_stored": percent * GIGABYTE // 100})


def test_uploads_are_refused_when_storage_is_full(owner: Api, manager: Api, settings: Settings) -> None:
    fill(settings, 100)
    for response in (owner.upload(images.garment_photo()), manager.add_model(images.model_photo())):
        assert response.status_code == 507
        assert error_of(response)["code"] == "storage_full"
        assert error_of(response)["retryable"] is True
    assert stored_keys() == set()


def test_what_is_paid_for_is_stored_all_the_same(
    generate: Generate, finish: Finish, sandbox: Sandbox, settings: Settings
) -> None:
    job_id = generate()["jobId"]
    fill(settings, 100)
    assert finish(job_id).status == Status.COMPLETED


def test_without_a_limit_nothing_is_refused(owner: Api, settings: Settings) -> None:
    fill(settings, 100)
    settings.STORAGE_LIMIT_GB = 0.0
    assert owner.upload(images.garment_photo()).status_code == 201


@pytest.mark.parametrize(
    ("percent", "level", "cleans"), [(79, None, False), (80, "WARNING", False), (95, "ERROR", True)]
)
def test_operators_are_told_and_at_last_it_cleans_early(
    settings: Settings,
    caplog: pytest.LogCaptureFixture,
    percent: int,
    level: str | None,
    cleans: bool,
) -> None:
    fill(settings, percent)
    rejected = result(expires_in=timedelta(days=9), review=Review.REJECTED)
    approved = result(expires_in=timedelta(days=9), review=Review.APPROVED)
    idle, new = photo(), photo()
    ProductImage.objects.filter(pk=idle.pk).update(created_at=clock.now() - timedelta(hours=2))

    tasks.watch_storage()

    told = [record.levelname for record in caplog.records if "storage_filling" in str(record.msg)]
    assert told == ([level] if level else [])
    assert TryOnResult.objects.filter(pk=rejected.pk).exists() is not cleans
    assert ProductImage.objects.filter(pk=idle.pk).exists() is not cleans
    assert TryOnResult.objects.filter(pk=approved.pk).exists()
    assert ProductImage.objects.filter(pk=new.pk).exists()


def test_it_does_not_clean_early_again_and_again(settings: Settings) -> None:
    fill(settings, 99)
    for _ in range(3):
        tasks.watch_storage()
    assert CleanupRun.objects.filter(task="rejected_results").count() == 1


def test_the_operators_page_and_the_statistics_tell_how_full_it_is(manager: Api, settings: Settings) -> None:
    fill(settings, 42)
    shown = data_of(manager.get("stats"))["storage"]
    assert (shown["percentUsed"], shown["bytesAllowed"]) == (42.0, GIGABYTE)
    assert "42.0 % of" in page(sign_in(), "/admin/tryon/governor/")
