"""The library of model photos over HTTP."""

import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoAssertNumQueries

from models_library.models import ModelImage
from models_library.services import model_image_delete, model_image_forget
from tests import images
from tests.conftest import Api, data_of, download, error_of
from tests.factories import ModelImageFactory

pytestmark = pytest.mark.django_db


def test_a_manager_adds_a_photo_and_a_storefront_lists_it(manager: Api, owner: Api) -> None:
    response = manager.add_model(images.model_photo(), tags="Summer, smiling ,summer")
    assert response.status_code == 201
    listed = data_of(owner.get("models"))
    assert [photo["name"] for photo in listed] == ["Ada"]
    assert listed[0]["tags"] == ["summer", "smiling"]
    assert listed[0]["imageUrl"].startswith("http://testserver/media/models/")
    assert download(owner, listed[0]["thumbnailUrl"])
    assert data_of(owner.get(f"models/{listed[0]['id']}"))["name"] == "Ada"


def test_repeated_fields_are_tags_too(manager: Api) -> None:
    assert data_of(manager.add_model(images.model_photo(), tags=["a", "b"]))["tags"] == ["a", "b"]


def test_a_storefront_key_changes_nothing(owner: Api) -> None:
    photo = ModelImageFactory.create()
    for response in [
        owner.add_model(images.model_photo()),
        owner.patch(f"models/{photo.pk}", {"isActive": False}),
    ]:
        assert (response.status_code, error_of(response)["code"]) == (403, "permission_denied")
    assert ModelImage.objects.get().is_active


def test_the_same_photo_twice_is_refused(manager: Api) -> None:
    first = data_of(manager.add_model(images.model_photo()))
    response = manager.add_model(images.model_photo(), name="Again")
    error = error_of(response)
    assert (response.status_code, error["code"]) == (409, "model_image_duplicate")
    assert error["details"] == {"id": first["id"]}


def test_a_photo_that_looks_the_same_is_added_with_a_warning(manager: Api) -> None:
    photo = images.draw_model((600, 900))
    first = data_of(manager.add_model(images.encode(photo, "PNG")))
    other = data_of(manager.add_model(images.model_photo(seed=1)))
    copy = data_of(manager.add_model(images.encode(photo.resize((580, 870)), "JPEG"), name="Copy"))
    assert (first["warnings"], other["warnings"]) == ([], [])
    assert [(warning["code"], warning["id"]) for warning in copy["warnings"]] == [
        ("image_similar", first["id"])
    ]
    assert ModelImage.objects.count() == 3


def test_a_photo_of_an_earlier_release_has_nothing_to_compare(manager: Api) -> None:
    ModelImageFactory.create()
    assert data_of(manager.add_model(images.model_photo()))["warnings"] == []


def test_a_poor_model_photo_is_taken_with_a_warning(manager: Api) -> None:
    warnings = data_of(manager.add_model(images.dark_photo()))["warnings"]
    assert [warning["code"] for warning in warnings] == ["image_dark"]


def test_a_photo_that_no_picture_can_be_made_of_is_refused(manager: Api) -> None:
    response = manager.add_model(images.truncated(images.model_photo()))
    assert (response.status_code, error_of(response)["code"]) == (422, "image_truncated")


def test_retired_photos_are_hidden_from_storefronts_only(manager: Api, owner: Api) -> None:
    photo = ModelImageFactory.create()
    assert data_of(manager.patch(f"models/{photo.pk}", {"isActive": False}))["isActive"] is False
    assert data_of(owner.get("models")) == []
    assert len(data_of(manager.get("models"))) == 1
    assert error_of(owner.get(f"models/{photo.pk}"))["code"] == "model_image_not_found"
    assert data_of(manager.get(f"models/{photo.pk}"))["isActive"] is False


