"""Every answer of the API that a test gets is checked against the schema that the API serves."""

import functools
import re
from collections.abc import Callable
from typing import Any, Final

from django.test import Client
from openapi_schema_validator import OAS30Validator, oas30_format_checker

API: Final = "/api/tryon/"
# Where no operation is found, such as for a host that is not served, none can document its answer. A method
# that no operation has is refused with 405, or before that with 401 or 403 to those who may not be here.
WITHOUT_AN_OPERATION: Final = frozenset({400, 401, 403, 404, 405})


def check(response: Any) -> None:
    """Fail for an answer of the API whose status, content type or body the schema does not have."""
    method, path = response.request["REQUEST_METHOD"].lower(), response.request["PATH_INFO"]
    is_preflight = method == "options" and "Access-Control-Allow-Methods" in response  # browsers ask it
    if path.startswith(API) and not is_preflight:
        problem = problem_of(response, method)
        assert not problem, f"{method.upper()} {path} answered {response.status_code}: {problem}"


def problem_of(response: Any, method: str) -> str:
    """The first thing in an answer that the schema does not have, or empty text."""
    operation = schema()["paths"].get(template_of(response), {}).get(method)
    if operation is not None:
        answer = operation["responses"].get(str(response.status_code))
    else:
        answer = error_answer() if response.status_code in WITHOUT_AN_OPERATION else None
    if answer is None:
        return "the schema does not have this status"
    for name, header in answer.get("headers", {}).items():
        if name not in response and header.get("required", "$ref" in header):
            return f"the header {name} is missing"
    if "content" not in answer:
        return "the schema has no body" if response.content else ""
    media_type = response["Content-Type"].partition(";")[0]
    if media_type not in answer["content"]:
        return f"the schema does not have {media_type}"
    errors = validator(answer["content"][media_type]["schema"]["$ref"]).iter_errors(response.json())
    return "; ".join(f"{error.json_path}: {error.message}" for error in errors)


def template_of(response: Any) -> str:
    """The address as the schema writes it, such as /api/tryon/jobs/{job_id}; empty where nothing is."""
    match = response.wsgi_request.resolver_match
    return "/" + re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", match.route) if match else ""


@functools.cache
def schema() -> Any:
    """The schema as the API serves it, with objects that have no more keys than they name."""
    served = Client().get("/api/schema", headers={"Accept": "application/json"})
    assert served.status_code == 200
    return closed(served.json())


def closed(node: Any) -> Any:
    """The schema, strict: no undocumented key."""
    if isinstance(node, list):
        return [closed(item) for item in node]
    if not isinstance(node, dict):
        return node
    strict = {key: closed(value) for key, value in node.items()}
    if strict.get("type") == "object" and "properties" in strict:
        strict.setdefault("additionalProperties", False)
    return strict


def error_answer() -> Any:
    return {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}}


@functools.cache
def validator(reference: str) -> Any:
    return OAS30Validator({"$ref": reference, **schema()}, format_checker=oas30_format_checker)


def checked(request: Callable[..., Any]) -> Callable[..., Any]:
    """The test client's ``request``, with a look at the answer."""

    @functools.wraps(request)
    def ask_and_check(client: Client, **fields: Any) -> Any:
        response = request(client, **fields)
        check(response)
        return response

    return ask_and_check
