"""Requests that come while a photo is erased, and an erasure that is cut off."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.management import call_command
from pytest_django import Settings

from models_library.models import ModelImage
from results.models import TryOnResult
from tests.conftest import Api, Finish, Generate, data_of, requester
from tests.factories import (
    ProductImageFactory,
    TryOnJobFactory,
    TryOnResultFactory,
    model_of,
)
from tests.stores import away, stored_keys
from tests.tryon.cleanup.world import clean, photo
from tests.tryon.services.conftest import Photo, erase
from tryon.cleanup.erasing import erase_job
from tryon.cleanup.photos import product_image_forget
from tryon.models import ProductImage, TryOnJob
from tryon.sandbox import Sandbox
from tryon.services import erasing
from tryon.services import generate as generating
from tryon.services.erasing import Erased

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def while_generating(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], Any]], None]:
    """Have something happen after a request has read its photos, before it looks for a job."""

    def arrange(happen: Callable[[], Any]) -> None:
        real = generating._find_or_make

        def once(wish: Any) -> Any:
            monkeypatch.setattr(generating, "_find_or_make", real)
            happen()
            return real(wish)

        monkeypatch.setattr(generating, "_find_or_make", once)

    return arrange


@pytest.mark.parametrize(
    ("kind", "found"),
    [
        (ProductImage, "nothing"),
        (ProductImage, "active job"),
        (ProductImage, "result"),
        (ModelImage, "nothing"),
    ],
)
def test_a_request_that_has_read_the_photo_before_it_was_erased_is_refused(
    owner: Api,
    stranger: Api,
    finish: Finish,
    product_id: str,
    strangers_id: str,
    model_id: str,
    sandbox: Sandbox,
    while_generating: Callable[[Callable[[], Any]], None],
    kind: type[Photo],
    found: str,
) -> None:
    # With a row that points at them, the photos stay in their tables.
    TryOnJobFactory.create(product_image_id=product_id, model_image_id=model_id, failed=True)
    if found != "nothing":
        asked = data_of(stranger.post("generate", {"productImageId": strangers_id, "modelImageId": model_id}))
        if found == "result":
            finish(asked["jobId"])
    number = product_id if kind is ProductImage else model_id
    while_generating(lambda: erase(kind._default_manager.get(pk=number)))

    answer = owner.post("generate", {"productImageId": product_id, "modelImageId": model_id})

    assert answer.status_code == 404
    assert not TryOnJob.objects.filter(viewers__requester=requester("Owner")).exists()
    assert TryOnJob.objects.count() == 1 + (found != "nothing")


@pytest.mark.usefixtures("sandbox")
def test_a_request_that_comes_while_the_photo_is_being_erased_is_canceled(
    generate: Generate, monkeypatch: pytest.MonkeyPatch
) -> None:
    forget = product_image_forget

    def after_a_request(photo_id: Any) -> None:
        generate()
        forget(photo_id)

    monkeypatch.setattr("tryon.services.erasing.product_image_forget", after_a_request)

    assert erase(ProductImage.objects.get()) == Erased(jobs=1, canceled=1)


@pytest.fixture
def three_results() -> ProductImage:
    """A photo with three results."""
    garment = ProductImageFactory.create()
    for _ in range(3):
        TryOnResultFactory.create(job=TryOnJobFactory.create(product_image=garment, completed=True))
    return garment


def test_an_erasure_that_was_cut_off_is_finished_by_the_next(
    three_results: ProductImage, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[Any] = []

    def cut_off(job_id: Any, *rest: Any, **options: Any) -> Any:
        if done:
            raise KeyboardInterrupt
        done.append(job_id)
        return erase_job(job_id, *rest, **options)

    with monkeypatch.context() as patch:
        patch.setattr(erasing, "erase_job", cut_off)
        with pytest.raises(KeyboardInterrupt):
            erase(three_results)
    assert TryOnResult.objects.count() == 2

    assert erase(three_results) == Erased(jobs=2, results=2)
    assert not TryOnResult.objects.exists()


@pytest.mark.parametrize(("kind", "its_own"), [("product", 3), ("model", 1)])
def test_a_worker_goes_on_where_a_request_stops(
    three_results: ProductImage, monkeypatch: pytest.MonkeyPatch, kind: str, its_own: int
) -> None:
    monkeypatch.setattr(erasing, "ERASE_SECONDS", -1.0)
    other = TryOnResultFactory.create()

    assert erase(three_results if kind == "product" else model_of(other.job)) == Erased(goes_on=True)
    assert f"erasures: would remove {its_own}" in clean("erasures", dry_run=True)
    assert TryOnResult.objects.count() == 4
    call_command("rqworker", "maintenance", burst=True, verbosity=0, worker_class="tests.worker.QuietWorker")

    assert TryOnResult.objects.count() == 4 - its_own
    assert TryOnResult.objects.filter(pk=other.pk).exists() == (kind == "product")
    assert "erasures: removed 0" in clean("erasures")


def test_files_that_the_store_does_not_delete_are_left_to_the_cleanup(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tryon.cleanup.files.folders", lambda: ["originals/ab", "products/ab"])
    row = photo(hours_old=25)
    with away(settings):
        erase(row)
    assert len(stored_keys()) == 3

    assert "removed 3" in clean("stored_files")
    assert stored_keys() == set()
