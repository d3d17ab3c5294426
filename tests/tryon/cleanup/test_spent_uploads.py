"""Photos of shoppers that are done with: their files go, and the history of their jobs stays."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from config.core import clock
from tests.admin_pages import run_action, sign_in
from tests.conftest import Api, Finish, error_of, requester
from tests.factories import ModelImageFactory, TryOnJobFactory
from tests.stores import stored_keys
from tests.tryon.cleanup.world import aged, clean, names, photo, result
from tryon.models import ProductImage, Status, TryOnJob
from tryon.sandbox import Sandbox

pytestmark = pytest.mark.django_db


@pytest.fixture
def spent() -> ProductImage:
    """A shopper's photo whose one try-on was over long ago and left no result."""
    row = aged(photo(), hours=2000)
    TryOnJobFactory.create(product_image=row, completed=True)
    TryOnJob.objects.update(updated_at=clock.now() - timedelta(days=31))
    return row


@pytest.mark.usefixtures("store")
def test_a_photo_that_is_done_with_loses_its_files_and_keeps_its_row(spent: ProductImage) -> None:
    assert "spent_uploads: removed 1, 30" in clean("spent_uploads")
    spent.refresh_from_db()
    assert names(spent.original, spent.processed, spent.thumbnail) == ["", "", ""]
    assert spent.jobs.count() == 1
    assert stored_keys() == set()
    assert "removed 0" in clean("spent_uploads")


def with_an_active_job(row: ProductImage) -> None:
    TryOnJobFactory.create(product_image=row)
    TryOnJob.objects.update(updated_at=clock.now() - timedelta(days=31))


def with_a_recent_job(row: ProductImage) -> None:
    TryOnJobFactory.create(product_image=row, failed=True)


def with_a_result(row: ProductImage) -> None:
    result(expires_in=timedelta(days=1), job=row.jobs.get())


def of_the_shop(row: ProductImage) -> None:
    ProductImage.objects.update(requester="")


@pytest.mark.parametrize("keep", [with_an_active_job, with_a_recent_job, with_a_result, of_the_shop])
def test_a_photo_that_is_still_of_use_keeps_its_files(
    spent: ProductImage, keep: Callable[[ProductImage], None]
) -> None:
    keep(spent)
    assert "spent_uploads: removed 0" in clean("spent_uploads")
    assert set(names(spent.original, spent.processed, spent.thumbnail)) <= stored_keys()


def test_a_copy_is_needed_only_by_those_who_still_want_the_others_picture(spent: ProductImage) -> None:
    other = TryOnJobFactory.create(completed=True)
    result(expires_in=timedelta(days=1), job=other)
    other.viewers.update(product_image=spent)
    assert "spent_uploads: removed 0" in clean("spent_uploads")
    other.viewers.update(left_at=clock.now())
    assert "spent_uploads: removed 1" in clean("spent_uploads")


def test_a_photo_without_its_files_is_uploaded_again_to_be_tried_on(spent: ProductImage, owner: Api) -> None:
    clean("spent_uploads")
    ProductImage.objects.update(requester=requester("Owner"))
    model = ModelImageFactory.create()
    answer = owner.post("generate", {"productImageId": str(spent.pk), "modelImageId": str(model.pk)})
    assert (answer.status_code, error_of(answer)["code"]) == (404, "product_image_not_found")
    staff, job = sign_in(), spent.jobs.get()
    assert "The photo has been removed." in staff.get(f"/admin/tryon/tryonjob/{job.pk}/change/").text
    for page in ("tryonjob/", "productimage/", f"productimage/{spent.pk}/change/"):
        assert staff.get(f"/admin/tryon/{page}").status_code == 200
    chosen = run_action(staff, "/admin/tryon/productimage/", "try_on", [spent.pk])
    assert "studio-thumbnail" not in chosen


@pytest.mark.django_db(transaction=True)
def test_a_retry_with_a_photo_without_its_files_fails_before_anything_is_paid(
    spent: ProductImage, owner: Api, finish: Finish, sandbox: Sandbox
) -> None:
    clean("spent_uploads")
    job = spent.jobs.get()
    TryOnJob.objects.update(status=Status.FAILED, error_code="deadline_passed", requester=requester("Owner"))
    job.viewers.update(requester=requester("Owner"))
    assert owner.post(f"jobs/{job.pk}/retry").status_code == 202
    assert finish(str(job.pk)).error_code == "picture_missing"
    assert sandbox.ledger()["requests"].get("run", 0) == 0
