"""Forms with more than Django reads: the form comes back and names the limit, and nothing is done."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from models_library.models import ModelImage
from tests import images
from tests.admin_pages import sign_in
from tests.conftest import Api, error_of

pytestmark = pytest.mark.django_db

ADD = "/admin/models_library/modelimage/add/"
FORMS: dict[str, tuple[dict[str, Any], str, str]] = {
    "photos": (
        {"photos": [SimpleUploadedFile(f"{number}.jpg", b"x") for number in range(101)]},
        "Choose at most 20 photos at a time.",
        "사진은 한 번에 20장까지 선택할 수 있습니다.",
    ),
    "fields": (
        {str(number): "x" for number in range(1010)},
        "A request has at most 1,000 fields. Send fewer.",
        "요청 하나에는 필드를 1,000개까지 보낼 수 있습니다. 줄여서 보내세요.",
    ),
    "text": (
        {"tags": "x" * 2_700_000},
        "The fields of a form have at most 2.5 MB together. Send less.",
        "양식의 입력 내용은 모두 합쳐 2.5MB까지입니다. 줄여서 보내세요.",
    ),
}


@pytest.mark.parametrize(("fields", "english", "korean"), FORMS.values(), ids=[*FORMS])
def test_the_admin_shows_the_form_again_with_the_limit(
    fields: dict[str, Any], english: str, korean: str
) -> None:
    staff = sign_in(csrf=True)
    staff.get(ADD)
    for language, sentence in (("en", english), ("ko", korean)):
        photo = SimpleUploadedFile("first.jpg", images.model_photo(images.SMALL_PORTRAIT))
        form = {"photo": photo, "name": "Ada", "category": "full_body", **fields}
        answer = staff.post(ADD, form, follow=True, headers={"Accept-Language": language})
        assert (answer.redirect_chain, answer.status_code) == ([(ADD, 302)], 200)
        assert sentence in answer.text
        assert 'name="photos"' in answer.text
    assert not ModelImage.objects.exists()


@pytest.mark.parametrize(
    ("kind", "status", "code", "words"),
    [
        ("photos", 400, "malformed_request", "one photo"),
        ("fields", 400, "malformed_request", "at most 1,000 fields"),
        ("text", 413, "request_too_large", "at most 2.5 MB"),
    ],
)
def test_the_api_names_the_limit(owner: Api, kind: str, status: int, code: str, words: str) -> None:
    response = owner.form("upload", **FORMS[kind][0])
    error = error_of(response)
    assert (response.status_code, error["code"]) == (status, code)
    assert words in error["message"]


@pytest.mark.parametrize("path", ["/api/tryon/models", "/admin/login/"])
def test_too_many_names_in_an_address_are_refused_with_the_limit(owner: Api, path: str) -> None:
    response = owner.client.get(f"{path}?{'x=1&' * 1001}")
    assert response.status_code == 400
    assert "at most 1,000 fields" in response.text
