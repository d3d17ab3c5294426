"""The admin page of the audit log."""

from collections.abc import Iterator
from typing import Any, Final, override

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import Truncator, capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from config.core.admin.base import ReadOnlyAdmin
from config.core.admin.widgets import moment
from config.people.models import ACTIONS, AuditEntry, Decision

MOST_PEOPLE: Final = 100  # in the filter; the search finds the others
SHORT: Final = 60  # characters of a value in the list

admin.site.unregister(AuditEntry)  # the library's own page


def narrowed(rows: QuerySet[Any], **lookup: Any) -> QuerySet[Any]:
    """Return the rows with one value of a field, or all without a value. An address can name any."""
    if None in lookup.values():
        return rows
    try:
        return rows.filter(**lookup)
    except ValueError as error:
        raise IncorrectLookupParameters from error


class PersonFilter(admin.SimpleListFilter):
    """By the person."""

    title = _("person")
    parameter_name = "actor"

    @override
    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        people = User.objects.filter(is_staff=True).order_by("username")[:MOST_PEOPLE]
        return [(str(person.pk), person.get_username()) for person in people]

    @override
    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return narrowed(queryset, actor=self.value())


class KindFilter(admin.SimpleListFilter):
    """By the kind of row. It offers the kinds that the log has."""

    title = _("kind")
    parameter_name = "kind"

    @override
    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        entries = AuditEntry.objects.filter(content_type=OuterRef("pk"))
        kinds = ContentType.objects.filter(Exists(entries)).order_by("app_label", "model")
        return [(str(kind.pk), kind_words(kind)) for kind in kinds]

    @override
    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return narrowed(queryset, content_type=self.value())


class ActionFilter(admin.SimpleListFilter):
    """By what was done: a change of a row, or a decision."""

    title = _("action")
    parameter_name = "done"

    @override
    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        others = [choice for choice in Decision.choices if choice[0] != Decision.DELETE]
        return [*((str(action), words) for action, words in ACTIONS.items()), *others]

    @override
    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        value = self.value()
        if value in Decision.values:
            return queryset.filter(decision=value)
        if value == str(AuditEntry.Action.DELETE):
            return queryset.filter(Q(action=value) | Q(decision=Decision.DELETE))
        return narrowed(queryset.filter(decision=""), action=value) if value else queryset


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin[Any]):
    """The log of people's changes and decisions, newest first. Nobody changes it."""

    list_display = ["at", "who", "done", "kind", "object_repr", "short_details"]
    list_select_related = ["actor", "content_type"]
    list_filter = [PersonFilter, KindFilter, ActionFilter, "timestamp"]
    search_fields = ["object_repr", "=object_pk", "=actor__username"]
    search_help_text = _("Search by name or id of a row, or by the name of a person.")
    fields = ["at", "who", "done", "kind", "row", "details", "cid"]

    @override
    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @override
    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return super().changelist_view(request, {"title": _("Audit log"), **(extra_context or {})})

    @admin.display(description=_("time"), ordering="timestamp")
    def at(self, entry: Any) -> str:
        return moment(entry.timestamp)

    @admin.display(description=_("person"))
    def who(self, entry: Any) -> str:
        return entry.actor.get_username() if entry.actor else gettext("A person who is gone")

    @admin.display(description=_("action"))
    def done(self, entry: Any) -> str:
        return str(entry.done)

    @admin.display(description=_("kind"))
    def kind(self, entry: Any) -> str:
        return kind_words(entry.content_type)

    @admin.display(description=_("name"))
    def row(self, entry: Any) -> SafeString | str:
        model = entry.content_type.model_class()
        has_rows = model is not None and model._meta.managed  # RQ's queues are in Redis
        if not has_rows or not model._default_manager.filter(pk=entry.object_pk).exists():
            return entry.object_repr or "-"
        page = f"admin:{entry.content_type.app_label}_{entry.content_type.model}_change"
        try:
            return format_html(
                '<a href="{}">{}</a>', reverse(page, args=[entry.object_pk]), entry.object_repr
            )
        except NoReverseMatch:
            return str(entry.object_repr)

    @admin.display(description=_("details"))
    def short_details(self, entry: Any) -> str:
        return Truncator("; ".join(lines_of(entry))).chars(2 * SHORT)

    @admin.display(description=_("details"))
    def details(self, entry: Any) -> SafeString | str:
        return format_html_join("", "<div>{}</div>", ([line] for line in lines_of(entry))) or "-"


def kind_words(kind: ContentType) -> str:
    """Return the name of a kind of rows, in the language of the reader."""
    model = kind.model_class()
    return str(capfirst(model._meta.verbose_name)) if model else kind.model


def lines_of(entry: Any) -> Iterator[str]:
    """Yield one line for each changed field and each fact of an entry."""
    model = entry.content_type.model_class()
    for name, change in sorted((entry.changes or {}).items()):  # PostgreSQL keeps no order of keys
        field = field_named(model, name)
        label = str(getattr(field, "verbose_name", name))
        if isinstance(change, dict):
            sign = "+" if change["operation"] == "add" else "−"  # noqa: RUF001  (the minus sign is meant)
            yield f"{label} {sign} {', '.join(change['objects'])}"
        elif entry.action == AuditEntry.Action.UPDATE:
            yield f"{label}: {value_words(field, change[0])} → {value_words(field, change[1])}"
        else:
            yield f"{label}: {value_words(field, change[entry.action == AuditEntry.Action.CREATE])}"
    for name, fact in sorted((entry.additional_data or {}).items()):
        yield f"{name}: {fact}"


def field_named(model: type[models.Model] | None, name: str) -> Any:
    """Return a model's field, or None for one of an earlier release."""
    try:
        return model and model._meta.get_field(name)
    except FieldDoesNotExist:
        return None


def value_words(field: Any, value: Any) -> str:
    """Return a value of a field as people read it."""
    if value in (None, "", "None", [], {}):
        return "-"
    if isinstance(value, list | dict):
        return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    if isinstance(value, bool):
        return gettext("Yes") if value else gettext("No")
    return str(dict(getattr(field, "flatchoices", ())).get(value, value))
