"""Finish the OpenAPI schema with what drf-spectacular does not know."""

from collections.abc import Iterator
from typing import Any, Final

from config.core.errors import errors
from config.core.http.exceptions import KNOWN, OTHER_CODES, WAITING
from config.core.http.gate import refusals  # noqa: F401  (its errors are in the schema too)

SCHEMAS: Final = "#/components/schemas/"
RETRY_AFTER: Final = {
    "description": "Seconds until it makes sense to ask again.",
    "required": True,
    "schema": {"type": "integer", "minimum": 1},
    "example": 2,
}
# The statuses that tell when to ask again.
TELLING: Final = {"202", *map(str, WAITING)}


def error_codes() -> list[str]:
    """Return every code that the answer to a call can have."""
    known = {code for _status, code, _message in KNOWN.values()}
    return sorted({error.code for error in errors()} | known | OTHER_CODES)


def finish(result: dict[str, Any], **_more: Any) -> dict[str, Any]:
    """Complete the schema that drf-spectacular made (POSTPROCESSING_HOOKS)."""
    schemas = result["components"]["schemas"]
    schemas["ErrorCode"] = {
        "type": "string",
        "description": "What went wrong. docs/errors.md explains each code.",
        "enum": error_codes(),
    }
    schemas["ErrorDetail"]["properties"]["code"] = {"$ref": f"{SCHEMAS}ErrorCode"}
    result["components"]["headers"] = {"RetryAfter": RETRY_AFTER}
    for methods in result["paths"].values():
        for operation in methods.values():
            operation["summary"] = operation["description"].partition("\n")[0].partition(". ")[0].rstrip(".")
            operation.setdefault("security", [])  # public
            for status, answer in operation["responses"].items():
                answer["description"] = answer["description"] or "Done."
                if status in TELLING:
                    answer["headers"] = {"Retry-After": {"$ref": "#/components/headers/RetryAfter"}}
    for node in nodes(result):
        if node.get("nullable") and "allOf" in node:
            node["type"] = type_of(node["allOf"][0], schemas)
    return result


def nodes(tree: Any) -> Iterator[dict[str, Any]]:
    """Yield each object of the schema."""
    if isinstance(tree, dict):
        yield tree
    for inner in tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list) else ():
        yield from nodes(inner)


def type_of(reference: dict[str, str], schemas: dict[str, Any]) -> str:
    found: str = schemas[reference["$ref"].removeprefix(SCHEMAS)]["type"]
    return found
