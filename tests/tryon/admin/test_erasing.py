"""Erasing a photo in the admin: the page shows what goes, and asks once."""

import re

import pytest
from django.contrib.admin import ActionLocation
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.test import Client

from models_library.models import ModelImage
from results.models import TryOnResult
from tests.admin_pages import page, sign_in
from tests.factories import (
    ModelImageFactory,
    ProductImageFactory,
    TryOnJobFactory,
    TryOnResultFactory,
    model_of,
)
from tryon.catalogue.models import UploadAttempt
from tryon.models import JobViewer, ProductImage, Status, TryOnJob

pytestmark = pytest.mark.django_db

PRODUCTS, MODELS = "/admin/tryon/productimage/", "/admin/models_library/modelimage/"


def test_the_page_shows_the_pictures_and_names_of_what_goes() -> None:
    model = ModelImageFactory.create(name="Ada")
    garment = ProductImageFactory.create(product_id="Linen shirt")
    done = TryOnResultFactory.create(job__model_image=model, job__product_image=garment)
    TryOnJobFactory.create(model_image=model)

    text = page(sign_in(), f"{MODELS}{model.pk}/erase/")

    assert "<h1>Erase Ada</h1>" in text
    assert f'src="{done.thumbnail.url.split("?")[0]}?' in text
    assert "<figcaption>Linen shirt on Ada</figcaption>" in text
    assert "<dt>Try-ons</dt><dd>2</dd>" in text
    assert "<dt>Under way: they are canceled</dt><dd>1</dd>" in text
    assert str(done.pk) not in text
    assert TryOnResult.objects.exists()


def test_a_confirmed_erasure_takes_the_name_out_of_every_page() -> None:
    staff = sign_in()
    model = ModelImageFactory.create(name="Ada Lovelace", tags=["countess"])
    staff.post(
        f"{MODELS}{model.pk}/change/", {"name": "Ada Byron", "category": "full_body", "tags": "countess"}
    )
    UploadAttempt.objects.create(
        person=User.objects.get(),
        library="models_library.modelimage",
        file_name="Lovelace.jpg",
        model_image=model,
    )
    assert "Lovelace.jpg" in page(staff, f"{MODELS}add/")
    waiting = TryOnJobFactory.create(model_image=model)
    TryOnResultFactory.create(job=TryOnJobFactory.create(model_image=model, completed=True))

    text = staff.post(f"{MODELS}{model.pk}/erase/", follow=True).content.decode()

    assert "The photo is erased, with 2 try-ons." in text
    waiting.refresh_from_db()
    assert waiting.status == Status.CANCELED
    assert LogEntry.objects.filter(object_id=str(model.pk)).exists()
    places = [
        "/admin/",
        MODELS,
        f"{MODELS}add/",
        f"{MODELS}{model.pk}/change/",
        f"{MODELS}{model.pk}/history/",
    ]
    for place in [*places, "/admin/tryon/tryonjob/", f"/admin/tryon/tryonjob/{waiting.pk}/change/"]:
        shown = page(staff, place)
        assert not re.findall("Byron|Lovelace|countess", shown), place
    assert "Erased photo" in page(staff, f"/admin/tryon/tryonjob/{waiting.pk}/change/")


def test_an_erased_photo_is_not_changed_or_activated() -> None:
    staff, model = sign_in(), model_of(TryOnJobFactory.create())
    staff.post(f"{MODELS}{model.pk}/erase/")

    assert "The photo is erased, with 0 try-ons." in page_after(staff, f"{MODELS}{model.pk}/erase/")
    staff.post(MODELS, {"action": "activate", "_selected_action": str(model.pk)})
    fields = {"name": "Ada", "category": "full_body", "tags": "", "is_active": "on"}
    assert staff.post(f"{MODELS}{model.pk}/change/", fields).status_code == 403
    assert not ModelImage.objects.get().is_active


def page_after(staff: Client, address: str) -> str:
    """Return the text of the page on which a confirmation ends."""
    return staff.post(address, follow=True).content.decode()


def test_the_page_says_what_stays_for_others() -> None:
    staff = sign_in()
    mine, theirs = (
        ProductImageFactory.create(requester="shop:1"),
        ProductImageFactory.create(requester="shop:2"),
    )
    job = TryOnJobFactory.create(product_image=mine, requester="shop:1")
    JobViewer.objects.create(job=job, requester="shop:2", product_image=theirs)
    address = f"{PRODUCTS}{mine.pk}/erase/"

    assert "with their own copy of the photo</dt><dd>1</dd>" in page(staff, address)
    assert "1 try-on stays: others made it with their own copy" in page_after(staff, address)
    assert TryOnJob.objects.get().product_image == theirs


def test_the_page_is_reached_from_the_photo() -> None:
    staff, photo = sign_in(), ProductImageFactory.create(product_id="SKU-9")
    fields = {f"{ActionLocation.CHANGE_FORM.value}-action": "erase", "_selected_action": str(photo.pk)}

    answer = staff.post(f"{PRODUCTS}{photo.pk}/change/", {**fields, "index": "0"}, follow=True)

    assert "<h1>Erase SKU-9</h1>" in answer.content.decode()


@pytest.mark.parametrize("permission", ["tryon.delete_productimage", "tryon.change_productimage"])
def test_erasing_needs_its_permission(permission: str) -> None:
    editor, photo = sign_in("tryon.view_productimage", permission), ProductImageFactory.create()

    assert "Erase…" not in page(editor, f"{PRODUCTS}{photo.pk}/change/")
    assert editor.post(f"{PRODUCTS}{photo.pk}/erase/").status_code == 403
    assert ProductImage.objects.get().processed


def test_a_photo_that_is_gone_has_no_page() -> None:
    staff, photo = sign_in(), ProductImageFactory.create()
    staff.post(f"{PRODUCTS}{photo.pk}/erase/")

    assert not ProductImage.objects.exists()
    assert staff.get(f"{PRODUCTS}{photo.pk}/erase/").status_code == 404
