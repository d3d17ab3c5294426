"""The library in the admin: add, find, describe, retire, delete."""

import pytest
from django.test import Client

from models_library.models import ModelImage
from tests import images
from tests.admin_pages import count_queries, is_stored, page, run_action, sign_in, upload
from tests.factories import ModelImageFactory, TryOnJobFactory, model_of

LIST = "/admin/models_library/modelimage/"
ADD = f"{LIST}add/"

pytestmark = pytest.mark.django_db


def add(client: Client, *files: tuple[str, bytes], **fields: str) -> str:
    """Send the upload form; the text of the page it ends on."""
    photos = [upload(name, content) for name, content in files]
    data = {"photos": photos, "category": "full_body", "name": "", "tags": "", **fields}
    response = client.post(ADD, data, follow=True)
    assert response.status_code == 200
    return response.content.decode()


def test_list_shows_a_thumbnail_and_the_try_ons_of_each_photo(staff: Client) -> None:
    photo = ModelImageFactory.create(name="Ada", tags=["summer", "studio"])
    TryOnJobFactory.create_batch(2, model_image=photo)

    text = page(staff, LIST)

    assert f'src="{photo.thumbnail.url.split("?")[0]}?' in text
    assert f'<a href="{LIST}?q=summer">summer</a>, <a href="{LIST}?q=studio">studio</a>' in text
    assert f'<a href="/admin/tryon/tryonjob/?model_image={photo.pk}">2</a>' in text


def test_list_needs_no_more_queries_for_more_photos(staff: Client) -> None:
    TryOnJobFactory.create_batch(4)
    before = count_queries(staff, LIST)
    TryOnJobFactory.create_batch(4)

    assert count_queries(staff, LIST) == before


@pytest.mark.parametrize("words", ["ada", "summer"])
def test_search_finds_names_and_tags(staff: Client, words: str) -> None:
    ModelImageFactory.create(name="Ada", tags=["summer"])
    ModelImageFactory.create(name="Bo", tags=["winter"])

    text = page(staff, f"{LIST}?q={words}")

    assert ">Ada</a>" in text
    assert ">Bo</a>" not in text


def test_several_photos_are_added_at_once_and_named_by_their_files(staff: Client) -> None:
    text = add(
        staff,
        ("Ada standing.jpg", images.model_photo(seed=1)),
        ("Bo.jpg", images.model_photo(seed=2)),
        category="upper_body",
        tags="Studio, summer,, studio",
    )

    assert "2 photos were added." in text
    photos = ModelImage.objects.order_by("name")
    assert [photo.name for photo in photos] == ["Ada standing", "Bo"]
    assert {photo.category for photo in photos} == {"upper_body"}
    assert photos[0].tags == ["studio", "summer"]


def test_a_refused_file_is_named_and_the_others_are_added(staff: Client) -> None:
    text = add(staff, ("notes.jpg", b"not a picture"), ("Ada.jpg", images.model_photo()), name="Ada")

    assert "notes.jpg: This is not a photo in a format that we read." in text
    assert "1 photo was added." in text
    assert ModelImage.objects.get().name == "Ada"


def test_a_photo_that_is_there_already_is_shown_instead(staff: Client) -> None:
    add(staff, ("Ada.jpg", images.model_photo()))
    twin = ModelImage.objects.get()

    text = add(staff, ("again.jpg", images.model_photo()))

    assert "again.jpg: The library already has this photo." in text
    assert f'<a href="{LIST}{twin.pk}/change/">Show it</a>' in text
    assert ModelImage.objects.count() == 1


def test_a_photo_that_looks_like_another_is_added_with_a_link_to_it(staff: Client) -> None:
    add(staff, ("Ada.jpg", images.model_photo()))
    twin = ModelImage.objects.get()
    copy = images.encode(images.draw_model(), "JPEG", quality=60)

    text = add(staff, ("copy.jpg", copy))

    assert "The library has a photo that looks the same." in text
    assert f'<a href="{LIST}{twin.pk}/change/">Show it</a>' in text
    assert ModelImage.objects.count() == 2


def test_a_form_without_a_file_asks_for_one(staff: Client) -> None:
    assert "Choose at least one photo." in add(staff)


def test_more_files_than_a_request_can_take_are_refused_together(staff: Client) -> None:
    text = add(staff, *[(f"{number}.jpg", b"x") for number in range(21)])

    assert "Choose at most 20 photos at a time." in text


def test_adding_needs_the_permission() -> None:
    viewer = sign_in("models_library.view_modelimage")

    assert viewer.get(ADD).status_code == 403
    assert viewer.post(ADD, {"photos": upload("a.jpg", images.model_photo())}).status_code == 403
    assert not ModelImage.objects.exists()


def test_a_photo_is_described_with_tags_as_words(staff: Client) -> None:
    photo = ModelImageFactory.create(name="Ada", tags=["summer", "studio"])
    address = f"{LIST}{photo.pk}/change/"
    assert 'value="summer, studio"' in page(staff, address)

    staff.post(address, {"name": "Eva", "category": "lower_body", "tags": "Winter, street"})

    photo.refresh_from_db()
    assert (photo.name, photo.category, photo.tags) == ("Eva", "lower_body", ["winter", "street"])
    assert photo.is_active is False  # the box was not ticked


def test_photos_are_retired_and_activated_in_bulk(staff: Client) -> None:
    photos = ModelImageFactory.create_batch(3)
    keys = [photo.pk for photo in photos[:2]]

    assert "2 photos were retired." in run_action(staff, LIST, "retire", keys)
    assert ModelImage.objects.filter(is_active=True).get() == photos[2]

    assert "2 photos are active now." in run_action(staff, LIST, "activate", [photo.pk for photo in photos])
    assert ModelImage.objects.filter(is_active=True).count() == 3


def test_retiring_needs_the_permission_to_change() -> None:
    viewer = sign_in("models_library.view_modelimage")
    photo = ModelImageFactory.create()

    run_action(viewer, LIST, "retire", [photo.pk])

    photo.refresh_from_db()
    assert photo.is_active is True


def test_a_photo_that_jobs_use_is_not_deleted(staff: Client) -> None:
    photo = model_of(TryOnJobFactory.create())

    response = staff.post(f"{LIST}{photo.pk}/delete/", {"post": "yes"}, follow=True)

    assert "Retire it instead of deleting it." in response.content.decode()
    assert ModelImage.objects.filter(pk=photo.pk).exists()


@pytest.mark.django_db(transaction=True)
def test_an_unused_photo_is_deleted_with_its_files(staff: Client) -> None:
    add(staff, ("Ada.jpg", images.model_photo()))
    photo = ModelImage.objects.get()
    assert is_stored(photo.image)

    staff.post(f"{LIST}{photo.pk}/delete/", {"post": "yes"})

    assert not ModelImage.objects.exists()
    assert not is_stored(photo.image)
    assert not is_stored(photo.thumbnail)


def test_photos_are_not_deleted_in_bulk(staff: Client) -> None:
    photo = ModelImageFactory.create()

    run_action(staff, LIST, "delete_selected", [photo.pk], post="yes")

    assert ModelImage.objects.filter(pk=photo.pk).exists()
