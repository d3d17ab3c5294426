"""API operations: a method's return annotation is its schema, and its return value is the answer."""

import functools
import inspect
from collections.abc import Callable, Iterator
from http import HTTPStatus
from typing import Any, Final, cast, get_args, get_origin

from django.http import HttpResponse
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.response import Response

from config.core.http.described import envelope_of, serializer_of
from config.core.http.envelope import Answer, ErrorAnswer, Page, Ready, list_body, success_body
from config.core.http.idempotency.api import answered_once, repeatable
from config.core.http.idempotency.requests import key_in
from config.core.http.strict import FormSerializer, StrictSerializer, validated

# A host that is not served, another method of the address, an ``Accept`` header without JSON, a body that is
# too slow or too large, too many requests of one caller, an unexpected error, and no free place or a database
# outage.
ANY_OPERATION: Final = frozenset({400, 405, 406, 408, 413, 429, 500, 503})

CONDITIONAL: Final = (
    OpenApiParameter(
        "If-None-Match",
        str,
        OpenApiParameter.HEADER,
        description=_("The ETag of an answer that you have. While it is still true, you get 304."),
    ),
    OpenApiParameter("ETag", str, OpenApiParameter.HEADER, required=True, response=[200, 304]),
)
SHOPPER: Final = OpenApiParameter(
    "X-Shopper-Id",
    {"type": "string", "minLength": 1, "maxLength": 64, "pattern": "^[!-~]+$"},
    OpenApiParameter.HEADER,
    description=_(
        "With a secret key: the shopper for whom you ask, who sees their own jobs, results and photos only."
    ),
)
POLLED: Final = OpenApiParameter(
    "Retry-After",
    {"type": "integer", "minimum": 1},
    OpenApiParameter.HEADER,
    description=_("Seconds until it makes sense to ask again. A job that has ended has none."),
    response=[200, 304],
)


def operation[**P](
    operation_id: str,
    *errors: int,
    status: int | tuple[int, ...] = 200,
    body: Any = None,
    query: type[FormSerializer] | None = None,
    public: bool = False,
    polled: bool = False,
    acts: bool = True,
    tag: str | None = None,
    example: Any = None,
    answer: Any = None,
) -> Callable[[Callable[P, Any]], Callable[P, HttpResponse]]:
    """Describe a view's method in the schema, and put its return value into the envelope.

    The method returns a TypedDict, a ``Page`` of them, None for an empty answer, or an ``Answer`` where
    ``status`` names several. ``errors`` are the statuses that its services refuse with. The statuses that
    the framework can give to any such request are added.

    A POST that is not public may come with an ``Idempotency-Key``, and then acts once. One that only tells
    something (``acts`` is False) answers each time: pages that share a key must not share a kept answer.

    A method with a ``query`` gets its values under this name. A query or a body that the method does not take
    is refused, except from a stranger's program, such as FASHN's, that may add to it (``public``).

    A method that refuses with 304 is at an address with ``conditional``. ``polled`` is one that clients ask
    again and again: its ``Answer`` has a ``wait`` as long as that makes sense.

    ``tag`` groups operations, by default by the first part of the path. ``example`` is a JSON body, and
    ``answer`` the data of an answer.
    """
    statuses = (status,) if isinstance(status, int) else status

    def decorate(method: Callable[P, Any]) -> Callable[P, HttpResponse]:
        answers = dict.fromkeys(statuses, described(inspect.signature(method).return_annotation))
        is_repeatable = method.__name__ == "post" and not public
        refusals = error_statuses(method, body=body, public=public).union(errors)
        if is_repeatable and acts:
            refusals |= {409, 422}

        @extend_schema(
            operation_id=operation_id,
            tags=None if tag is None else [tag],
            examples=list(examples_of(example, answer)),
            request=body,
            parameters=[
                *([] if query is None else [query]),
                *([] if public else [SHOPPER]),
                *(CONDITIONAL if 304 in errors else ()),
                *([POLLED] if polled else []),
                *(repeatable(statuses, acts=acts) if is_repeatable else ()),
            ],
            responses=answers | {number: error_answer(number) for number in sorted(refusals)},
        )
        @functools.wraps(method)
        def answering(*args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            request = cast(Request, args[1])
            if query is not None:
                kwargs["query"] = validated(query, request.query_params)
            elif request.query_params and not public:
                validated(FormSerializer, request.query_params)
            if body is None and not public and request.method not in SAFE_METHODS:
                validated(StrictSerializer, request.data)

            if is_repeatable and acts:
                return answered_once(request, lambda: rendered(method(*args, **kwargs), statuses))
            if is_repeatable:
                key_in(request.headers)  # a wrong one is refused
            answer = method(*args, **kwargs)
            if isinstance(answer, Ready):
                return HttpResponse(answer.body, content_type="application/json")
            return rendered(answer, statuses)

        return answering

    return decorate


def examples_of(body: Any, answer: Any) -> Iterator[OpenApiExample]:
    if body is not None:
        yield OpenApiExample("Body", value=body, request_only=True, media_type="application/json")
    if answer is not None:
        value = {"success": True, "data": answer}
        yield OpenApiExample("Answer", value=value, response_only=True, status_codes=["200", "201", "202"])


def rendered(answer: Any, statuses: tuple[int, ...]) -> Response:
    """Return the answer in its envelope, with ``meta`` for lists."""
    if isinstance(answer, Answer):
        if answer.status not in statuses:
            raise ValueError(f"Name the status {answer.status} in @operation.")
        headers = {"Retry-After": str(answer.wait)} if answer.wait else None
        return Response(success_body(answer.body), status=answer.status, headers=headers)
    (status,) = statuses
    if answer is None:
        return Response(status=status)
    if isinstance(answer, Page):
        return Response(list_body(answer), status=status)
    return Response(success_body(answer), status=status)


def described(answer: Any) -> Any:
    """Return the serializer of a method's return annotation."""
    if answer is None:
        return None
    return envelope_of(get_args(answer)[0] if get_origin(answer) in (Answer, Ready) else answer)


def error_statuses(method: Callable[..., Any], *, body: Any, public: bool) -> frozenset[int]:
    """Return the errors that DRF, Django and the exception handler can give to any request of this kind."""
    found = ANY_OPERATION if body is None else ANY_OPERATION | {415}
    if not public:
        found |= {401, 403}  # nobody, and a key for other things
        if method.__name__.upper() not in SAFE_METHODS:
            found |= {415}  # a body of another kind
    if inspect.signature(method).parameters.keys() - {"self", "request", "query"}:  # an id in the path
        found |= {404}
    return found


@functools.cache
def error_answer(status: int) -> OpenApiResponse:
    """Return the description of a refusal, or of 304, which has no body."""
    if status == HTTPStatus.NOT_MODIFIED:
        return OpenApiResponse(description=HTTPStatus(status).phrase)
    return OpenApiResponse(serializer_of(ErrorAnswer), description=HTTPStatus(status).phrase)
