"""The one shape of every answer. TypedDicts describe it: views return them, and the schema shows them."""

import functools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, NotRequired, TypedDict
from urllib.parse import urlsplit

from django.conf import settings
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
    """An answer with one of several statuses. ``wait`` are the seconds until the next question."""

    body: Body
    status: int
    wait: int = 0


@dataclass(frozen=True, slots=True)
class Page[Row]:
    """One page of a list."""

    rows: Sequence[Row]
    meta: ListMetaAnswer


class StoredUrl(str):
    """The signed URL of a stored file, which remembers the file's key: a kept answer is signed again."""

    __slots__ = ("stored_as",)
    stored_as: str


@dataclass(frozen=True, slots=True)
class Ready[Body]:
    """An answer whose envelope is rendered already."""

    body: bytes


def success_body(data: Any) -> dict[str, Any]:
    """Return ``{"success": true, "data": …}``."""
    return {"success": True, "data": data}


def list_body(page: Page[Any]) -> dict[str, Any]:
    """Return ``{"success": true, "data": […], "meta": …}``."""
    return {**success_body(page.rows), "meta": page.meta}


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


def absolute_urls(request: HttpRequest | Request, files: Iterable[Any]) -> dict[str, Url]:
    """Return the signed URLs of stored files by their keys, signed in one go."""
    return with_host(request, addresses([str(file) for file in files]))


def with_host(request: HttpRequest | Request, urls: Mapping[str, str]) -> dict[str, Url]:
    """Return the URLs with a host where the storage names none: PUBLIC_BASE_URL's, or the one called."""
    host = origin_of(settings.PUBLIC_BASE_URL) or str(request.build_absolute_uri("/")).removesuffix("/")
    return {key: stored_url(host + url if url.startswith("/") else url, key) for key, url in urls.items()}


def stored_url(text: str, key: str) -> StoredUrl:
    url = StoredUrl(text)
    url.stored_as = key
    return url


@functools.cache
def origin_of(address: str) -> str:
    """Return scheme and host of an address, or empty text."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}" if address else ""
