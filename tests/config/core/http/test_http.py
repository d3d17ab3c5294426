"""The headers and forms that all HTTP answers share."""

import json
import logging
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.urls import reverse
from drf_spectacular.generators import SchemaGenerator
from pytest_django import Settings

from config.shops.keys import key_forget, key_issue
from config.shops.models import ApiKey
from tests.conftest import Api, error_of
from tryon.models.predictions import new_callback_token

pytestmark = pytest.mark.django_db


def test_health_and_readiness(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}
    assert client.get("/readyz").status_code == 200


def test_health_checks_need_no_known_host_and_no_https(client: Client, settings: Settings) -> None:
    settings.SECURE_SSL_REDIRECT = True
    for path in ("/healthz", "/readyz"):
        assert client.get(path, headers={"Host": "10.1.2.3:8000"}).status_code == 200
        assert client.post(path).status_code == 405


def test_not_ready_without_a_database(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    from django.db import OperationalError

    def away() -> Any:
        raise OperationalError("gone")

    monkeypatch.setattr(connection, "cursor", away)
    assert client.get("/readyz").status_code == 503


def test_a_request_id_is_kept_when_harmless_and_replaced_otherwise(client: Client) -> None:
    kept = client.get("/healthz", headers={"X-Request-ID": "proxy-12345678"})
    assert kept["X-Request-ID"] == "proxy-12345678"
    replaced = client.get("/healthz", headers={"X-Request-ID": "a b\nc" * 3})
    assert len(replaced["X-Request-ID"]) == 32


def test_the_log_line_has_no_signature_and_no_key(owner: Api, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    owner.client.get("/media/models/ab/x.jpg?expires=1&signature=secret-signature")
    lines = [record.getMessage() for record in caplog.records if "request" in record.getMessage()]
    assert any("/media/models/ab/x.jpg" in line for line in lines)
    assert not any("secret-signature" in line or "Api-Key" in line for line in lines)


def test_the_log_line_says_that_a_page_refreshes_itself(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    client.get("/admin/login/", headers={"X-Live": "1"})
    client.get("/admin/login/")
    lines = [record.getMessage() for record in caplog.records if "/admin/login/" in record.getMessage()]
    assert ["live" in line for line in lines] == [True, False]


def test_the_log_line_has_no_webhook_token(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    client.post("/api/tryon/webhooks/fashn/secret-token", {}, content_type="application/json")
    lines = [record.getMessage() for record in caplog.records]
    assert any("webhooks/fashn/[hidden]" in line for line in lines)
    assert not any("secret-token" in line for line in lines)


@pytest.mark.parametrize(("slash", "host"), [("/", "localhost"), ("", "not-served.example")])
def test_the_log_line_has_no_webhook_token_where_no_view_is_found(
    client: Client, caplog: pytest.LogCaptureFixture, slash: str, host: str
) -> None:
    token = new_callback_token()
    caplog.set_level(logging.INFO)
    client.post(f"/api/tryon/webhooks/fashn/{token}{slash}", headers={"host": host})
    lines = [record.getMessage() for record in caplog.records]
    assert any("webhooks/fashn/[hidden]" in line for line in lines)
    assert not any(token in line for line in lines)


def test_one_request_is_one_line(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    client.get("/static/nothing.css")
    client.get("/healthz")
    lines = [record.getMessage() for record in caplog.records if "'event': 'request'" in record.getMessage()]
    assert len(lines) == 2


@pytest.mark.parametrize("name", ["page", "pageSize"])
@pytest.mark.parametrize("value", ["0", "-1", "1.5", "last", "", "²", "1000000", "9" * 5000])
def test_a_page_that_is_no_whole_number_is_refused(owner: Api, name: str, value: str) -> None:
    response = owner.get("models", **{name: value})
    assert response.status_code == 400
    assert error_of(response)["code"] == "validation_error"
    assert list(error_of(response)["details"]["fields"]) == [name]


def test_a_page_past_the_end_is_empty_and_a_size_has_a_limit(owner: Api) -> None:
    assert list(error_of(owner.get("models", pageSize=101))["details"]["fields"]) == ["pageSize"]
    answer = owner.get("models", page=999_999, pageSize=100).json()
    assert answer == {
        "success": True,
        "data": [],
        "meta": {"page": 999_999, "pageSize": 100, "total": 0, "pages": 1},
    }


def test_a_crash_is_a_fixed_text_and_an_id(owner: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*args: Any, **kwargs: Any) -> Any:
        raise RuntimeError("secret detail")

    monkeypatch.setattr("models_library.api.views.model_image_list", crash)
    response = owner.get("models")
    assert response.status_code == 500
    assert error_of(response)["code"] == "internal_error"
    assert b"secret detail" not in response.content
    assert error_of(response)["requestId"] == response["X-Request-ID"]


def test_a_revoked_key_is_refused_at_once(db: None) -> None:
    row, text = key_issue(name="Shop")
    api = Api(text)
    assert api.get("models").status_code == 200
    ApiKey.objects.update(is_active=False)
    key_forget(row)
    assert error_of(api.get("models"))["code"] == "invalid_api_key"


def test_a_key_is_not_kept(db: None) -> None:
    row, text = key_issue(name="Shop")
    assert text not in json.dumps([str(value) for value in vars(row).values()])


def test_staff_use_the_api_with_their_session_and_a_csrf_token(admin_client: Client) -> None:
    assert admin_client.get("/api/tryon/models").status_code == 200
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = admin_client.cookies
    response = strict.post("/api/tryon/generate", {}, content_type="application/json")
    assert (response.status_code, error_of(response)["code"]) == (403, "permission_denied")


def test_schema_and_docs_are_served(client: Client) -> None:
    assert client.get(reverse("schema")).status_code == 200
    docs = client.get(reverse("docs"))
    assert docs.status_code == 200


def test_the_schema_lists_every_address_with_its_errors() -> None:
    schema = SchemaGenerator().get_schema(request=None, public=True)
    assert set(schema["paths"]) == {
        "/api/tryon/sessions",
        "/api/tryon/upload",
        "/api/tryon/uploads",
        "/api/tryon/uploads/{photo_id}",
        "/api/tryon/product-photos",
        "/api/tryon/shopper-photos",
        "/api/tryon/shoppers/me",
        "/api/tryon/shoppers/{shopper_id}",
        "/api/tryon/erasures/{erasure_id}",
        "/api/tryon/shopper-photos/{shopper_photo_id}",
        "/api/tryon/models",
        "/api/tryon/models/{image_id}",
        "/api/tryon/generate",
        "/api/tryon/generate/price",
        "/api/tryon/jobs",
        "/api/tryon/jobs/{job_id}",
        "/api/tryon/jobs/{job_id}/cancel",
        "/api/tryon/jobs/{job_id}/retry",
        "/api/tryon/stats",
        "/api/tryon/stats/pause",
        "/api/tryon/stats/resume",
        "/api/tryon/results",
        "/api/tryon/results/{result_id}",
        "/api/tryon/results/{result_id}/feedback",
        "/api/tryon/webhook-endpoints",
        "/api/tryon/webhook-endpoints/{endpoint_id}",
        "/api/tryon/webhook-endpoints/{endpoint_id}/test",
        "/api/tryon/webhook-endpoints/{endpoint_id}/deliveries",
        "/api/tryon/webhook-endpoints/{endpoint_id}/deliveries/{event_id}",
        "/api/tryon/webhook-endpoints/{endpoint_id}/deliveries/{event_id}/redeliver",
        "/api/tryon/webhooks/fashn/{token}",
    }
    for path, operations in schema["paths"].items():
        for operation in operations.values():
            assert ("401" in operation["responses"]) is ("/webhooks/" not in path)
            for status, answer in operation["responses"].items():
                if int(status) >= 400:
                    error = answer["content"]["application/json"]["schema"]
                    assert error == {"$ref": "#/components/schemas/Error"}


def test_the_schema_says_what_is_in_an_answer() -> None:
    schemas = SchemaGenerator().get_schema(request=None, public=True)["components"]["schemas"]
    job, result = schemas["Job"]["properties"], schemas["Result"]
    optional = {"queuePosition", "estimatedWaitTime", "waitReason", "resultId", "resultImageUrl"}
    optional |= {"aiLabel", "thumbnailUrl", "errorCode", "errorMessage", "retryable", "eventsUrl"}
    assert set(job) - set(schemas["Job"]["required"]) == optional
    assert job["progress"] == {"type": "integer", "minimum": 0, "maximum": 100}
    position = job["queuePosition"]
    assert (position["type"], position["description"][:27]) == ("integer", "From 1, by time of arrival;")
    assert "before or after its turn" in position["description"]  # turns are shared between keys
    assert job["thumbnailUrl"] == {"type": "string", "format": "uri"}
    assert job["status"] == {"$ref": "#/components/schemas/JobStatus"}
    assert set(result["required"]) == set(result["properties"])
    assert result["properties"]["feedback"]["nullable"] is True
    assert schemas["Recipe"]["properties"]["providerModel"] == {"type": "string", "nullable": True}


def test_answers_come_as_json_only(owner: Api) -> None:
    response = owner.client.get("/api/tryon/models", headers={"Accept": "text/html"})
    assert (response.status_code, error_of(response)["code"]) == (406, "not_acceptable")


def test_the_schema_is_valid_and_complete(tmp_path: Path) -> None:
    call_command("spectacular", fail_on_warn=True, validate=True, file=str(tmp_path / "schema.yaml"))
