"""API keys in the admin. A key's text is shown once, at its creation."""

from typing import Any, override

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from config.core.admin.base import StudioAdmin
from config.shops import people_admin  # noqa: F401  (registers people and groups)
from config.shops.keys import key_forget, key_issue
from config.shops.models import ApiKey


@admin.register(ApiKey)
class ApiKeyAdmin(StudioAdmin[ApiKey]):
    """Issue, rename and switch off keys. Each change of a row drops the cached key."""

    list_display = ["name", "key_start", "is_manager", "is_active", "created_at"]
    list_filter = ["is_active", "is_manager"]
    search_fields = ["name", "prefix"]
    readonly_fields = ["key_start", "created_at"]
    actions = ["activate", "deactivate"]

    @override
    def get_fields(self, request: HttpRequest, obj: ApiKey | None = None) -> list[Any]:
        return ["name", "is_manager"] if obj is None else [*self.list_display]

    @override
    def save_model(self, request: HttpRequest, obj: ApiKey, form: Any, change: Any) -> None:
        if change:
            obj.save(update_fields=form.changed_data)
            forget_after_commit(obj)
            return
        row, obj.text = key_issue(name=obj.name, is_manager=obj.is_manager)
        obj.pk = row.pk
        obj.refresh_from_db()

    @override
    def response_add(
        self, request: HttpRequest, obj: ApiKey, post_url_continue: str | None = None
    ) -> HttpResponse:
        """Show the key in this answer. In a message it would travel in a cookie, and stay in the browser."""
        context = {
            **self.admin_site.each_context(request),
            "title": _("New API key"),
            "opts": self.opts,
            "key": obj,
        }
        return TemplateResponse(request, "admin/key_issued.html", context)

    @override
    def delete_model(self, request: HttpRequest, obj: ApiKey) -> None:
        forget_after_commit(obj)
        obj.delete()

    @override
    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> None:
        for key in queryset:
            self.delete_model(request, key)

    @admin.action(description=_("Activate"), permissions=["change"])
    def activate(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> None:
        changed = self._set_active(request, queryset, is_active=True)
        text = ngettext("%(count)d key works again.", "%(count)d keys work again.", changed)
        self.message_user(request, text % {"count": changed}, messages.SUCCESS)

    @admin.action(description=_("Deactivate"), permissions=["change"])
    def deactivate(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> None:
        changed = self._set_active(request, queryset, is_active=False)
        text = ngettext("%(count)d key no longer works.", "%(count)d keys no longer work.", changed)
        self.message_user(request, text % {"count": changed}, messages.SUCCESS)

    def _set_active(self, request: HttpRequest, queryset: QuerySet[ApiKey], *, is_active: bool) -> int:
        keys = list(queryset.filter(is_active=not is_active))
        for key in keys:
            key.is_active = is_active
            key.save(update_fields=["is_active"])
            forget_after_commit(key)
            self.log_change(request, key, [{"changed": {"fields": ["active"]}}])
        return len(keys)

    @admin.display(description=_("key"), ordering="prefix")
    def key_start(self, key: ApiKey) -> str:
        return f"{key.prefix}…"


def forget_after_commit(key: ApiKey) -> None:
    """Drop the cached key after the commit. Before it, a request could cache the old row again."""
    transaction.on_commit(lambda: key_forget(key))
