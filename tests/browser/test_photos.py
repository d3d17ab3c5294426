"""More photos than a form takes: the form says so before it sends them."""

from typing import Any

import pytest

from tests import images
from tests.browser.visits import Visitor
from tryon.models import ProductImage

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


def files(number: int, content: bytes) -> list[Any]:
    return [{"name": f"{n}.jpg", "mimeType": "image/jpeg", "buffer": content} for n in range(number)]


def test_a_form_with_too_many_photos_is_not_sent(staff: Visitor) -> None:
    page = staff.page
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.method) if request.method == "POST" else None)
    page.goto("/admin/tryon/productimage/add/")
    photos = page.locator("#id_photos")

    for chosen, sentence in [
        (files(21, b"x"), "Choose at most 20 photos at a time."),
        (files(2, bytes(11 << 20)), "Choose photos of at most 20 MB together."),
    ]:
        photos.set_input_files(chosen)
        assert photos.evaluate("input => input.validationMessage") == sentence
        page.click("[name=_save]")
    assert sent == []

    photos.set_input_files(files(2, images.garment_photo(images.SMALL_SQUARE)))
    page.click("[name=_save]")
    page.wait_for_url("**/admin/tryon/productimage/")
    assert (len(sent), ProductImage.objects.count()) == (1, 2)
