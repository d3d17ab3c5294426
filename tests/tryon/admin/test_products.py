"""Product photos in the admin: add them, and try many on many models."""

import re

import pytest
from django.contrib.admin import ActionLocation
from django.contrib.auth.models import User
from django.test import Client

from models_library.models import ModelImage
from tests import images
from tests.admin_pages import count_queries, page, run_action, sign_in, upload
from tests.factories import ModelImageFactory, ProductImageFactory, TryOnJobFactory, TryOnResultFactory
from tryon.models import JobViewer, Lane, ProductImage, Status, TryOnJob

LIST = "/admin/tryon/productimage/"
JOBS = "/admin/tryon/tryonjob/"

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff(db: None) -> Client:
    return sign_in()


def add(client: Client, name: str, content: bytes, **fields: str) -> str:
    """Send the upload form; the text of the page it ends on."""
    data = {"photos": [upload(name, content)], "product_id": "", "metadata": "", **fields}
    response = client.post(f"{LIST}add/", data, follow=True)
    assert response.status_code == 200
    return response.content.decode()


def try_on(client: Client, products: list[ProductImage], models: list[ModelImage], **fields: object) -> str:
    """Send the try-on form; the text of the page it ends on."""
    data = {
        "action": "try_on",
        "_selected_action": [str(photo.pk) for photo in products],
        "models": [str(photo.pk) for photo in models],
        "mode": "balanced",
        **fields,
    }
    response = client.post(LIST, data, follow=True)
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


def test_try_on_offers_active_models_by_category(staff: Client) -> None:
    photo = ProductImageFactory.create()
    ModelImageFactory.create(name="Ada", category="lower_body")
    ModelImageFactory.create(name="Retired", is_active=False)

    text = run_action(staff, LIST, "try_on", [photo.pk])

    assert re.search(r"<h3>Lower body</h3>.*Ada", text, re.DOTALL)
    assert "<span>Retired</span>" not in text
    assert not TryOnJob.objects.exists()


def test_nothing_starts_before_the_credits_are_confirmed(staff: Client) -> None:
    products, models = ProductImageFactory.create_batch(2), ModelImageFactory.create_batch(3)

    text = try_on(staff, products, models, background="white")

    assert "<strong>6 try-ons</strong> for at most <strong>12 credits</strong>" in text
    assert not TryOnJob.objects.exists()


def test_confirmed_try_ons_start_in_the_bulk_lane(staff: Client) -> None:
    products, models = ProductImageFactory.create_batch(2), ModelImageFactory.create_batch(3)

    text = try_on(staff, products, models, mode="quality", confirmed="6")

    assert "6 try-ons were started." in text
    assert "Select try-on job to view" in text
    jobs = list(TryOnJob.objects.all())
    assert {(job.product_image_id, job.model_image_id) for job in jobs} == {
        (garment.pk, model.pk) for garment in products for model in models
    }
    assert {(job.lane, job.status, job.requester) for job in jobs} == {
        (Lane.BULK, Status.QUEUED, f"user:{User.objects.get().pk}")
    }
    assert all(job.options == {"mode": "quality"} for job in jobs)


def test_a_choice_changed_after_the_confirmation_is_confirmed_again(staff: Client) -> None:
    products, models = ProductImageFactory.create_batch(1), ModelImageFactory.create_batch(2)

    text = try_on(staff, products, models, confirmed="1")

    assert "<strong>2 try-ons</strong>" in text
    assert not TryOnJob.objects.exists()


def test_what_exists_or_is_under_way_is_not_started_again(staff: Client) -> None:
    garment, models = ProductImageFactory.create(), ModelImageFactory.create_batch(2)
    try_on(staff, [garment], models, confirmed="2")
    made = TryOnJob.objects.get(model_image=models[0])
    TryOnJob.objects.filter(pk=made.pk).update(
        status=Status.COMPLETED, progress=100, completed_at=made.created_at
    )
    TryOnResultFactory.create(job=made)

    text = try_on(staff, [garment], models, confirmed="2")

    assert "1 is already under way. 1 was made before and costs nothing." in text
    assert TryOnJob.objects.count() == 2
    assert JobViewer.objects.count() == 2


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"background": "nice"}, "Use a colour such as #f5f5f5 or white."),
        ({"mode": "wild"}, "Select a valid choice."),
    ],
)
def test_a_choice_that_cannot_be_used_is_explained(
    staff: Client, fields: dict[str, object], problem: str
) -> None:
    products, models = ProductImageFactory.create_batch(1), ModelImageFactory.create_batch(1)

    text = try_on(staff, products, models, confirmed="1", **fields)

    assert problem in text
    assert not TryOnJob.objects.exists()


def test_a_try_on_without_a_model_asks_for_one(staff: Client) -> None:
    text = try_on(staff, ProductImageFactory.create_batch(1), [], confirmed="0")

    assert "Choose at least one model photo." in text
    assert not TryOnJob.objects.exists()


def test_a_model_retired_meanwhile_cannot_be_chosen(staff: Client) -> None:
    retired = ModelImageFactory.create(is_active=False)

    text = try_on(staff, ProductImageFactory.create_batch(1), [retired], confirmed="1")

    assert "is not one of the available choices" in text
    assert not TryOnJob.objects.exists()


def test_more_than_two_hundred_at_once_are_refused(staff: Client) -> None:
    products, models = ProductImageFactory.create_batch(21), ModelImageFactory.create_batch(10)

    text = try_on(staff, products, models, confirmed="210")

    assert "That is more than 200 try-ons. Choose fewer." in text
    assert not TryOnJob.objects.exists()


def test_more_than_two_hundred_products_are_sent_back(staff: Client) -> None:
    text = run_action(staff, LIST, "try_on", [photo.pk for photo in ProductImageFactory.create_batch(201)])

    assert "Choose at most 200 product photos at a time." in text


def test_try_on_can_be_reached_from_one_photo(staff: Client) -> None:
    photo = ProductImageFactory.create(product_id="SKU-9")
    address = f"{LIST}{photo.pk}/change/"
    fields = {f"{ActionLocation.CHANGE_FORM.value}-action": "try_on", "_selected_action": str(photo.pk)}

    text = staff.post(address, {**fields, "index": "0"}, follow=True).content.decode()

    assert "<figcaption>SKU-9</figcaption>" in text


def test_starting_needs_the_permission_to_spend(db: None) -> None:
    editor = sign_in("tryon.view_productimage", "tryon.change_productimage", "tryon.view_tryonjob")
    products, models = ProductImageFactory.create_batch(1), ModelImageFactory.create_batch(1)

    assert "Try on…" not in page(editor, LIST)
    try_on(editor, products, models, confirmed="1")

    assert not TryOnJob.objects.exists()


def test_only_a_post_with_a_token_starts(db: None) -> None:
    guarded = sign_in(csrf=True)
    garment, model = ProductImageFactory.create(), ModelImageFactory.create()
    photos = {"_selected_action": str(garment.pk), "models": str(model.pk)}
    fields = {"action": "try_on", "mode": "balanced", **photos}

    assert guarded.post(LIST, {**fields, "confirmed": "1"}).status_code == 403
    guarded.get(LIST, {**fields, "confirmed": "1"})

    assert not TryOnJob.objects.exists()
