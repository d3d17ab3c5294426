"""The one shape of every answer. TypedDicts describe it: views return them, and the schema shows them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, NotRequired, TypedDict

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.request import Request

from config.core.middleware import current_request_id
from config.core.storage import addresses

Url = Annotated[str, serializers.URLField]


class ErrorDetailAnswer(TypedDict):
    code: str
    message: str
    retryable: bool
    details: dict[str, Any]
    requestId: str


class ErrorAnswer(TypedDict):
    success: bool
    error: ErrorDetailAnswer


class ListMetaAnswer(TypedDict):
    """The place of a page in its list. A page behind a row has no number and no total."""

    pageSize: int
    page: NotRequired[int]
    total: NotRequired[Annotated[int, _("Counted up to 10,000.")]]
    pages: NotRequired[int]
    next: NotRequired[Annotated[str, _("Send it as after for the next page. The last page has none.")]]


class Empty(TypedDict):
    """The data of an answer that only needs its status."""


@dataclass(frozen=True, slots=True)
class Answer[Body]:
    """An answer of an operation that has several statuses."""

    body: Body
    status: int


@dataclass(frozen=True, slots=True)
class Page[Row]:
    """One page of a list."""

    rows: Sequence[Row]
    meta: ListMetaAnswer


def success_body(data: Any) -> dict[str, Any]:
    """Return ``{"success": true, "data": …}``."""
    return {"success": True, "data": data}


def error_body(
    code: str, message: str, *, retryable: bool = False, details: dict[str, Any] | None = None
) -> ErrorAnswer:
    """``{"success": false, "error": …}``."""
    return {
        "success": False,
        "error": {
            "code": code,
            "message": message,
            "retryable": retryable,
            "details": details or {},
            "requestId": current_request_id(),
        },
    }


def absolute_url(request: Request, file: Any) -> Url:
    """Return the signed URL of a stored file, with this host where the storage names none."""
    return absolute_urls(request, [file])[str(file)]


def absolute_urls(request: Request, files: Iterable[Any]) -> dict[str, Url]:
    """Return the signed URLs of stored files by their keys, signed in one go."""
    return with_host(request, addresses([str(file) for file in files]))


def with_host(request: HttpRequest | Request, urls: Mapping[str, str]) -> dict[str, Url]:
    """Return the URLs with this host where the storage names none."""
    host = str(request.build_absolute_uri("/")).removesuffix("/")
    return {key: host + url if url.startswith("/") else url for key, url in urls.items()}
