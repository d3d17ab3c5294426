"""Products in the admin, and how their photos find them."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.test import Client
from django.test.utils import CaptureQueriesContext

from config.core import clock
from config.people.models import AuditEntry
from tests import images
from tests.admin_pages import count_queries, page, sign_in, upload
from tests.factories import (
    ProductFactory,
    ProductImageFactory,
    ShopperPhotoFactory,
    TryOnJobFactory,
    TryOnResultFactory,
)
from tests.tryon.cleanup.world import clean
from tryon.catalogue import links
from tryon.catalogue.models import Product
from tryon.catalogue.services import product_find
from tryon.models import ProductImage

LIST = "/admin/catalogue/product/"
PHOTOS = "/admin/tryon/productimage/"
EMPTY: dict[str, str] = {"name": "", "price": "", "currency": "", "collection": "", "tags": ""}

pytestmark = pytest.mark.django_db


def add_photo(client: Client, product_id: str, *, seed: int = 1) -> str:
    """Send a photo of a product; the text of the page it ends on."""
    files = [upload("a.jpg", images.garment_photo(images.SMALL_SQUARE, seed=seed))]
    data = {"photos": files, "product_id": product_id, "metadata": ""}
    return client.post(f"{PHOTOS}add/", data, follow=True).text


def test_a_photo_makes_its_product_and_becomes_the_source(staff: Client) -> None:
    add_photo(staff, "SKU-1")
    add_photo(staff, "SKU-1", seed=2)

    product = Product.objects.get()
    first, second = ProductImage.objects.order_by("created_at")
    assert (product.product_id, product.source_photo) == ("SKU-1", first)
    assert {*product.photos.all()} == {first, second}
    assert f'<a href="{PHOTOS}?catalogue_product={product.pk}">2</a>' in page(staff, LIST)
    assert page(staff, f"{PHOTOS}?catalogue_product={product.pk}").count("/change/") >= 2


def arrives(product_id: str, view: str) -> ProductImage:
    """A photo of the catalogue that is put to its product."""
    photo: ProductImage = ProductImageFactory.create(product_id=product_id, view=view)
    product_find(photo)
    return photo


def source_of(product_id: str) -> ProductImage | None:
    return Product.objects.get(product_id=product_id).source_photo


def test_of_photos_that_arrive_together_the_front_is_the_source() -> None:
    arrives("SKU-1", "back")
    front = arrives("SKU-1", "Front")
    arrives("SKU-1", "front")
    arrives("SKU-1", "side")
    assert source_of("SKU-1") == front

    chosen = arrives("SKU-2", "back")
    ProductImage.objects.filter(pk=chosen.pk).update(created_at=clock.now() - timedelta(hours=1))
    arrives("SKU-2", "front")
    assert source_of("SKU-2") == chosen

    tried_on = arrives("SKU-3", "back")
    TryOnJobFactory.create(product_image=tried_on)
    arrives("SKU-3", "front")
    assert source_of("SKU-3") == tried_on


def test_a_product_has_a_photo_once_and_another_product_warns(staff: Client) -> None:
    add_photo(staff, "SKU-1")

    assert "This product already has this photo. Use that one, or send another." in add_photo(staff, "SKU-1")
    assert ProductImage.objects.count() == 1
    assert "Another product has this photo too." in add_photo(staff, "SKU-2")
    assert [*Product.objects.values_list("product_id", flat=True)] == ["SKU-1", "SKU-2"]


def test_a_photo_with_another_number_moves_to_that_product(staff: Client) -> None:
    add_photo(staff, "SKU-O1")
    photo = ProductImage.objects.get()

    staff.post(f"{PHOTOS}{photo.pk}/change/", {"product_id": "SKU-01", "metadata": "{}"})

    right, wrong = Product.objects.order_by("product_id")
    assert (right.source_photo, wrong.source_photo) == (photo, None)
    assert [*right.photos.all()] == [photo]


def test_a_product_is_described_and_chooses_among_its_own_photos(staff: Client) -> None:
    product = ProductFactory.create(product_id="SKU-1")
    own = ProductImageFactory.create(product_id="SKU-1", catalogue_product=product, view="back")
    other = ProductImageFactory.create()
    fields = {"name": "Linen dress", "price": "129.90", "currency": "eur", "collection": "SS27"}

    text = staff.post(f"{LIST}{product.pk}/change/", {**EMPTY, **fields, "source_photo": str(other.pk)}).text
    assert "Select a valid choice" in text
    assert "back · " in text
    staff.post(
        f"{LIST}{product.pk}/change/", {**EMPTY, **fields, "tags": "Linen", "source_photo": str(own.pk)}
    )

    text = page(staff, f"{LIST}?collection=SS27")
    assert "129.90 EUR" in text
    product.refresh_from_db()
    assert (product.source_photo, product.tags) == (own, ["linen"])
    assert AuditEntry.objects.get(object_pk=str(product.pk)).changes_dict["collection"] == ["", "SS27"]


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"currency": "E€R"}, "Write the three letters of the currency"),
        ({"price": "-1"}, "greater than or equal to 0"),
    ],
)
def test_a_wrong_price_or_currency_is_refused(staff: Client, wrong: dict[str, str], sentence: str) -> None:
    product = ProductFactory.create()

    assert sentence in staff.post(f"{LIST}{product.pk}/change/", {**EMPTY, **wrong}).text


def test_a_product_counts_the_outfits_that_it_is_a_further_garment_of(staff: Client) -> None:
    shoes, dress = ProductFactory.create_batch(2)
    worn = ProductImageFactory.create(catalogue_product=shoes)
    alone = TryOnResultFactory.create(job__product_image=worn)
    outfit = TryOnResultFactory.create(
        job__product_image=ProductImageFactory.create(catalogue_product=dress),
        job__options={"garments": ["one-pieces", "shoes"]},
    )
    outfit.job.viewers.get().note_garments([outfit.job.product_image, worn])
    other = TryOnResultFactory.create()

    text = page(staff, f"{LIST}{shoes.pk}/change/")

    assert "<li>Completed: 2</li>" in text
    for address in ("/admin/results/tryonresult/", "/admin/tryon/tryonjob/"):
        assert f"{address}?worn={shoes.pk}" in text
        listed = page(staff, f"{address}?worn={shoes.pk}")
        shown = {row for row in (alone, outfit, other) if f"{row.job_id}/change/" in listed}
        assert shown == {alone, outfit}
        assert str(other.job_id) not in page(staff, f"{address}?worn=nonsense")
    assert all(f"/admin/results/tryonresult/{row.pk}/" in text for row in (alone, outfit))
    assert f"/admin/results/tryonresult/{alone.pk}/" not in page(staff, f"{LIST}{dress.pk}/change/")


def test_a_product_with_photos_is_not_deleted(staff: Client) -> None:
    empty, used = ProductFactory.create_batch(2)
    ProductImageFactory.create(catalogue_product=used)

    for product in (empty, used):
        staff.post(f"{LIST}{product.pk}/delete/", {"post": "yes"})

    assert Product.objects.get() == used


def test_the_list_needs_no_more_queries_for_more_products(staff: Client) -> None:
    def more() -> None:
        for product in ProductFactory.create_batch(4):
            product.source_photo = ProductImageFactory.create(catalogue_product=product)
            product.save()

    more()
    before = count_queries(staff, LIST)
    more()

    assert count_queries(staff, LIST) == before


def test_photos_of_an_older_release_find_their_products(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(links, "MOST", 2)
    known = ProductFactory.create(product_id="SKU-2", name="Dress")
    photos = [ProductImageFactory.create(product_id=f"SKU-{n // 2}") for n in range(6)]
    strangers = [
        ProductImageFactory.create(product_id="SKU-1", requester="shop:one"),
        ProductImageFactory.create(product_id="", processed=""),
    ]

    assert "photos_of_products: removed 0" in clean("photos_of_products")

    found = dict(ProductImage.objects.values_list("pk", "catalogue_product__product_id"))
    assert found == {photo.pk: photo.product_id for photo in photos} | {row.pk: None for row in strangers}
    known.refresh_from_db()
    assert (known.name, known.source_photo) == ("Dress", photos[4])


def test_a_thousand_photos_take_a_few_statements() -> None:
    ProductImageFactory.create_batch(60)

    with CaptureQueriesContext(connection) as queries:
        assert links.photos_link(ProductImage.objects, Product.objects) == 60
    assert len(queries) <= 7, [query["sql"][:80] for query in queries]


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_the_migration_makes_the_products_of_the_catalogue() -> None:
    executor = MigrationExecutor(connection)
    executor.migrate([("catalogue", None), ("tryon", "0027_erasures")])
    try:
        old: Any = executor.loader.project_state([("tryon", "0027_erasures")]).apps
        photos = old.get_model("tryon", "ProductImage").objects
        for number in ("SKU-1", "SKU-1", "SKU-2"):
            photos.create(product_id=number, processed="p", width=1, height=1, checksum="c")
    finally:
        call_command("migrate", verbosity=0)

    assert [product.photos.count() for product in Product.objects.order_by("product_id")] == [2, 1]
    assert set(ProductImage.objects.values_list("is_active", "category", "view")) == {(True, "", "")}
    assert ProductImage.objects.first().tags == []  # type: ignore[union-attr]


def test_the_page_of_a_product_shows_its_photos_try_ons_and_results_but_no_shoppers() -> None:
    product = ProductFactory.create(product_id="SKU-1")
    photo = ProductImageFactory.create(product_id="SKU-1", catalogue_product=product, view="front")
    ProductImageFactory.create(product_id="SKU-1", catalogue_product=product, is_active=False)
    Product.objects.update(source_photo=photo)
    result = TryOnResultFactory.create(job__product_image=photo)
    TryOnJobFactory.create_batch(2, product_image=photo)
    private = TryOnResultFactory.create(
        job__product_image=photo, job__model_image=None, job__shopper_photo=ShopperPhotoFactory.create()
    )
    other = TryOnResultFactory.create()
    address = f"{LIST}{product.pk}/change/"

    staff = sign_in()
    text = page(staff, address)
    for row in (photo, result):
        assert row.thumbnail.url.split("?")[0] in text
    for row in (private, other):
        assert row.thumbnail.url.split("?")[0] not in text
    assert text.count("Source photo</span>") == text.count("Retired</span>") == 1
    assert "Queued: 2" in text
    for found in ("results/tryonresult", "tryon/tryonjob"):
        list_address = f"/admin/{found}/?worn={product.pk}"
        assert list_address in text
        assert "SKU-1" in page(staff, list_address)
        assert other.job.product_image.product_id not in page(staff, list_address)

    before = count_queries(staff, address)
    TryOnResultFactory.create(job__product_image=ProductImageFactory.create(catalogue_product=product))
    assert count_queries(staff, address) == before

    User.objects.all().delete()
    viewer = page(sign_in("catalogue.view_product"), address)
    assert photo.thumbnail.url.split("?")[0] not in viewer
    assert result.thumbnail.url.split("?")[0] not in viewer


@pytest.mark.parametrize("language", ["en", "ko"])
def test_times_and_prices_are_written_as_people_know_them(staff: Client, language: str) -> None:
    product = ProductFactory.create(price=59_000, currency="KRW")
    headers = {"Accept-Language": language}
    assert "59,000 KRW" in staff.get(LIST, headers=headers).text
    text = staff.get(f"{LIST}{product.pk}/change/", headers=headers).text
    assert (
        f"{product.created_at:%Y-%m-%d %H:%M}"
        in text.split("Created" if language == "en" else "생성 시각")[1]
    )
