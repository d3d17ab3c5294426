"""Pages of the admin that belong to no model.

An app's ``admin`` module registers them, as it registers its models.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, Final

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse

type View = Callable[..., HttpResponseBase]


@dataclass(frozen=True, slots=True)
class Page:
    """A page of the admin: its address below ``/admin/``, its name (``admin:NAME``) and its view."""

    route: str
    name: str
    view: View


PAGES: Final[list[Page]] = []


def admin_page(route: str, *, name: str, permission: str | None) -> Callable[[View], View]:
    """Register a view as a page of the admin, for people with the permission. Others get 403.

    None is a page for everybody who may open the admin.
    """

    def register(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if permission and not request.user.has_perm(permission):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        PAGES.append(Page(route, name, guarded))
        return view

    return register


def page_response(
    request: HttpRequest, template: str, *, title: Any, status: int = 200, **context: Any
) -> TemplateResponse:
    """Return a page in the frame of the admin."""
    shared = {**admin.site.each_context(request), "title": title}
    return TemplateResponse(request, template, shared | context, status=status)
