"""Limits on login attempts, by django-axes: its answer to who has failed too often, and its old rows."""

from datetime import datetime, timedelta
from math import ceil
from typing import Any

from axes.models import AccessAttempt
from django.conf import settings
from django.contrib import admin
from django.db.models import Max, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from config.core.http.address import client_address


def locked_out(request: HttpRequest, response: HttpResponse | None, credentials: Any) -> HttpResponse:
    """Return the page in place of the login form (AXES_LOCKOUT_CALLABLE). It says when to try again."""
    address = client_address(request)
    attempts = AccessAttempt.objects.filter(username=credentials.get("username"), ip_address=address)
    wait = time_left(attempts.aggregate(latest=Max("attempt_time"))["latest"])
    context = {
        **admin.site.each_context(request),
        "title": _("Too many login attempts"),
        "minutes": max(1, ceil(wait / timedelta(minutes=1))),
    }
    page = TemplateResponse(request, "admin/locked_out.html", context, status=429)
    page["Retry-After"] = str(max(1, ceil(wait.total_seconds())))
    return page.render()


def time_left(latest: datetime | None) -> timedelta:
    """Return the time until the latest counted attempt is forgotten. Attempts during a lock do not count."""
    cool_off: timedelta = settings.AXES_COOLOFF_TIME
    return cool_off if latest is None else latest + cool_off - timezone.now()


def forgotten_attempts() -> "QuerySet[AccessAttempt]":
    """Return the failed attempts that lock nobody out any more."""
    attempts: QuerySet[AccessAttempt] = AccessAttempt.objects.all()
    return attempts.filter(attempt_time__lt=timezone.now() - settings.AXES_COOLOFF_TIME)
