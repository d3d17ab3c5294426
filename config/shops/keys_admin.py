"""API keys in the admin. A key's text is shown once, when it is made."""

from typing import Any, ClassVar, Final, override

from django import forms
from django.contrib import admin, messages
from django.contrib.admin import ActionLocation
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from config.core.admin.base import StudioAdmin, sentence
from config.core.errors import DomainError
from config.shops.abilities import Scope
from config.shops.keys import key_forget, key_issue, key_rotate
from config.shops.models import ApiKey, Kind

MOST_HOURS: Final = 24 * 30
# A key is what it is from its first day: the settings that its holder's code depends on don't change.
FIXED: Final = ("shop", "kind", "is_test")


class ApiKeyForm(forms.ModelForm):  # type: ignore[type-arg]  # at run time it takes none
    """The form of a key."""

    scopes = forms.MultipleChoiceField(
        label=capfirst(_("scopes")),
        required=False,
        choices=Scope.choices,
        initial=[Scope.TRYON],
        widget=forms.CheckboxSelectMultiple,
        help_text=_(
            "A secret key may do this. A publishable key has no scopes: it opens sessions of shoppers."
        ),
    )

    class Meta:
        model = ApiKey
        fields: ClassVar = ["shop", "name", "kind", "is_test", "scopes", "daily_credits", "expires_at"]
        help_texts: ClassVar = {
            "daily_credits": _("Empty: no limit. For a publishable key: PUBLISHABLE_KEY_DAILY_CREDITS."),
        }

    @override
    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        kind = cleaned.get("kind", self.instance.kind)
        is_manager = cleaned.get("is_manager", False)
        if kind == Kind.SECRET and not (cleaned.get("scopes") or is_manager):
            self.add_error("scopes", _("Choose at least one scope."))
        return cleaned


class RotateForm(forms.Form):
    """The time for which the old key goes on working."""

    hours = forms.IntegerField(
        label=_("Hours"),
        min_value=0,
        max_value=MOST_HOURS,
        initial=24,
        help_text=_("The old key works this long beside the new one."),
    )


@admin.register(ApiKey)
class ApiKeyAdmin(StudioAdmin[ApiKey]):
    """Issue, rename, rotate and switch off keys. Each change of a row drops the cached key."""

    form = ApiKeyForm
    # How a key begins tells its kind, and that it is a test key.
    list_display = ["name", "shop", "key_start", "is_active", "expires_at", "last_used_at"]
    list_select_related = ["shop"]
    list_filter = ["is_active", "kind", "is_test", "is_manager"]
    link_lookups = ["shop"]
    search_fields = ["name", "prefix", "shop__name"]
    readonly_fields = ["key_start", "created_at", "last_used_at"]
    actions = ["rotate", "activate", "deactivate"]

    @override
    def get_fields(self, request: HttpRequest, obj: ApiKey | None = None) -> list[Any]:
        if obj is None:
            return [*ApiKeyForm.Meta.fields]
        manager = ["is_manager"] if obj.is_manager else []
        return [*ApiKeyForm.Meta.fields, *manager, "is_active", *self.readonly_fields]

    @override
    def get_readonly_fields(self, request: HttpRequest, obj: ApiKey | None = None) -> Any:
        return self.readonly_fields if obj is None else [*FIXED, *self.readonly_fields]

    @override
    def save_model(self, request: HttpRequest, obj: ApiKey, form: Any, change: Any) -> None:
        if change:
            obj.save(update_fields=form.changed_data)
            forget_after_commit(obj)
            return
        row, obj.text = key_issue(**form.cleaned_data)
        obj.pk = row.pk
        obj.refresh_from_db()

    @override
    def response_add(
        self, request: HttpRequest, obj: ApiKey, post_url_continue: str | None = None
    ) -> HttpResponse:
        return self._issued_page(request, obj)

    def _issued_page(self, request: HttpRequest, key: ApiKey) -> HttpResponse:
        """Show the key in this answer. In a message it would travel in a cookie, and stay in the browser."""
        context = {
            **self.admin_site.each_context(request),
            "title": _("New API key"),
            "opts": self.opts,
            "key": key,
        }
        return TemplateResponse(request, "admin/key_issued.html", context)

    @override
    def delete_model(self, request: HttpRequest, obj: ApiKey) -> None:
        gone = ApiKey(pk=obj.pk, digest=obj.digest, is_active=False)  # a deleted row has no id
        obj.delete()
        forget_after_commit(gone)

    @override
    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> None:
        for key in queryset:
            self.delete_model(request, key)

    def has_rotate_permission(self, request: HttpRequest) -> bool:
        """Return whether the person may make a key and let another one expire."""
        return self.has_add_permission(request) and self.has_change_permission(request)

    @admin.action(
        description=_("Rotate…"),
        permissions=["rotate"],
        location=[ActionLocation.CHANGE_LIST, ActionLocation.CHANGE_FORM],
    )
    def rotate(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> HttpResponse | None:
        """Ask for the hours, then make a new key with the same settings and show it."""
        keys = list(queryset[:2])
        if len(keys) != 1:
            self.message_user(request, _("Choose one key."), messages.WARNING)
            return None
        form = RotateForm(request.POST if "hours" in request.POST else None)
        if not form.is_valid():
            return self._rotate_page(request, keys[0], form)
        try:
            new, text = key_rotate(keys[0], hours=form.cleaned_data["hours"])
        except DomainError as error:
            self.message_user(request, sentence(error), messages.WARNING)
            return None
        self.log_addition(request, new, [{"added": {}}])
        self.log_change(request, keys[0], [{"changed": {"fields": ["expires"]}}])
        new.text = text
        return self._issued_page(request, new)

    def _rotate_page(self, request: HttpRequest, key: ApiKey, form: RotateForm) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": _("Rotate %(key)s") % {"key": key},
            "opts": self.opts,
            "key": key,
            "form": form,
            "action_checkbox_name": ACTION_CHECKBOX_NAME,
        }
        return TemplateResponse(request, "admin/key_rotate.html", context)

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
