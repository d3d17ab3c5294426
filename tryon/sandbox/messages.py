"""A request as the sandbox sees it, and the reply that it sends."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any
from urllib.parse import parse_qs, urlsplit

from .errors import Refusal


class Manner(Enum):
    """The manner in which a reply reaches the client."""

    NORMAL = "normal"
    HANG = "hang"
    RESET = "reset"
    SLOW = "slow"


@dataclass(frozen=True)
class Request:
    """``target`` is the path with its query; header names are in lower case."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def path(self) -> str:
        """Return the path without the query."""
        return urlsplit(self.target).path

    def query(self, name: str) -> str | None:
        """Return one decoded query value; its own query string, if it is a URL, stays whole."""
        values = parse_qs(urlsplit(self.target).query).get(name)
        return values[0] if values else None

    def json(self) -> Any:
        """Return the decoded body. Raise Refusal (BadRequest)."""
        try:
            return json.loads(self.body)
        except ValueError as error:
            raise Refusal("BadRequest") from error


@dataclass(frozen=True)
class Reply:
    """``seconds`` (real time) belongs to HANG and SLOW."""

    status: int
    body: bytes = b""
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    manner: Manner = Manner.NORMAL
    seconds: float = 0.0

    def sent(self, manner: Manner, seconds: float = 0.0) -> "Reply":
        """Return the same reply, sent in another manner."""
        return replace(self, manner=manner, seconds=seconds)


def json_reply(value: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
    """Return a reply with a JSON body."""
    return Reply(status, json.dumps(value).encode(), headers=headers or {})


def html_reply(status: int, title: str) -> Reply:
    """Return what a gateway in front of FASHN answers: a page that is not JSON."""
    page = f"<html><head><title>{status} {title}</title></head><body><h1>{title}</h1></body></html>"
    return Reply(status, page.encode(), "text/html; charset=utf-8")
