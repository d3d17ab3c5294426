"""Finish the OpenAPI schema with what drf-spectacular does not know."""

from collections.abc import Iterator
from copy import deepcopy
from typing import Any, Final

from config.core.errors import errors
from config.core.http.exceptions import KNOWN, OTHER_CODES, WAITING
from config.core.http.gate import refusals  # noqa: F401  (its errors are in the schema too)

SCHEMAS: Final = "#/components/schemas/"
HEADERS: Final = "#/components/headers/"
RETRY_AFTER: Final = {
    "description": "Seconds until it makes sense to ask again.",
    "required": True,
    "schema": {"type": "integer", "minimum": 1},
    "example": 2,
}
# Of every answer. The gate's own refusals, such as of a body that is too large, have none of them.
RATE_HEADERS: Final = {
    "RateLimit-Policy": (
        "The rates that this request counts for, as in the IETF's draft: q requests in w seconds.",
        {"type": "string"},
        '"shopper-reads";q=600;w=60, "key-reads";q=120000;w=60',
    ),
    "RateLimit": (
        "The requests left of each rate (r), and the seconds until its next minute (t).",
        {"type": "string"},
        '"shopper-reads";r=598;t=42, "key-reads";r=119998;t=42',
    ),
    "X-RateLimit-Limit": (
        "The requests in a minute, of the rate with the least left.",
        {"type": "integer", "minimum": 1},
        600,
    ),
    "X-RateLimit-Remaining": ("The requests left of it.", {"type": "integer", "minimum": 0}, 598),
    "X-RateLimit-Reset": (
        "When its next minute begins, in seconds since 1970.",
        {"type": "integer"},
        1_790_000_000,
    ),
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
    result["components"]["headers"] = {"RetryAfter": RETRY_AFTER} | {
        component_of(name): {"description": description, "schema": schema, "example": example}
        for name, (description, schema, example) in RATE_HEADERS.items()
    }
    for methods in result["paths"].values():
        for operation in methods.values():
            operation["summary"] = operation["description"].partition("\n")[0].partition(". ")[0].rstrip(".")
            operation.setdefault("security", [])  # public
            for status, answer in operation["responses"].items():
                answer["description"] = answer["description"] or "Done."
                names = [*RATE_HEADERS, *(["Retry-After"] if status in TELLING else [])]
                told = answer.setdefault("headers", {})
                told |= {name: {"$ref": HEADERS + component_of(name)} for name in names}
    for name, schema in schemas.items():
        if name.endswith("Request"):
            schema["additionalProperties"] = False  # see StrictSerializer
    for node in nodes(result):  # what is written out is looked at too
        if node.get("nullable") and "allOf" in node:
            write_out(node, schemas)
    used = {node["$ref"].removeprefix(SCHEMAS) for node in nodes(result) if "$ref" in node}
    result["components"]["schemas"] = {name: node for name, node in schemas.items() if name in used}
    return result


def component_of(header: str) -> str:
    return header.replace("-", "")


def nodes(tree: Any) -> Iterator[dict[str, Any]]:
    """Yield each object of the schema."""
    if isinstance(tree, dict):
        yield tree
    for inner in tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list) else ():
        yield from nodes(inner)


def write_out(node: dict[str, Any], schemas: dict[str, Any]) -> None:
    """Write what may be null in place of the reference to it: ``nullable`` counts beside a type only."""
    [reference] = node.pop("allOf")
    meant = deepcopy(schemas[reference["$ref"].removeprefix(SCHEMAS)])
    if "enum" in meant:
        meant["enum"].append(None)
    node.update({**meant, **node})
