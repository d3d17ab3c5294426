"""POST /api/tryon/generate and GET /api/tryon/jobs/{id}: what they refuse, and whom."""

from typing import Any

import pytest
from pytest_django import DjangoCaptureOnCommitCallbacks

from models_library.models import ModelImage
from tests import images
from tests.conftest import Api, Generate, data_of, error_of
from tests.factories import ProductImageFactory, TryOnJobFactory
from tryon.models import Status, TryOnJob

pytestmark = pytest.mark.django_db


# The keys of every answer about a job.
ALWAYS = {
    *("id", "status", "progress", "resultState", "test", "options"),
    *(
        "garments",
        "productImageId",
        "productId",
        "modelImageId",
        "shopperPhotoId",
        "createdAt",
        "startedAt",
        "completedAt",
    ),
}
UNKNOWN = "11111111-2222-4333-8444-555555555555"


@pytest.fixture
def body(product_id: str, model_id: str) -> dict[str, Any]:
    return {"productImageId": product_id, "modelImageId": model_id}


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"sleeves": "long"}, "options.sleeves"),
        ({"mode": "fastest"}, "options.mode"),
        ({"mode": ["quality"]}, "options.mode"),
        ({"seed": -1}, "options.seed"),
        ({"seed": "7"}, "options.seed"),
        ({"resolution": "8k"}, "options.resolution"),
        ({"resolution": "2k", "category": "tops"}, "options.category"),
        ({"background": "not-a-colour"}, "options.background"),
        ([], "options"),
        ("quality", "options"),
    ],
)
def test_a_wrong_option_is_named(owner: Api, body: dict[str, Any], options: Any, field: str) -> None:
    response = owner.post("generate", {**body, "options": options})
    assert response.status_code == 400
    assert list(error_of(response)["details"]["fields"]) == [field]
    assert TryOnJob.objects.count() == 0


def test_what_is_wrong_is_said_in_the_language_that_the_client_asks_for(owner: Api) -> None:
    wrong = {"options": {"seed": -1}, "modelImageId": "7"}
    owner.client.defaults["HTTP_ACCEPT_LANGUAGE"] = "ko"
    error = error_of(owner.post("generate", wrong))
    assert error["message"] == "올바르지 않은 필드가 있습니다. details를 확인하세요."
    assert error["details"]["fields"] == {
        "productImageId": ["필수 필드입니다."],
        "modelImageId": ["올바른 UUID를 보내세요."],
        "options.seed": ["0부터 4294967295까지의 정수를 보내세요."],
    }


@pytest.mark.parametrize(("options", "category"), [({}, "tops"), ({"resolution": "2k"}, None)])
def test_the_model_photo_says_what_the_garment_is_where_fashn_wants_to_know(
    owner: Api, body: dict[str, Any], options: Any, category: str | None
) -> None:
    ModelImage.objects.update(category="upper_body")
    assert owner.post("generate", {**body, "options": options}).status_code == 202
    assert TryOnJob.objects.get().options.get("category") == category


def test_options_of_null_are_none(owner: Api, body: dict[str, Any]) -> None:
    assert owner.post("generate", {**body, "options": None}).status_code == 202
    assert "mode" not in TryOnJob.objects.get().options


def test_an_unknown_field_is_named(owner: Api, body: dict[str, Any]) -> None:
    response = owner.post("generate", {**body, "priority": 1})
    assert list(error_of(response)["details"]["fields"]) == ["priority"]


@pytest.mark.parametrize("wrong", [None, "", "shirt", 7, [], UNKNOWN + "0"])
def test_an_id_that_is_none_is_named(owner: Api, body: dict[str, Any], wrong: Any) -> None:
    response = owner.post("generate", {**body, "productImageId": wrong})
    assert response.status_code == 400
    assert list(error_of(response)["details"]["fields"]) == ["productImageId"]


def test_unknown_ids_are_not_found(owner: Api, body: dict[str, Any]) -> None:
    for kind in ("product", "model"):
        response = owner.post("generate", {**body, f"{kind}ImageId": UNKNOWN})
        assert (response.status_code, error_of(response)["code"]) == (404, f"{kind}_image_not_found")


@pytest.mark.parametrize("content", [b"{", b"\xff\xfe", b"null", b"[]", b'"text"', b"[" * 100_000])
def test_malformed_json_is_refused(owner: Api, content: bytes) -> None:
    response = owner.client.post("/api/tryon/generate", content, content_type="application/json")
    assert response.status_code == 400
    assert error_of(response)["code"] in {"malformed_request", "validation_error"}