def test_the_list_is_filtered_searched_and_paged(owner: Api) -> None:
    for number in range(5):
        ModelImageFactory.create(name=f"Ada {number}", category="upper_body")
    ModelImageFactory.create(name="Grace", category="lower_body", tags=["winter coat"])
    assert len(data_of(owner.get("models", category="upper_body"))) == 5
    assert [photo["name"] for photo in data_of(owner.get("models", q="winter"))] == ["Grace"]
    assert [photo["name"] for photo in data_of(owner.get("models", q="ada 3"))] == ["Ada 3"]
    answer = owner.get("models", page=2, pageSize=4).json()
    assert len(answer["data"]) == 2
    assert answer["meta"] == {"page": 2, "pageSize": 4, "total": 6, "pages": 2}
    assert data_of(owner.get("models", page=99)) == []


@pytest.mark.parametrize(
    ("query", "field"), [({"category": "hats"}, "category"), ({"page": "0"}, "page"), ({"page": "x"}, "page")]
)
def test_a_wrong_query_names_its_field(owner: Api, query: dict[str, str], field: str) -> None:
    response = owner.get("models", **query)
    assert response.status_code == 400
    assert list(error_of(response)["details"]["fields"]) == [field]


def test_a_wrong_form_names_its_fields(manager: Api) -> None:
    response = manager.add_model(images.model_photo(), name="", category="hats", tags="x" * 41)
    assert set(error_of(response)["details"]["fields"]) == {"name", "category", "tags.0"}


@pytest.mark.parametrize("body", [{"colour": "red"}, {"isActive": "perhaps"}, {"name": ""}, []])
def test_a_wrong_change_is_refused(manager: Api, body: object) -> None:
    photo = ModelImageFactory.create()
    assert manager.patch(f"models/{photo.pk}", body).status_code == 400
    photo.refresh_from_db()
    assert photo.is_active


def test_an_unknown_photo_is_not_found(manager: Api) -> None:
    response = manager.patch(f"models/{uuid.uuid4()}", {"isActive": False})
    assert (response.status_code, error_of(response)["code"]) == (404, "model_image_not_found")
    assert manager.patch("models/not-a-uuid", {}).status_code == 404


def test_a_longer_list_costs_no_more_queries(owner: Api) -> None:
    ModelImageFactory.create_batch(3)
    owner.get("jobs")  # the key is remembered from here
    with CaptureQueriesContext(connection) as few:
        owner.get("models", pageSize=50)
    ModelImageFactory.create_batch(6)
    with CaptureQueriesContext(connection) as many:
        owner.get("models", pageSize=51)  # 50 are in a snapshot
    assert len(few) == len(many) == 1  # the page, whose end tells the total


@pytest.mark.parametrize("search", ["a " * 11, "a" * 101])
def test_a_search_is_bounded(owner: Api, search: str) -> None:
    response = owner.get(f"models?q={search}")
    assert (response.status_code, list(error_of(response)["details"]["fields"])) == (400, ["q"])


@pytest.mark.django_db(transaction=True)
def test_a_page_that_was_just_read_is_read_no_more_until_the_library_changes(
    still: None, owner: Api, manager: Api, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    photo = ModelImageFactory.create(name="Ada")
    first = owner.get("models")
    assert [row["name"] for row in data_of(manager.get("models"))] == ["Ada"]
    with django_assert_num_queries(0):
        assert owner.get("models").content == first.content
        kept = owner.client.get("/api/tryon/models", headers={"If-None-Match": first["ETag"]})
        assert (kept.status_code, kept.content) == (304, b"")
    with django_assert_num_queries(1):
        owner.get("models", category="upper_body")

    def names(api: Api) -> list[str]:
        return [row["name"] for row in data_of(api.get("models"))]

    manager.patch(f"models/{photo.pk}", {"name": "Bea"})
    assert (names(owner), names(manager)) == (["Bea"], ["Bea"])
    manager.patch(f"models/{photo.pk}", {"isActive": False})
    assert (names(owner), names(manager)) == ([], ["Bea"])
    data_of(manager.add_model(images.model_photo(images.SMALL_PORTRAIT), name="Cleo"))
    assert (names(owner), names(manager)) == (["Cleo"], ["Cleo", "Bea"])
    model_image_delete(photo)
    assert names(manager) == ["Cleo"]
    model_image_forget(ModelImage.objects.get().pk)
    assert (names(owner), names(manager)) == ([], [])
