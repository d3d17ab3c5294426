"""The page that takes in hundreds of photos: each file has its outcome, and coming back shows it."""

import shutil
import subprocess
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from config.core import clock
from models_library.models import ModelImage
from tests import images
from tests.admin_pages import count_queries, page, sign_in, upload
from tests.factories import ProductImageFactory
from tests.tryon.cleanup.world import clean
from tryon.catalogue.models import UploadAttempt
from tryon.catalogue.names import DEFAULT_PATTERN, is_pattern, name_parts
from tryon.models import ProductImage

PRODUCTS = "/admin/tryon/productimage/add/"
MODELS = "/admin/models_library/modelimage/add/"
SHIRT = images.garment_photo(images.SMALL_SQUARE)
FIELDS: dict[str, str] = {
    "product_id": "",
    "pattern": DEFAULT_PATTERN,
    "category": "tops",
    "tags": "Linen, new",
}

pytestmark = pytest.mark.django_db


def send(client: Client, file_name: str, content: bytes, *, to: str = PRODUCTS, **fields: str) -> Any:
    """Send one file as the page's script does; the answer."""
    response = client.post(f"{to}one/", {**FIELDS, "photos": upload(file_name, content), **fields})
    assert response.status_code == 200
    return response.json()


def test_the_name_of_a_file_says_product_and_view(staff: Client) -> None:
    answer = send(staff, "SKU-1_Front.jpg", SHIRT)

    assert (answer["outcome"], answer["retryable"]) == ("added", False)
    photo = ProductImage.objects.get()
    assert (photo.product_id, photo.view, photo.category) == ("SKU-1", "front", "tops")
    assert photo.tags == ["linen", "new"]
    assert f'href="/admin/tryon/productimage/{photo.pk}/change/"' in answer["html"]


def test_nothing_is_in_the_field_of_metadata_that_a_person_has_to_remove(staff: Client) -> None:
    assert "null" not in page(staff, PRODUCTS)


def test_a_person_finds_their_pattern_again_and_nobody_elses(staff: Client) -> None:
    send(staff, "front-SKU-1.jpg", SHIRT, pattern="{view}-{product}")
    assert 'value="{view}-{product}"' in page(staff, PRODUCTS)

    # An emptied field is the one that the page began with.
    send(staff, "back-SKU-2.jpg", images.garment_photo(images.SMALL_SQUARE, seed=2), pattern="")
    assert ProductImage.objects.get(view="back").product_id == "SKU-2"

    other = Client()
    other.force_login(User.objects.create_superuser("bea"))
    assert f'value="{DEFAULT_PATTERN}"' in page(other, PRODUCTS)


def test_a_duplicate_is_shown_beside_the_photo_that_it_equals(staff: Client) -> None:
    send(staff, "SKU-1_front.jpg", SHIRT)
    first = ProductImage.objects.get()

    answer = send(staff, "copy.jpg", SHIRT, product_id="SKU-1")

    assert answer["outcome"] == "duplicate"
    assert f'src="{first.thumbnail.url.split("?")[0]}' in answer["html"]
    assert "This product already has this photo." in answer["html"]
    assert ProductImage.objects.count() == 1


def test_a_model_photo_that_looks_like_another_is_added_with_it_beside(staff: Client) -> None:
    fields = {"to": MODELS, "name": "", "category": "full_body", "tags": ""}
    send(staff, "Ada.jpg", images.model_photo(), **fields)
    first = ModelImage.objects.get()

    answer = send(staff, "Bo.jpg", images.encode(images.draw_model(), "JPEG", quality=60), **fields)

    assert answer["outcome"] == "added"
    assert "The photo that looks like it: Ada" in answer["html"]
    assert f'src="{first.thumbnail.url.split("?")[0]}' in answer["html"]


def test_a_poor_photo_comes_with_a_hint_how_to_shoot_it_better(staff: Client) -> None:
    answer = send(staff, "dark.jpg", images.dark_photo())

    assert "The photo looks dark." in answer["html"]
    assert "Shoot by a large window, or with a lamp on each side." in answer["html"]


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("photos.zip", b"PK\x03\x04" + b"x" * 99, "This is an archive. Unpack it"),
        ("zip.jpg", b"PK\x03\x04" + b"x" * 99, "This is an archive. Unpack it"),
        ("prices.csv", b"a;b;c", "This is not a photo in a format that we read."),
    ],
)
def test_another_file_is_refused_by_name_and_the_refusal_stays(
    staff: Client, name: str, content: bytes, sentence: str
) -> None:
    answer = send(staff, name, content)

    assert answer["outcome"] == "refused"
    for text in (answer["html"], page(staff, PRODUCTS)):
        assert f"<strong>{name}</strong>" in text
        assert sentence in text
    assert f"{name}: {sentence}" in staff.post(PRODUCTS, {**FIELDS, "photos": upload(name, content)}).text


