"""Product photos in the admin: add them, and try many on many models."""

import pytest
from django.contrib.admin import ActionLocation
from django.test import Client

from tests import images
from tests.admin_pages import count_queries, page, run_action, sign_in, upload
from tests.factories import ProductImageFactory, TryOnJobFactory
from tryon.models import ProductImage

LIST = "/admin/tryon/productimage/"
JOBS = "/admin/tryon/tryonjob/"

pytestmark = pytest.mark.django_db


def add(client: Client, name: str, content: bytes, **fields: str) -> str:
    """Send the upload form; the text of the page it ends on."""
    data = {"photos": [upload(name, content)], "product_id": "", "metadata": "", **fields}
    response = client.post(f"{LIST}add/", data, follow=True)
    assert response.status_code == 200
    return response.content.decode()


def test_list_shows_a_thumbnail_the_source_and_the_try_ons(staff: Client) -> None:
    photo = TryOnJobFactory.create().product_image
    ProductImageFactory.create(requester="shop:shop")

    text = page(staff, LIST)

    assert f'src="{photo.thumbnail.url.split("?")[0]}?' in text
    assert "Catalogue" in text
    assert "shop:shop" in text
    assert f'<a href="{JOBS}?product_image={photo.pk}">1</a>' in text


def test_list_needs_no_more_queries_for_more_photos(staff: Client) -> None:
    TryOnJobFactory.create_batch(4)
    before = count_queries(staff, LIST)
    TryOnJobFactory.create_batch(4)

    assert count_queries(staff, LIST) == before


@pytest.mark.parametrize(
    ("source", "shown", "hidden"), [("catalogue", "OURS", "THEIRS"), ("api", "THEIRS", "OURS")]
)
def test_photos_are_filtered_by_source(staff: Client, source: str, shown: str, hidden: str) -> None:
    ProductImageFactory.create(product_id="OURS")
    ProductImageFactory.create(product_id="THEIRS", requester="shop:shop")

    text = page(staff, f"{LIST}?source={source}")

    assert f">{shown}</a>" in text
    assert f">{hidden}</a>" not in text


def test_an_added_photo_joins_the_catalogue_under_its_file_name(staff: Client) -> None:
    text = add(staff, "SKU-77.jpg", images.garment_photo(), metadata='{"colour": "red"}')

    assert "1 photo was added." in text
    photo = ProductImage.objects.get()
    assert (photo.product_id, photo.requester, photo.metadata) == ("SKU-77", "", {"colour": "red"})


def test_a_poor_photo_is_taken_with_a_warning(staff: Client) -> None:
    text = add(staff, "dark.jpg", images.dark_photo(), product_id="SKU-1")

    assert "The photo looks dark. One with more light gives a better result. (dark.jpg)" in text
    assert ProductImage.objects.get().product_id == "SKU-1"


@pytest.mark.parametrize("depth", [20, 4900, 100_000])
def test_metadata_is_not_deep(staff: Client, depth: int) -> None:
    metadata = '{"a": ' + "[" * depth + "]" * depth + "}"
    assert "at most 20 levels deep" in add(staff, "a.jpg", images.garment_photo(), metadata=metadata)
    photo = ProductImageFactory.create(metadata={"colour": "red"})
    page = staff.post(f"{LIST}{photo.pk}/change/", {"product_id": "SKU-1", "metadata": metadata})
    assert "at most 20 levels deep" in page.text
    photo.refresh_from_db()
    assert photo.metadata == {"colour": "red"}


@pytest.mark.parametrize("metadata", ["[1]", '{"a": 1e400}'])
def test_metadata_must_be_an_object(staff: Client, metadata: str) -> None:
    text = add(staff, "a.jpg", images.garment_photo(), metadata=metadata)

    assert "Write a JSON object such as" in text
    assert not ProductImage.objects.exists()

    photo = ProductImageFactory.create(metadata={"colour": "red"})
    page = staff.post(f"{LIST}{photo.pk}/change/", {"product_id": "SKU-1", "metadata": metadata})
    assert "Write a JSON object such as" in page.text
    photo.refresh_from_db()
    assert photo.metadata == {"colour": "red"}


def test_the_product_can_be_corrected_and_the_picture_stays(staff: Client) -> None:
    photo = ProductImageFactory.create(product_id="SKU-O1")

    staff.post(f"{LIST}{photo.pk}/change/", {"product_id": "SKU-01", "metadata": "{}"})

    changed = ProductImage.objects.get()
    assert (changed.product_id, changed.processed.name) == ("SKU-01", photo.processed.name)


def test_try_on_leads_to_a_plan_with_the_photos_chosen(staff: Client) -> None:
    photos = ProductImageFactory.create_batch(2)

    text = run_action(staff, LIST, "try_on", [photo.pk for photo in photos])

    assert all(f"<figcaption>{photo.product_id}</figcaption>" in text for photo in photos)
    assert "The photos chosen in the list (2)" in text


def test_try_on_can_be_reached_from_one_photo(staff: Client) -> None:
    photo = ProductImageFactory.create(product_id="SKU-9")
    address = f"{LIST}{photo.pk}/change/"
    fields = {f"{ActionLocation.CHANGE_FORM.value}-action": "try_on", "_selected_action": str(photo.pk)}

    text = staff.post(address, {**fields, "index": "0"}, follow=True).content.decode()

    assert "<figcaption>SKU-9</figcaption>" in text


def test_a_plan_needs_the_permission_to_spend(db: None) -> None:
    editor = sign_in("tryon.view_productimage", "tryon.change_productimage", "tryon.view_tryonjob")
    ProductImageFactory.create()
    assert "Try on…" not in page(editor, LIST)
