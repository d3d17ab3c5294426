"""Replacing a photo: the new one takes its place, the old one is retired, and its results are stale."""

from typing import Any

import pytest
from django.test import Client

from config.core import clock
from models_library.models import ModelImage
from models_library.services import model_image_create
from results.models import Review, TryOnResult
from tests import images
from tests.admin_pages import count_queries, page, sign_in, upload
from tests.conftest import Api, data_of
from tests.factories import (
    ModelImageFactory,
    ProductImageFactory,
    ShopperPhotoFactory,
    TryOnJobFactory,
    TryOnResultFactory,
)
from tests.models_library.test_releases import PDF, store
from tryon.catalogue.models import Product
from tryon.catalogue.services import photo_add
from tryon.catalogue.stale import StalePair, stale_pairs
from tryon.models import ProductImage

pytestmark = pytest.mark.django_db

PRODUCTS = "/admin/tryon/productimage/"
MODELS = "/admin/models_library/modelimage/"


@pytest.fixture
def photo() -> ProductImage:
    """A product's source photo."""
    file = upload("a.jpg", images.garment_photo(images.SMALL_SQUARE))
    described = {"view": "front", "category": "tops", "tags": ["linen"]}
    return photo_add(file=file, product_id="SKU-1", **described)[0]  # type: ignore[arg-type]


def replace(client: Client, address: str, content: bytes) -> str:
    """Send the form of the replacement; the text of the page it ends on."""
    response = client.post(f"{address}replace/", {"photo": upload("new.jpg", content)}, follow=True)
    assert response.status_code == 200
    return response.content.decode()


def another(seed: int = 9) -> bytes:
    return images.garment_photo(images.SMALL_SQUARE, seed=seed)


def result_of(photo: ProductImage, model: ModelImage, **more: Any) -> TryOnResult:
    made: TryOnResult = TryOnResultFactory.create(job__product_image=photo, job__model_image=model, **more)
    return made


def test_the_new_photo_takes_the_place_and_the_old_results_are_stale(
    staff: Client, photo: ProductImage
) -> None:
    first, second = ModelImageFactory.create_batch(2)
    shown = result_of(photo, first, job__options={"mode": "quality"})
    result_of(photo, second)
    other = result_of(ProductImageFactory.create(), first)

    text = replace(staff, f"{PRODUCTS}{photo.pk}/", another())

    assert "2 results are stale." in text
    assert "Make them again for at most 2 credits…" in text
    photo.refresh_from_db()
    new = ProductImage.objects.exclude(pk__in=[photo.pk, other.job.product_image_id]).get()
    assert (photo.is_active, new.is_active) == (False, True)
    assert (new.product_id, new.view, new.category, new.tags) == ("SKU-1", "front", "tops", ["linen"])
    product = Product.objects.get(product_id="SKU-1")
    assert product.source_photo == new
    pairs = stale_pairs(products=[product.pk])
    assert {pair.model_image for pair in pairs} == {first.pk, second.pk}
    assert StalePair(product.pk, new.pk, first.pk, shown.pk) in pairs
    address = f"/admin/plan/?product={new.pk}&amp;model="
    assert address in text
    listed = page(staff, "/admin/results/tryonresult/?stale=yes")
    assert str(shown.pk) in listed
    assert str(other.pk) not in listed
    mark = '<span class="studio-badge studio-badge-warning">Stale</span>'
    results = "/admin/results/tryonresult/"
    assert page(staff, results).count(mark) == 2
    assert mark in page(staff, f"{results}{shown.pk}/change/")
    assert mark not in page(staff, f"{results}{other.pk}/change/")


def test_a_photo_that_is_replaced_again_leads_to_the_newest(staff: Client, photo: ProductImage) -> None:
    result = result_of(photo, ModelImageFactory.create())
    for seed in (8, 9):
        newest = ProductImage.objects.get(is_active=True)
        replace(staff, f"{PRODUCTS}{newest.pk}/", another(seed))
    newest = ProductImage.objects.get(is_active=True)
    assert [(pair.product_image, pair.result) for pair in stale_pairs()] == [(newest.pk, result.pk)]


def test_a_result_of_the_present_photos_ends_the_staleness(staff: Client, photo: ProductImage) -> None:
    model = ModelImageFactory.create()
    result_of(photo, model)
    replace(staff, f"{PRODUCTS}{photo.pk}/", another())
    newest = ProductImage.objects.get(is_active=True)
    rejected = result_of(newest, model, review=Review.REJECTED)
    assert len(stale_pairs()) == 1
    TryOnResult.objects.filter(pk=rejected.pk).update(review=Review.PENDING)
    assert stale_pairs() == []


def test_shoppers_results_and_outfits_are_not_stale(staff: Client, photo: ProductImage) -> None:
    TryOnResultFactory.create(
        job__product_image=photo, job__model_image=None, job__shopper_photo=ShopperPhotoFactory.create()
    )
    result_of(photo, ModelImageFactory.create(), job__options={"garments": ["tops", "shoes"]})
    text = replace(staff, f"{PRODUCTS}{photo.pk}/", another())
    assert "The photo is replaced." in text
    assert stale_pairs() == []


