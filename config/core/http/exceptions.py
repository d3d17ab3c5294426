"""Turn every error into one envelope: a stable code, a sentence that helps, never an exception's text."""

import sys
from itertools import islice
from typing import Any, Final

import structlog
from django.contrib import messages
from django.core.exceptions import (
    PermissionDenied,
    RequestDataTooBig,
    TooManyFieldsSent,
    TooManyFilesSent,
)
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.http.multipartparser import MultiPartParserError
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import set_rollback

from config.core.errors import DomainError
from config.core.http.database import DatabaseUnavailable, is_database_away, note_outage
from config.core.http.envelope import error_body
from config.core.http.strict import MOST_FIELDS
from config.core.http.uploads import MOST_FILES

# A client can make up a name of any length.
MOST_NAME_CHARACTERS: Final = 100

logger = structlog.stdlib.get_logger(__name__)

# The errors that DRF and Django raise by themselves: code, and what to do next.
KNOWN: dict[type[Exception], tuple[int, str, Any]] = {
    exceptions.ParseError: (
        400,
        "malformed_request",
        gettext_lazy("The request body can't be read. Check it."),
    ),
    MultiPartParserError: (400, "malformed_request", gettext_lazy("The form can't be read. Send it again.")),
    RequestDataTooBig: (
        413,
        "request_too_large",
        gettext_lazy("The fields of a form have at most 2.5 MB together. Send less."),
    ),
    TooManyFieldsSent: (
        400,
        "malformed_request",
        gettext_lazy("A request has at most 1,000 fields. Send fewer."),
    ),
    TooManyFilesSent: (400, "malformed_request", gettext_lazy("Send one photo at a time.")),
    exceptions.NotAuthenticated: (
        401,
        "not_authenticated",
        gettext_lazy("Send your key in the header: Authorization: Api-Key <key>."),
    ),
    exceptions.AuthenticationFailed: (
        401,
        "invalid_api_key",
        gettext_lazy("This key is not valid. Check it or ask for a new one."),
    ),
    exceptions.PermissionDenied: (403, "permission_denied", gettext_lazy("Your key may not do this.")),
    PermissionDenied: (403, "permission_denied", gettext_lazy("Your key may not do this.")),
    exceptions.NotFound: (404, "not_found", gettext_lazy("There is nothing here. Check the id.")),
    Http404: (404, "not_found", gettext_lazy("There is nothing here. Check the id.")),
    exceptions.MethodNotAllowed: (
        405,
        "method_not_allowed",
        gettext_lazy(
            "This address does not take that method. The API's pages at /api/docs name those that it takes."
        ),
    ),
    exceptions.NotAcceptable: (
        406,
        "not_acceptable",
        gettext_lazy("Answers come as application/json only. Change the Accept header, or leave it out."),
    ),
    exceptions.UnsupportedMediaType: (
        415,
        "unsupported_media_type",
        gettext_lazy("Send the content type that this address asks for."),
    ),
    exceptions.Throttled: (
        429,
        "throttled",
        gettext_lazy("Too many requests. Wait a moment, then try again."),
    ),
}

# Of answers that are made without an exception.
OTHER_CODES: Final = {"validation_error", "internal_error"}
# Statuses that tell when to try again, and the seconds where the error names none.
WAITING: Final = {429: 30, 503: 30}


def handle_exception(error: Exception, context: dict[str, Any]) -> Response | None:
    """Answer an exception that DRF caught. Return None for an unexpected one, for ``server_error``."""
    set_rollback()  # DRF's own handler does it too
    if is_database_away(error):
        note_outage(error)
        error = DatabaseUnavailable()
    if isinstance(error, DomainError):
        body = error_body(error.code, _(str(error.message)), retryable=error.retryable, details=error.details)
        response = Response(body, status=error.status)
        copy_headers(error, response)
        return response
    if isinstance(error, exceptions.ValidationError):
        message = _("Some fields are not right. See details.")
        fields = dict(islice(field_messages(error.detail).items(), MOST_FIELDS))
        body = error_body("validation_error", message, details={"fields": fields})
        return Response(body, status=400)
    for kind, (status, code, message) in KNOWN.items():
        if isinstance(error, kind):
            response = Response(error_body(code, str(message), retryable=status == 429), status=status)
            copy_headers(error, response)
            return response
    return None


