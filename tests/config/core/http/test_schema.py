"""The schema as other people's tools read it."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import pytest
from django.test import Client
from pytest_django import Settings

from tests import contract
from tests.conftest import Api, data_of, requester
from tests.factories import ModelImageFactory, TryOnResultFactory, model_of
from tryon.access.jobs import JobNotFound
from tryon.failures import PASSING, FailureCode

pytestmark = pytest.mark.django_db

ERRORS: Final = Path(__file__).parents[4] / "docs" / "errors.md"
# The answers that any call may get.
ALWAYS: Final = {"400", "405", "406", "408", "413", "429", "500", "503"}
VERBS: Final = re.compile(
    r"(get|list|create|update|delete|cancel|retry|give|receive)[A-Z]\w+|upload|generate|pause|resume"
)


@pytest.fixture(scope="module")
def schema() -> Any:
    """The schema as it is served."""
    return Client().get("/api/schema", headers={"Accept": "application/json"}).json()


def operations(schema: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in schema["paths"].items():
        for operation in methods.values():
            yield path, operation


def test_every_operation_says_what_it_does_and_all_that_it_answers(schema: Any) -> None:
    tags = {tag["name"] for tag in schema["tags"]}
    for path, operation in operations(schema):
        name = operation["operationId"]
        assert VERBS.fullmatch(name), name
        assert operation["summary"], name
        assert not operation["summary"].endswith("."), name
        assert set(operation["tags"]) <= tags, name
        wanted = ALWAYS | ({"404"} if "{" in path else set())
        is_public = "webhooks" in path
        assert wanted | (set() if is_public else {"401"}) <= operation["responses"].keys(), name
        assert operation["security"] == ([] if is_public else [{"apiKey": []}, {"visitor": []}]), name
        for status, answer in operation["responses"].items():
            assert answer["description"], name
            told = {"202", "429", "503"} | ({"200", "304"} if name == "getJob" else set())
            assert ("Retry-After" in answer.get("headers", {})) is (status in told), name
            assert ("ETag" in answer.get("headers", {})) is (
                status in {"200", "304"} and "304" in operation["responses"]
            ), name
    assert list(schema["components"]["securitySchemes"]) == ["apiKey", "visitor"]


def test_error_codes_are_one_enum_and_the_documented_ones(schema: Any) -> None:
    schemas = schema["components"]["schemas"]
    answers, failures = (
        set(re.findall(r"^\| `(\w+)` \|", chapter, re.MULTILINE))
        for chapter in ERRORS.read_text().split("## `errorCode` of a failed job")
    )
    codes = set(schemas["ErrorCode"]["enum"])
    assert schemas["ErrorDetail"]["properties"]["code"] == {"$ref": "#/components/schemas/ErrorCode"}
    assert {"job_not_found", "validation_error", "too_many_at_once", "queue_full", "throttled"} <= codes
    assert codes == answers
    others = {code.value for code in FailureCode if code.label == PASSING}
    assert set(schemas["FailureCode"]["enum"]) == failures | others


def values_of(node: Any, place: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each value that a schema describes, with its place."""
    if isinstance(node, dict):
        if "type" in node or "nullable" in node:
            yield place, node
        for key, inner in node.items():
            yield from values_of(inner, f"{place}/{key}")
    elif isinstance(node, list):
        for inner in node:
            yield from values_of(inner, place)


def is_bounded(value: dict[str, Any]) -> bool:
    match value["type"]:
        case "string":
            return "enum" in value or "maxLength" in value or "format" in value
        case "integer":
            return {"minimum", "maximum"} <= value.keys()
        case "array":
            return "maxItems" in value
    return True


def test_all_that_a_client_sends_has_bounds_and_all_that_may_be_null_has_a_type(schema: Any) -> None:
    schemas = schema["components"]["schemas"]
    requests = {name: node for name, node in schemas.items() if name.endswith("Request")}
    parameters = [
        one
        for _path, operation in operations(schema)
        for one in operation.get("parameters", [])
        if one["name"] != "If-None-Match"  # what matches nothing is no error
    ]
    sent = [*values_of(requests), *((one["name"], one["schema"]) for one in parameters)]
    assert len(sent) > 40
    assert all(node["additionalProperties"] is False for node in requests.values())
    assert [place for place, value in sent if place != "token" and not is_bounded(value)] == []
    assert [place for place, value in values_of(schemas) if "type" not in value] == []
    choices = [
        value["enum"] for _place, value in values_of(schemas) if "enum" in value and "nullable" in value
    ]
    assert choices
    assert all(None in values for values in choices)


def test_a_refusal_for_now_says_when_to_ask_again(owner: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    class Busy(JobNotFound):
        status = 503

    monkeypatch.setattr("tryon.api.archived.JobNotFound", Busy)
    assert owner.get(f"jobs/{UUID(int=0)}")["Retry-After"] == "30"


def test_an_id_is_found_in_any_case_of_letters(owner: Api, manager: Api) -> None:
    result = TryOnResultFactory.create(job__requester=requester("Owner"))
    for path, row in (("jobs", result.job), ("results", result), ("models", model_of(result.job))):
        assert data_of(owner.get(f"{path}/{str(row.pk).upper()}"))["id"] == str(row.pk)


def test_pictures_have_the_address_that_the_shop_has(owner: Api, settings: Settings) -> None:
    path = f"models/{ModelImageFactory.create().pk}"
    assert data_of(owner.get(path))["imageUrl"].startswith("http://testserver/media/models/")
    settings.PUBLIC_BASE_URL = "https://shop.example/tryon"
    assert data_of(owner.get(path))["imageUrl"].startswith("https://shop.example/media/models/")


def test_examples_are_as_the_schema_says() -> None:
    seen = 0
    for _path, operation in operations(contract.schema()):
        for part in (operation.get("requestBody", {}), *operation["responses"].values()):
            for content in part.get("content", {}).values():
                for example in content.get("examples", {}).values():
                    contract.validator(content["schema"]["$ref"]).validate(example["value"])
                    seen += 1
    assert seen >= 5
