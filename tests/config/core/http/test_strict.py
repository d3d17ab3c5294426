"""Nothing in a request is ignored: every address refuses what it does not take, and names it."""

import json
import re
from collections.abc import Iterator
from typing import Any, Final

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from models_library.models import ModelImage
from tests import contract, images
from tests.conftest import Api, error_of, requester
from tests.factories import ModelImageFactory, TryOnResultFactory, WebhookEndpointFactory

pytestmark = pytest.mark.django_db

UNKNOWN: Final = "11111111-2222-4333-8444-555555555555"
# A JSON value of another type, for each type that the schema knows.
WRONG: Final[dict[str, tuple[Any, ...]]] = {
    "string": (7, True, ["a"]),
    "boolean": ("yes", "true", 1),
    "integer": ("7", True),
    "array": ("a", {"0": "a"}),
    "object": ("a", ["a"]),
}


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield method, path and description of each operation that callers use."""
    for path, methods in contract.schema()["paths"].items():
        for method, operation in methods.items():
            if "webhooks" not in path:
                yield method, re.sub(r"\{\w+\}", UNKNOWN, path), operation


def fields_of(response: Any) -> list[str]:
    """The fields that a refusal names."""
    assert response.status_code == 400, response.content
    error = error_of(response)
    assert error["code"] == "validation_error", error
    return list(error["details"]["fields"])


def part(node: dict[str, Any]) -> dict[str, Any]:
    """A component of the schema, where a reference to it stands."""
    while "$ref" in node or "allOf" in node or "anyOf" in node or "oneOf" in node:
        if "$ref" in node:
            node = contract.schema()["components"]["schemas"][node["$ref"].rpartition("/")[2]]
        else:
            node = next(node[key] for key in ("allOf", "anyOf", "oneOf") if key in node)[-1]
    return node


def needed(operation: Any, but: str = "") -> str:
    """Return the part of a query that an operation needs, without one name."""
    names = [
        one["name"] for one in operation.get("parameters", []) if one["in"] == "query" and one.get("required")
    ]
    return "".join(f"&{name}=SKU-1" for name in names if name != but)


def test_an_unknown_name_in_a_query_is_named_at_every_address(manager: Api) -> None:
    for method, path, operation in operations():
        response = manager.client.generic(method.upper(), f"{path}?stauts=failed{needed(operation)}")
        assert fields_of(response) == ["stauts"], f"{method} {path}"


def test_a_filter_is_refused_when_it_is_empty_or_there_twice(manager: Api) -> None:
    seen = set()
    for _method, path, operation in operations():
        for name in [one["name"] for one in operation.get("parameters", []) if one["in"] == "query"]:
            seen.add(name)
            rest = needed(operation, but=name)
            for query in (f"{name}={rest}", f"{name}=1&{name}=1{rest}"):
                assert fields_of(manager.client.get(f"{path}?{query}")) == [name], f"{path}?{query}"
    assert {"status", "review", "category", "q", "page", "pageSize", "after", "createdAfter"} <= seen


def test_a_body_is_refused_where_none_is_taken(manager: Api) -> None:
    without = [found for found in operations() if found[0] != "get" and "requestBody" not in found[2]]
    assert len(without) >= 5
    for method, path, _operation in without:
        response = manager.client.generic(
            method.upper(), path, '{"reason": "late"}', content_type="application/json"
        )
        assert fields_of(response) == ["reason"], f"{method} {path}"


def test_a_value_of_another_type_is_named_in_every_body(manager: Api) -> None:
    shop = {"owner": requester("Manager")}
    ids = {
        "models": ModelImageFactory.create().pk,
        "results": TryOnResultFactory.create().pk,
        "webhook-endpoints": WebhookEndpointFactory.create(**shop).pk,
    }
    tried = 0
    for method, path, operation in operations():
        content = operation.get("requestBody", {}).get("content", {}).get("application/json")
        if content is None:
            continue
        address = path.replace(UNKNOWN, str(ids.get(path.split("/")[3])))
        for name, field in part(content["schema"])["properties"].items():
            for wrong in WRONG[part(field)["type"]]:
                response = manager.client.generic(
                    method.upper(), address, json.dumps({name: wrong}), "application/json"
                )
                assert name in {found.partition(".")[0] for found in fields_of(response)}, (path, name, wrong)
                tried += 1
    assert tried > 20


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"colour": "red"}, "colour"),
        ({"isActive": "yes"}, "isActive"),
        ({"isActive": ""}, "isActive"),
        ({"name": ["Ada", "Grace"]}, "name"),
    ],
)
def test_a_form_is_read_as_strictly(manager: Api, fields: dict[str, Any], named: str) -> None:
    assert fields_of(manager.add_model(images.model_photo(images.SMALL_PORTRAIT), **fields)) == [named]
    assert not ModelImage.objects.exists()


def test_a_photo_that_is_added_as_not_active_is_not_shown(manager: Api, owner: Api) -> None:
    for number, word in enumerate(("false", "true")):
        photo = images.model_photo(images.SMALL_PORTRAIT, seed=number)
        assert manager.add_model(photo, name=word, isActive=word).json()["data"]["isActive"] is (
            word == "true"
        )
    assert [row["name"] for row in owner.get("models").json()["data"]] == ["true"]


def test_all_that_is_wrong_is_named_at_once_but_no_more_than_twenty(owner: Api) -> None:
    response = owner.post("generate", {"productImageId": 7, **{f"field{n}": n for n in range(50)}})
    named = fields_of(response)
    assert named[:2] == ["productImageId", "modelImageId"]
    assert len(named) == 20
    assert [len(name) for name in fields_of(owner.get("jobs", **{"n" * 500: "1"}))] == [100]


@pytest.mark.parametrize("time", ["2026-01-31", "2026-01-31T09:00:00", "2026-01-31T09:00:00 00:00", "1"])
def test_a_time_has_its_zone(owner: Api, time: str) -> None:
    assert fields_of(owner.get("results", createdAfter=time)) == ["createdAfter"]
    assert owner.get("results", createdAfter="2026-01-31T09:00:00+09:00").status_code == 200


@pytest.mark.parametrize("text", ["{%s}", "urn:uuid:%s"])
def test_an_id_has_one_form_in_any_case_of_letters(owner: Api, text: str) -> None:
    assert fields_of(owner.get("results", productImageId=text % UNKNOWN)) == ["productImageId"]
    assert fields_of(owner.get("results", productImageId=UNKNOWN.replace("-", ""))) == ["productImageId"]
    assert owner.get("results", productImageId=UNKNOWN.upper()).status_code == 200


def test_a_file_in_place_of_a_text_is_named(manager: Api) -> None:
    file = images.model_photo(images.SMALL_PORTRAIT)
    for name in ("name", "tags", "isActive"):
        assert fields_of(manager.add_model(file, **{name: SimpleUploadedFile("a.jpg", b"a")}))[0].startswith(
            name
        )
