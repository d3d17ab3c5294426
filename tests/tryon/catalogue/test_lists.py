"""The lists of photos: layout, saved filters, and one change of many photos."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from config.people.models import AuditEntry, Decision
from models_library.models import ModelImage
from tests.admin_pages import count_queries, page, run_action, sign_in
from tests.factories import ModelImageFactory, ProductFactory, ProductImageFactory
from tryon.catalogue import lists
from tryon.catalogue.models import SavedFilter
from tryon.models import ProductImage

PHOTOS = "/admin/tryon/productimage/"
MODELS = "/admin/models_library/modelimage/"
KEEP: dict[str, str] = {"category": "", "add_tags": "", "remove_tags": "", "is_active": ""}

pytestmark = pytest.mark.django_db


def edit(client: Client, path: str, rows: list[Any], **fields: str) -> str:
    """Send the form that edits many photos; the text of the page it ends on."""
    return run_action(client, path, "edit_many", [row.pk for row in rows], **{**KEEP, **fields})


@pytest.mark.parametrize("path", [PHOTOS, MODELS])
def test_a_person_looks_at_photos_as_a_grid_from_then_on(staff: Client, path: str) -> None:
    assert "studio-layout-list" in page(staff, path)

    response = staff.get(f"{path}?is_active__exact=1&layout=grid")

    assert response.headers["Location"] == f"{path}?is_active__exact=1"
    assert "studio-layout-grid" in page(staff, path)
    assert "studio-layout-grid" in page(staff, f"{path}?layout=sideways")


def test_photos_are_found_by_tag_view_and_the_name_and_collection_of_their_product(staff: Client) -> None:
    product = ProductFactory.create(product_id="SKU-1", name="Linen dress", collection="SS27")
    found = {"tags": ["summer"], "view": "front", "catalogue_product": product, "category": "tops"}
    ProductImageFactory.create(product_id="SKU-1", **found)
    ProductImageFactory.create(product_id="SKU-2")

    for query in ("q=summer", "q=front", "q=linen", "collection=SS27", "category__exact=tops"):
        text = page(staff, f"{PHOTOS}?{query}")
        assert ">SKU-1</a>" in text, query
        assert ">SKU-2</a>" not in text, query
    assert f'<a href="{PHOTOS}?q=summer">summer</a>' in text


def test_a_filter_is_saved_by_name_for_its_person_and_list(staff: Client) -> None:
    query = "is_active__exact=0&q=summer"
    staff.post(f"{PHOTOS}filters/", {"name": " Old  summer ", "query": f"{query}&p=3"})
    other = User.objects.create_user("other", is_staff=True, is_superuser=True)
    SavedFilter.objects.create(person=other, library="tryon.productimage", name="Theirs", query="q=x")

    text = page(staff, PHOTOS)
    assert '<a href="?is_active__exact=0&amp;q=summer">Old summer</a>' in text
    assert "Theirs" not in text
    assert "Old summer" not in page(staff, MODELS)

    staff.post(f"{PHOTOS}filters/", {"name": "Old summer", "query": "q=winter"})
    mine = SavedFilter.objects.get(person__username="staff")
    assert mine.query == "q=winter"
    for saved in SavedFilter.objects.all():
        staff.post(f"{PHOTOS}filters/{saved.pk}/remove/")
    assert [*SavedFilter.objects.values_list("person__username", flat=True)] == ["other"]


@pytest.mark.parametrize(
    ("name", "query"), [("", "q=x"), ("All", ""), ("Page", "p=3"), ("Long", "q=" + "x" * 999)]
)
def test_a_filter_without_a_name_or_a_choice_is_not_saved(staff: Client, name: str, query: str) -> None:
    text = staff.post(f"{PHOTOS}filters/", {"name": name, "query": query}, follow=True).text

    assert "Choose filters or search first, and give them a name." in text
    assert not SavedFilter.objects.exists()


def test_many_photos_are_edited_after_a_look_at_how_many_change(staff: Client) -> None:
    photos = ProductImageFactory.create_batch(3, tags=["old", "kept"])
    same = ProductImageFactory.create(tags=["kept", "new"], category="tops", is_active=False)
    uploaded = ProductImageFactory.create(requester="shop:one")
    fields = {"category": "tops", "add_tags": "New, kept", "remove_tags": "Old", "is_active": "0"}

    text = edit(staff, PHOTOS, [*photos, same, uploaded], **fields)
    assert "4 photos are chosen" in text
    assert "<strong>3 of 4</strong> photos change." in text
    assert not ProductImage.objects.filter(tags__icontains="new").exclude(pk=same.pk).exists()

    assert "3 photos were changed." in edit(staff, PHOTOS, [*photos, same, uploaded], **fields, confirmed="3")
    changed = ProductImage.objects.exclude(pk=uploaded.pk).values_list("category", "is_active")
    assert set(changed) == {("tops", False)}
    assert [photo.tags for photo in ProductImage.objects.filter(pk__in=[photo.pk for photo in photos])] == [
        ["kept", "new"]
    ] * 3
    logged = AuditEntry.objects.filter(decision=Decision.BULK_EDIT)
    assert {entry.object_pk for entry in logged} == {str(photo.pk) for photo in photos}
    uploaded.refresh_from_db()
    assert (uploaded.is_active, uploaded.tags) == (True, [])


def test_a_choice_that_changed_since_the_look_is_asked_for_again(staff: Client) -> None:
    photos = ModelImageFactory.create_batch(2)

    text = edit(staff, MODELS, photos, is_active="0", confirmed="1")

    assert "<strong>2 of 2</strong> photos change." in text
    assert ModelImage.objects.filter(is_active=True).count() == 2
    assert "2 photos were changed." in edit(staff, MODELS, photos, is_active="0", confirmed="2")
    assert not ModelImage.objects.filter(is_active=True).exists()


def test_all_rows_behind_a_filter_are_edited_at_once(staff: Client) -> None:
    ProductImageFactory.create_batch(3, view="front")
    ProductImageFactory.create(view="back")
    data = {**KEEP, "action": "edit_many", "index": "0", "select_across": "1", "category": "tops"}
    data["_selected_action"] = str(ProductImage.objects.filter(view="front").values_list("pk", flat=True)[0])

    assert "<strong>3 of 3</strong>" in staff.post(f"{PHOTOS}?q=front", data).text
    staff.post(f"{PHOTOS}?q=front", {**data, "confirmed": "3"})

    assert ProductImage.objects.filter(category="tops").count() == 3


def test_too_many_and_nothing_new_are_told(staff: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    photos = ProductImageFactory.create_batch(2)

    assert "<strong>0 of 2</strong> photos change." in edit(staff, PHOTOS, photos)
    monkeypatch.setattr(lists, "MOST", 1)
    assert "Choose at most 1 photos at a time." in edit(staff, PHOTOS, photos, is_active="0")


def test_editing_needs_the_permission() -> None:
    viewer = sign_in("tryon.view_productimage")
    photo = ProductImageFactory.create()

    edit(viewer, PHOTOS, [photo], is_active="0", confirmed="1")

    assert "edit_many" not in page(viewer, PHOTOS)
    assert ProductImage.objects.get().is_active


def test_a_photo_is_retired_and_described_on_its_own_page(staff: Client) -> None:
    photo = ProductImageFactory.create(product_id="SKU-1")
    fields = {"product_id": "SKU-1", "view": "Front", "category": "tops", "tags": "Linen", "metadata": "{}"}

    staff.post(f"{PHOTOS}{photo.pk}/change/", fields)

    photo.refresh_from_db()
    assert (photo.is_active, photo.category, photo.tags) == (False, "tops", ["linen"])


@pytest.mark.parametrize(
    ("path", "more"),
    [
        (
            PHOTOS,
            lambda: ProductImageFactory.create_batch(
                4, tags=["a"], catalogue_product=ProductFactory.create()
            ),
        ),
        (MODELS, lambda: ModelImageFactory.create_batch(4, tags=["a"])),
    ],
)
def test_the_lists_need_no_more_queries_for_more_rows(
    staff: Client, path: str, more: Callable[[], object]
) -> None:
    person = User.objects.get()
    more()
    before = count_queries(staff, path)
    more()
    for name in "abc":
        SavedFilter.objects.create(person=person, library="tryon.productimage", name=name, query="q=x")
    assert count_queries(staff, path) == before