def status_of(error: BaseException) -> int:
    """Return the status of the answer to an error."""
    if isinstance(error, DomainError):
        return error.status
    if isinstance(error, exceptions.APIException):
        return error.status_code
    return next((status for kind, (status, _code, _text) in KNOWN.items() if isinstance(error, kind)), 500)


def printable(name: str) -> str:
    """Return a name that a client made up, short, and as JSON can carry it: half a letter becomes ``?``."""
    return name[:MOST_NAME_CHARACTERS].encode(errors="replace").decode()


def field_messages(detail: Any) -> dict[str, list[str]]:
    """Return DRF's nested details as ``{"options.mode": ["…"]}``. Errors of no field are under ``""``."""
    if isinstance(detail, dict):
        found: dict[str, list[str]] = {}
        for field, inner in detail.items():
            own = "" if field == "non_field_errors" else printable(str(field))
            for path, messages in field_messages(inner).items():
                found[".".join(filter(None, [own, path]))] = messages
        return found
    if isinstance(detail, list) and all(not isinstance(item, dict | list) for item in detail):
        return {"": [str(item) for item in detail]}
    if isinstance(detail, list):
        return field_messages({str(index): item for index, item in enumerate(detail) if item})
    return {"": [str(detail)]}


def copy_headers(error: Exception, response: Response) -> None:
    """Return ``WWW-Authenticate`` and ``Retry-After`` as DRF sets them."""
    if auth_header := getattr(error, "auth_header", None):
        response["WWW-Authenticate"] = auth_header
    if wait := getattr(error, "wait", None) or WAITING.get(response.status_code):
        response["Retry-After"] = f"{wait:.0f}"


def page_not_found(request: HttpRequest, exception: Exception) -> Any:
    """Answer 404 (``handler404``): JSON below /api/, a page elsewhere.

    Pages of errors are made without the request: Django's own read its form again, which may have failed.
    """
    if request.path_info.startswith("/api/"):
        return JsonResponse(error_body("not_found", str(KNOWN[Http404][2])), status=404)
    return HttpResponse(render_to_string("404.html"), status=404)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 400 (``handler400``), as for a host not served: JSON below /api/, a page elsewhere.

    A form with more than Django reads brings a person back to the form, which names the limit.
    """
    known = KNOWN.get(type(exception))
    if request.path_info.startswith("/api/"):
        message = _("The request can't be read. Check its address and its headers.")
        status, code, text = known or (400, "malformed_request", message)
        return JsonResponse(error_body(code, str(text)), status=status)
    if known is None:
        return HttpResponse(render_to_string("400.html"), status=400)
    status, _code, text = known
    if isinstance(exception, TooManyFilesSent):
        text = _("Choose at most %(most)d photos at a time.") % {"most": MOST_FILES}
    if request.method == "POST" and getattr(request, "user", None) and request.user.is_active:
        messages.error(request, text)
        return HttpResponseRedirect(request.get_full_path())
    return HttpResponse(render_to_string("refused.html", {"message": text, "is_final": True}), status=status)


def server_error(request: HttpRequest) -> Any:
    """Answer 500 (``handler500``): a fixed text and the request id below /api/, a page elsewhere.

    Answer 503 if the database is away: on pages, and for the API outside DRF's own handler.
    """
    error = sys.exception()  # Django calls this while it handles the error
    if error is not None and is_database_away(error):
        note_outage(error)
        return database_unavailable(request)
    if request.path_info.startswith("/api/"):
        message = _("Something went wrong on our side. Try again; if it stays, send us the request id.")
        return JsonResponse(error_body("internal_error", message, retryable=True), status=500)
    return HttpResponse(render_to_string("500.html"), status=500)


def database_unavailable(request: HttpRequest) -> HttpResponse:
    """JSON below /api/, a page elsewhere. The page has no request: its context would ask the database."""
    error = DatabaseUnavailable
    if request.path_info.startswith("/api/"):
        body = error_body(error.code, str(error.message), retryable=True)
        response: HttpResponse = JsonResponse(body, status=error.status)
    else:
        response = HttpResponse(render_to_string("503.html"), status=error.status)
    response["Retry-After"] = str(error.wait)
    return response
