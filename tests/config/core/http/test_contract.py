"""The check of answers against the schema notices every kind of drift."""

from typing import Any

import pytest
from django.http import JsonResponse
from django.test import Client
from rest_framework.response import Response

from config.core.http.envelope import Answer
from models_library.api import views
from models_library.api.serializers import model_image_answers
from tests import contract
from tests.conftest import Api, data_of
from tests.factories import ModelImageFactory
from tryon.api import operations

pytestmark = pytest.mark.django_db

MODELS = "models_library.api.views.model_image_answers"


def answered_with(monkeypatch: pytest.MonkeyPatch, **changes: Any) -> None:
    """One model photo in the library, and a slip in what renders it. None leaves a field out."""
    ModelImageFactory.create()

    def slip(*args: Any) -> Any:
        bodies = [{**body, **changes} for body in model_image_answers(*args)]
        return [{name: value for name, value in body.items() if value is not None} for body in bodies]

    monkeypatch.setattr(MODELS, slip)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"colour": "red"}, "'colour' was unexpected"),
        ({"name": None}, "'name' is a required property"),
        ({"name": 7}, "7 is not of type 'string'"),
        ({"id": "seven"}, "'seven' is not a 'uuid'"),
        ({"category": "feet"}, "'feet' is not one of"),
        ({"createdAt": "yesterday"}, "'yesterday' is not a 'date-time'"),
    ],
)
def test_a_field_that_the_schema_does_not_have_fails(
    owner: Api, monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any], problem: str
) -> None:
    answered_with(monkeypatch, **changes)
    with pytest.raises(AssertionError, match=problem):
        owner.get("models")


def test_a_status_that_the_schema_does_not_have_fails(owner: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "config.core.http.operation.Response", lambda body, status: Response(body, status=203)
    )
    with pytest.raises(AssertionError, match="answered 203: the schema does not have this status"):
        owner.get("uploads")


def test_an_error_that_the_schema_does_not_have_fails(owner: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    class Teapot(operations.WebhookNotFound):
        status = 418

    monkeypatch.setattr("tryon.api.archived.JobNotFound", Teapot)
    with pytest.raises(AssertionError, match="answered 418: the schema does not have this status"):
        owner.get("jobs/00000000-0000-4000-8000-000000000000")


def test_an_error_outside_its_envelope_fails(owner: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("config.core.http.exceptions.error_body", lambda *args, **more: {"error": "no"})
    with pytest.raises(AssertionError, match=r"\$\.error: 'no' is not of type 'object'"):
        owner.post("generate", {})


def test_another_content_type_fails(owner: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "config.core.http.operation.Response",
        lambda body, status: Response(body, status=status, content_type="text/html"),
    )
    with pytest.raises(AssertionError, match="the schema does not have text/html"):
        owner.get("uploads")


def test_a_body_where_none_is_documented_fails(owner: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = contract.schema()["paths"]["/api/tryon/models"]["get"]["responses"]
    monkeypatch.setitem(answers, "200", {"description": ""})
    with pytest.raises(AssertionError, match="the schema has no body"):
        owner.get("models")


def test_the_answers_of_every_client_are_checked(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("config.core.http.exceptions.error_body", lambda *args, **more: {})
    with pytest.raises(AssertionError, match="'success' is a required property"):
        client.get("/api/tryon/models")
    with pytest.raises(AssertionError, match="'success' is a required property"):
        client.get("/api/tryon/nowhere")


def test_an_operation_answers_only_what_it_declares(owner: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MODELS, lambda *args: [])
    assert data_of(owner.get("models")) == []
    monkeypatch.setattr(views, "Page", lambda rows, meta: Answer({}, 202))
    assert owner.get("models").status_code == 500


def test_a_status_of_an_address_that_is_not_there_fails(owner: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "config.core.http.exceptions.JsonResponse", lambda body, status: JsonResponse(body, status=410)
    )
    with pytest.raises(AssertionError, match="answered 410: the schema does not have this status"):
        owner.get("nowhere")