def test_a_model_photos_successor_has_its_release(staff: Client, manager: Api, owner: Api) -> None:
    data_of(manager.add_model(images.model_photo(images.SMALL_PORTRAIT)))
    photo = ModelImage.objects.get()
    store(staff, photo, file=upload("a.pdf", PDF), ends=str(clock.today()), territory="KR")
    result_of(ProductImageFactory.create(), photo)

    text = replace(staff, f"{MODELS}{photo.pk}/", images.model_photo(images.SMALL_PORTRAIT, seed=9))

    assert "1 result is stale." in text
    photo.refresh_from_db()
    new = ModelImage.objects.get(is_active=True)
    assert photo.replaced_by == new
    assert (new.name, new.release_territory, new.release_until) == (photo.name, "KR", clock.today())
    assert new.release_file.name != photo.release_file.name
    assert staff.get(f"{MODELS}{new.pk}/release/file/").content == PDF
    assert [row["id"] for row in data_of(owner.get("models"))] == [str(new.pk)]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (images.garment_photo(images.SMALL_SQUARE), "Show it</a>"),
        (b"PK\x03\x04 a ZIP", "This is not a photo in a format that we read."),
        (b"", "There is no file, or it is empty."),
    ],
)
def test_a_file_that_can_not_take_the_place_changes_nothing(
    staff: Client, photo: ProductImage, content: bytes, told: str
) -> None:
    assert told in replace(staff, f"{PRODUCTS}{photo.pk}/", content)
    photo.refresh_from_db()
    assert photo.is_active
    assert ProductImage.objects.count() == 1


def test_a_retired_photo_is_not_replaced_again(staff: Client, photo: ProductImage) -> None:
    ProductImage.objects.update(is_active=False)
    assert "somebody else has replaced it" in replace(staff, f"{PRODUCTS}{photo.pk}/", another())
    assert ProductImage.objects.count() == 1


def test_a_photo_that_two_people_replace_gets_one_successor(
    staff: Client, photo: ProductImage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def meanwhile_retired(**more: Any) -> Any:
        added = photo_add(**more)
        ProductImage.objects.filter(pk=photo.pk).update(is_active=False)
        return added

    monkeypatch.setattr("tryon.catalogue.replacing.photo_add", meanwhile_retired)
    assert "somebody else has replaced it" in replace(staff, f"{PRODUCTS}{photo.pk}/", another())
    assert [*ProductImage.objects.all()] == [photo]


def test_a_release_that_somebody_ends_meanwhile_is_not_lost(
    staff: Client, manager: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    data_of(manager.add_model(images.model_photo(images.SMALL_PORTRAIT)))
    photo = ModelImage.objects.get()

    def meanwhile_ended(**more: Any) -> Any:
        added = model_image_create(**more)
        ModelImage.objects.filter(pk=photo.pk).update(release_until=clock.today())
        return added

    monkeypatch.setattr("tryon.catalogue.replacing.model_image_create", meanwhile_ended)
    address, content = f"{MODELS}{photo.pk}/", images.model_photo(images.SMALL_PORTRAIT, seed=9)
    assert "Somebody has just changed this photo" in replace(staff, address, content)
    assert [row.is_active for row in ModelImage.objects.all()] == [True]

    monkeypatch.undo()
    replace(staff, address, content)
    assert ModelImage.objects.get(is_active=True).release_until == clock.today()


def test_replacing_needs_the_rights_to_add_and_to_change(photo: ProductImage) -> None:
    viewer = sign_in("tryon.view_productimage", "tryon.change_productimage")
    assert viewer.get(f"{PRODUCTS}{photo.pk}/replace/").status_code == 403
    assert viewer.post(f"{PRODUCTS}{photo.pk}/replace/").status_code == 403


def test_use_and_approval_are_shown_in_the_list_and_on_the_page(staff: Client, photo: ProductImage) -> None:
    model = ModelImageFactory.create()
    for review in (Review.APPROVED, Review.APPROVED, Review.REJECTED, Review.PENDING):
        result_of(photo, model, review=review)
    TryOnJobFactory.create(product_image=photo, model_image=model, failed=True)

    for row, address in ((photo, PRODUCTS), (model, MODELS)):
        assert "67 % (2/3)" in page(staff, address)
        text = page(staff, f"{address}{row.pk}/change/")
        assert "5 try-ons, 4 results, 67 % approved (2 of 3 judged)" in text


@pytest.mark.parametrize("address", [PRODUCTS, MODELS])
def test_the_use_of_a_page_takes_one_query(staff: Client, address: str) -> None:
    TryOnResultFactory.create_batch(2)
    before = count_queries(staff, address)
    TryOnResultFactory.create_batch(4)
    assert count_queries(staff, address) == before