def test_coming_back_shows_what_this_person_sent_the_refused_first(staff: Client) -> None:
    send(staff, "broken.jpg", b"no photo")
    send(staff, "SKU-1_front.jpg", SHIRT)
    other = User.objects.create_user("other", is_staff=True, is_superuser=True)
    UploadAttempt.objects.create(person=other, library="tryon.productimage", file_name="theirs.jpg")

    text = page(staff, PRODUCTS)
    assert text.index("<strong>broken.jpg") < text.index("<strong>SKU-1_front.jpg")
    assert "theirs.jpg" not in text
    assert "broken.jpg" not in page(staff, MODELS)

    send(staff, "broken.jpg", images.garment_photo(images.SMALL_SQUARE, seed=2))
    assert page(staff, PRODUCTS).count("<strong>broken.jpg") == 1


def test_what_was_sent_is_forgotten_after_a_week(staff: Client) -> None:
    send(staff, "SKU-1_front.jpg", SHIRT)
    send(staff, "broken.jpg", b"no photo")
    old = clock.now() - timedelta(days=7, hours=1)
    UploadAttempt.objects.filter(file_name="broken.jpg").update(at=old)

    clean("old_upload_attempts", dry_run=True)
    assert UploadAttempt.objects.count() == 2
    assert "old_upload_attempts: removed 1," in clean("old_upload_attempts")
    assert ProductImage.objects.count() == UploadAttempt.objects.count() == 1


def test_the_page_needs_no_more_queries_for_more_files(staff: Client) -> None:
    person = User.objects.get()

    def more() -> None:
        for photo in ProductImageFactory.create_batch(3):
            UploadAttempt.objects.create(
                person=person,
                library="tryon.productimage",
                file_name="a.jpg",
                outcome="added",
                product_image=photo,
                warnings=[{"code": "image_of_other_product", "photo": str(photo.pk)}],
            )

    more()
    before = count_queries(staff, PRODUCTS)
    more()
    assert count_queries(staff, PRODUCTS) == before


@pytest.mark.parametrize(
    "pattern", ["{product}{view}", "{view}", "{product}_{product}", "{a}_{product}", "{"]
)
def test_a_pattern_that_says_too_little_is_explained(staff: Client, pattern: str) -> None:
    answer = send(staff, "SKU-1_front.jpg", SHIRT, pattern=pattern)

    assert answer["outcome"] == "refused"
    assert "Write {product} once" in answer["message"]
    assert not ProductImage.objects.exists()


def test_only_who_may_add_photos_sends_one(db: None) -> None:
    viewer = sign_in("tryon.view_productimage")

    assert viewer.post(f"{PRODUCTS}one/", {**FIELDS, "photos": upload("a.jpg", SHIRT)}).status_code == 403
    assert viewer.get(f"{PRODUCTS}one/").status_code == 405
    assert not UploadAttempt.objects.exists()


NAMES = [
    ("SKU-1_front", "{product}_{view}", "SKU-1", "front"),
    ("A_B_Back", "{product}_{view}", "A_B", "back"),
    ("front_A_B", "{view}_{product}", "A_B", "front"),
    ("SKU-1", "{product}_{view}", "SKU-1", ""),
    ("SKU-1", "{product}", "SKU-1", ""),
    ("2027 SKU.1 (side)", "2027 {product} ({view})", "SKU.1", "side"),
    ("_front", "{product}_{view}", "_front", ""),
    ("x" * 150, "{product}", "x" * 100, ""),
    ("옷-1_앞", "{product}_{view}", "옷-1", "앞"),
]


@pytest.mark.parametrize(("stem", "pattern", "product", "view"), NAMES)
def test_names_are_split_by_the_pattern(stem: str, pattern: str, product: str, view: str) -> None:
    assert is_pattern(pattern)
    assert name_parts(stem, pattern)[:2] == (product, view)


# A developer's machine may be without. .ci/run installs it.
@pytest.mark.skipif(shutil.which("node") is None, reason="the browser's half of the split runs in Node.js")
def test_the_browser_splits_names_as_the_server_does() -> None:
    script = Path("templates/static/tryon/upload-names.js").read_text()
    lines = [
        f"if (!isPattern({pattern!r})) throw {pattern!r};"
        f"console.log(JSON.stringify(Object.values(nameParts({stem + '.jpg'!r}, {pattern!r})).slice(0, 2)));"
        for stem, pattern, _product, _view in NAMES
    ]
    code = script + "\n".join(
        [*lines, "console.log(isPattern('{product}{view}'), isPattern('{a}_{product}'))"]
    )
    done = subprocess.run(
        ["node", "--input-type=module"], input=code, capture_output=True, text=True, check=True, timeout=60
    )
    *split, wrong = done.stdout.strip().splitlines()
    assert split == [f'["{product}","{view}"]' for _stem, _pattern, product, view in NAMES]
    assert wrong == "false false"