def test_a_form_is_the_wrong_content_type(owner: Api, body: dict[str, Any]) -> None:
    response = owner.form("generate", **body)
    assert (response.status_code, error_of(response)["code"]) == (415, "unsupported_media_type")


def test_a_request_too_large_is_refused(owner: Api) -> None:
    response = owner.client.post(
        "/api/tryon/generate", b'{"a": "' + b"x" * 3_000_000 + b'"}', content_type="application/json"
    )
    assert (response.status_code, error_of(response)["code"]) == (413, "request_too_large")


def test_stranger_cannot_use_an_uploaded_photo(stranger: Api, body: dict[str, Any]) -> None:
    response = stranger.post("generate", body)
    assert (response.status_code, error_of(response)["code"]) == (404, "product_image_not_found")


def test_everybody_may_use_the_catalogue(owner: Api, body: dict[str, Any]) -> None:
    photo = ProductImageFactory.create(requester="")
    response = owner.post("generate", {**body, "productImageId": str(photo.pk)})
    assert response.status_code == 202


@pytest.mark.parametrize("path", ["jobs/not-a-uuid", f"jobs/{UNKNOWN}", "jobs/", "nothing"])
def test_what_is_not_there_is_not_found(owner: Api, path: str) -> None:
    response = owner.get(path)
    assert response.status_code == 404
    assert error_of(response)["code"] in {"not_found", "job_not_found"}


def test_a_wrong_method_is_refused(owner: Api) -> None:
    response = owner.get("generate")
    assert (response.status_code, error_of(response)["code"]) == (405, "method_not_allowed")


@pytest.mark.parametrize("header", [None, "Api-Key", "Api-Key wrong", "Basic x", "Api-Key " + "x" * 5000])
def test_nobody_gets_in_without_a_key(client: Any, db: None, header: str | None) -> None:
    headers = {"Authorization": header} if header else {}
    response = client.get(f"/api/tryon/jobs/{UNKNOWN}", headers=headers)
    assert response.status_code == 401
    assert response["WWW-Authenticate"] == "Api-Key"
    assert error_of(response)["code"] in {"not_authenticated", "invalid_api_key"}


def test_the_model_photo_gives_the_default_category(manager: Api, owner: Api, product_id: str) -> None:
    photo = data_of(manager.add_model(images.model_photo(seed=5), category="upper_body"))
    body = {"productImageId": product_id, "modelImageId": photo["id"]}
    job_id = data_of(owner.post("generate", body))["jobId"]
    assert TryOnJob.objects.get(pk=job_id).options == {"category": "tops"}
    same = data_of(owner.post("generate", {**body, "options": {"category": "tops"}}))
    assert same["jobId"] == job_id


def test_two_callers_share_one_job_and_both_see_it(
    owner: Api, stranger: Api, body: dict[str, Any], model_id: str
) -> None:
    catalogue = str(ProductImageFactory.create(requester="").pk)
    wanted = {"productImageId": catalogue, "modelImageId": model_id}
    first, second = data_of(owner.post("generate", wanted)), data_of(stranger.post("generate", wanted))
    assert first["jobId"] == second["jobId"]
    assert data_of(stranger.get(f"jobs/{second['jobId']}"))["status"] == "queued"
    assert TryOnJob.objects.count() == 1


def test_bulk_waits_behind_interactive(owner: Api, body: dict[str, Any], generate: Generate) -> None:
    TryOnJobFactory.create(lane="bulk")
    job = data_of(owner.get(f"jobs/{generate()['jobId']}"))
    assert job["queuePosition"] == 1


def test_without_redis_a_job_is_still_taken(
    owner: Api,
    body: dict[str, Any],
    redis_away: None,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        response = owner.post("generate", body)
    assert response.status_code == 202
    assert TryOnJob.objects.get().status == Status.QUEUED


def test_the_job_shows_only_what_its_status_allows(owner: Api, manager: Api) -> None:
    failed = data_of(manager.get(f"jobs/{TryOnJobFactory.create(failed=True).pk}"))
    assert failed.keys() - ALWAYS == {"errorCode", "errorMessage", "retryable"}
    canceled = data_of(manager.get(f"jobs/{TryOnJobFactory.create(status=Status.CANCELED).pk}"))
    assert canceled.keys() == ALWAYS
    without_result = data_of(manager.get(f"jobs/{TryOnJobFactory.create(completed=True).pk}"))
    assert without_result.keys() == ALWAYS


def test_an_unknown_field_of_half_a_character_is_named_as_well_as_can_be(owner: Api) -> None:
    response = owner.post("generate", {"options": {"\ud800": 1}})
    assert response.status_code == 400
    assert "options.?" in error_of(response)["details"]["fields"]
