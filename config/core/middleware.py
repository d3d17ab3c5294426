"""The id of every HTTP request, one log line at its end, and who may keep the answer."""

import re
import time
import uuid
from collections.abc import Callable

import structlog
from django.http import HttpRequest, HttpResponse

logger = structlog.stdlib.get_logger(__name__)

ACCEPTED_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
LONG_PART = re.compile(r"[^/]{20,}")


class RequestLogMiddleware:
    """Bind ``request_id`` to the log context, return it as ``X-Request-ID``, and log the outcome.

    A proxy's id is kept when it is harmless text, so that its log and ours can be read together. The line has
    the path only, because query strings carry signatures.

    django-structlog's middleware does not fit these rules. It logs the query and the token, takes any text as
    an id and does not return it, measures no time, and writes a second line for a file and for a crash.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request_id = request_id_of(request)
        started = time.perf_counter()
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            response = self.get_response(request)
            log_request(request, response.status_code, started)
        response["X-Request-ID"] = request_id
        return response


def request_id_of(request: HttpRequest) -> str:
    """Return the id that a request comes with, or a new one."""
    offered: str = request.META.get("HTTP_X_REQUEST_ID", "")
    return offered if ACCEPTED_ID.fullmatch(offered) else uuid.uuid4().hex


def log_request(request: HttpRequest, status: int, started: float) -> None:
    """Write the line of a request. ``started`` is a time of ``time.perf_counter``."""
    logger.info(
        "request",
        method=request.method,
        path=path_without_secrets(request),
        status=status,
        milliseconds=round((time.perf_counter() - started) * 1000, 1),
        **({"live": True} if "HTTP_X_LIVE" in request.META else {}),  # a page refreshes itself
    )


class PrivateAnswersMiddleware:
    """Keep answers out of shared caches, and JSON out of all of them, where nothing else is said.

    An answer with an ETag may be kept, to be asked about each time.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if "Cache-Control" not in response:
            is_kept = "ETag" in response or "json" not in response.get("Content-Type", "")
            response["Cache-Control"] = "private, no-cache" if is_kept else "private, no-store"
        return response


def path_without_secrets(request: HttpRequest) -> str:
    """Return the path without a webhook's token, because the token is a secret.

    Without a view (a slash too many, a host that is not served) any long part may be a token.
    """
    match = request.resolver_match
    if match is None:
        return LONG_PART.sub("[hidden]", request.path)
    token = str(match.kwargs.get("token", ""))
    return request.path.replace(token, "[hidden]") if token else request.path


def current_request_id() -> str:
    """Return the id of the present request, or an empty text outside a request."""
    return str(structlog.contextvars.get_contextvars().get("request_id", ""))
