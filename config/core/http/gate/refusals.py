"""The refusals of the gate: JSON below /api/, a page elsewhere."""

import json
from typing import Any, ClassVar

from django.conf import settings
from django.template.loader import render_to_string
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from config.core.errors import DomainError
from config.core.http.envelope import error_body
from config.core.http.gate.answers import Answer, Header


class ServiceBusy(DomainError):
    code: ClassVar[str] = "service_busy"
    status: ClassVar[int] = 503
    retryable: ClassVar[bool] = True
    message: Any = _("The service is busy with other requests. Send this one again in a few seconds.")
    wait: ClassVar[int] = 5


class TooManyAtOnce(DomainError):
    code: ClassVar[str] = "too_many_at_once"
    status: ClassVar[int] = 429
    retryable: ClassVar[bool] = True
    message: Any = _("You send too many requests at the same time. Wait for answers before you send more.")
    wait: ClassVar[int] = 2


class BodyTooSlow(DomainError):
    code: ClassVar[str] = "request_too_slow"
    status: ClassVar[int] = 408
    retryable: ClassVar[bool] = True
    message: Any = _("The request took too long to arrive. Send it again.")


class BodyTooLarge(DomainError):
    """``details``: ``limit`` in bytes, and ``actual`` where the client has told it."""

    code: ClassVar[str] = "request_too_large"
    status: ClassVar[int] = 413

    def __init__(self, limit: int, **more: int) -> None:
        text = format_lazy(_("Send at most {limit} MB at a time."), limit=f"{limit / (1 << 20):.3g}")
        super().__init__(text, details={"limit": limit, **more})


class HeadersUnreadable(DomainError):
    code: ClassVar[str] = "malformed_request"
    status: ClassVar[int] = 400
    message: Any = _("The request can't be read. Check its address and its headers.")


class TextNotUtf8(DomainError):
    code: ClassVar[str] = "unsupported_media_type"
    status: ClassVar[int] = 415
    message: Any = _("Send text in UTF-8, or leave the charset out of the content type.")


class RequestFailed(DomainError):
    """An error of ours that nothing else has answered."""

    code: ClassVar[str] = "internal_error"
    status: ClassVar[int] = 500
    retryable: ClassVar[bool] = True
    message: Any = _("Something went wrong on our side. Try again; if it stays, send us the request id.")


def refusal(error: DomainError, path: str) -> Answer:
    """Return the answer to a request that Django does not see. The connection ends: its body may go on.

    Below /api/ the page of any origin may read it, because it has nothing of a shop.
    """
    headers: list[Header] = [(b"connection", b"close"), (b"cache-control", b"no-store")]
    if wait := getattr(error, "wait", 0):
        headers.append((b"retry-after", str(wait).encode()))
    for name, value in getattr(error, "headers", {}).items():
        headers.append((name.lower().encode(), value.encode()))
    if path.startswith("/api/"):
        kind = b"application/json"
        exposed = ", ".join(settings.CORS_EXPOSE_HEADERS).encode()
        headers += [(b"access-control-allow-origin", b"*"), (b"access-control-expose-headers", exposed)]
        body = json.dumps(
            error_body(error.code, str(error.message), retryable=error.retryable, details=error.details)
        )
    else:
        kind = b"text/html; charset=utf-8"
        body = render_to_string("refused.html", {"message": error.message, "is_final": not error.retryable})
    content = body.encode()
    headers += [(b"content-type", kind), (b"content-length", str(len(content)).encode())]
    return Answer(error.status, headers, content)
