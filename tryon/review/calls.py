"""The calls of the review page's script: JSON in and out, for people of the staff with a session."""

import json
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, JsonResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext
from django.views.decorators.http import require_POST
from rest_framework import serializers

from config.core.admin.pages import View, admin_page
from config.core.errors import DomainError
from config.core.http.envelope import error_body, success_body
from config.core.http.strict import StrictSerializer, validated
from config.shops.abilities import Ability

type Call = Callable[[User, dict[str, Any]], Any]


def review_call(route: str, *, name: str, body: type[StrictSerializer]) -> Callable[[Call], View]:
    """Register a POST below the admin. It takes a person and the body's values, and returns the data.

    Whatever is refused has a code and a sentence, as in the API.
    """

    def register(call: Call) -> View:
        @admin_page(route, name=name, permission=Ability.REVIEW_RESULTS)
        @require_POST
        @wraps(call)
        def view(request: HttpRequest) -> HttpResponseBase:
            user = request.user
            if not isinstance(user, User):
                raise PermissionDenied
            try:
                data = call(user, validated(body, _json_of(request)))
            except serializers.ValidationError:
                return _refusal(
                    "invalid_request", gettext("The page and the service do not fit. Reload."), 400
                )
            except DomainError as error:
                return _refusal(error.code, str(error.message), error.status, error.details)
            return JsonResponse(success_body(data))

        return view

    return register


def _json_of(request: HttpRequest) -> Any:
    # A page that is being left can only send a form. Once it is read, its raw bytes are gone.
    is_form = request.content_type in {"application/x-www-form-urlencoded", "multipart/form-data"}
    try:
        return json.loads(request.POST.get("body", "") if is_form else request.body)
    except (ValueError, RecursionError):  # no JSON, or brackets within brackets without end
        return None


def _refusal(code: str, message: str, status: int, details: dict[str, Any] | None = None) -> JsonResponse:
    return JsonResponse(error_body(code, message, retryable=False, details=details or {}), status=status)
