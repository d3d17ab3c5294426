"""Endpoints and the log of deliveries in the admin. A secret is shown once, when it is new."""

from typing import Any, ClassVar, Final, override

from django import forms
from django.contrib import admin, messages
from django.contrib.admin import ActionLocation
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from config.core.admin.base import DeletesOneByOne, ReadOnlyAdmin, StudioAdmin
from config.core.admin.runbook import runbook_link
from config.core.admin.widgets import badge, link_to, link_to_list, moment
from config.core.search import as_uuid
from tryon.webhooks.errors import WebhookUrlNotAllowed
from tryon.webhooks.models import CHOSEN, WebhookDelivery, WebhookEndpoint
from tryon.webhooks.sending import body_of
from tryon.webhooks.services import (
    Wish,
    check_url,
    endpoint_create,
    endpoint_delete,
    endpoint_update,
    ping,
    redeliver,
    redeliver_span,
)

EVERYWHERE: Final = [ActionLocation.CHANGE_LIST, ActionLocation.CHANGE_FORM]
FIXED: Final = ("shop", "is_test")
MINUTE: Final = "%Y-%m-%dT%H:%M"  # as browsers send it
AT: Final = forms.DateTimeInput({"type": "datetime-local"}, format=MINUTE)


class EndpointForm(forms.ModelForm):  # type: ignore[type-arg]  # at run time it takes none
    """The form of an endpoint."""

    events = forms.MultipleChoiceField(
        label=_("events"),
        required=False,
        choices=CHOSEN,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None chosen: it is told of all."),
    )

    class Meta:
        model = WebhookEndpoint
        fields: ClassVar = ["shop", "is_test", "url", "description", "events", "is_active"]
        widgets: ClassVar = {name: forms.TextInput({"size": 80}) for name in ("url", "description")}

    def clean_url(self) -> str:
        url: str = self.cleaned_data["url"]
        try:
            check_url(url)
        except WebhookUrlNotAllowed as error:
            raise forms.ValidationError(error.message) from error
        return url


class SpanForm(forms.Form):
    """A span of time, and the deliveries in it."""

    since = forms.DateTimeField(label=_("From"), widget=AT, input_formats=[MINUTE])
    until = forms.DateTimeField(label=_("Until"), widget=AT, input_formats=[MINUTE])
    failed_only = forms.BooleanField(label=_("Only those that failed"), required=False, initial=True)


@admin.register(WebhookEndpoint)
class WebhookEndpointAdmin(DeletesOneByOne, StudioAdmin[WebhookEndpoint]):
    """Add, change, test and switch off endpoints."""

    form = EndpointForm
    list_display = ["__str__", "shop", "is_test", "health", "chosen", "created_at"]
    list_select_related = ["shop"]
    list_filter = ["is_active", "is_test"]
    link_lookups = ["shop"]
    search_fields = ["url", "description", "shop__name"]
    readonly_fields = ["id", "health", "deliveries_link", "old_secret_until", "created_at"]
    actions = ["send_test", "rotate_secret", "deliver_again"]

    @override
    def get_fields(self, request: HttpRequest, obj: WebhookEndpoint | None = None) -> list[Any]:
        return (
            [*EndpointForm.Meta.fields] if obj is None else [*EndpointForm.Meta.fields, *self.readonly_fields]
        )

    @override
    def get_readonly_fields(self, request: HttpRequest, obj: WebhookEndpoint | None = None) -> Any:
        return self.readonly_fields if obj is None else [*FIXED, *self.readonly_fields]

    @override
    def save_model(self, request: HttpRequest, obj: WebhookEndpoint, form: Any, change: Any) -> None:
        wanted = form.cleaned_data
        wish = Wish(**{name: wanted[name] for name in ("url", "description", "events", "is_active")})
        if change:
            endpoint_update(obj, wish)
            return
        made = endpoint_create(wanted["shop"], wish, is_test=wanted["is_test"])
        obj.pk = made.pk
        obj.refresh_from_db()

    @override
    def response_add(
        self, request: HttpRequest, obj: WebhookEndpoint, post_url_continue: str | None = None
    ) -> HttpResponse:
        return self._secret_page(request, obj)

    @override
    def delete_model(self, request: HttpRequest, obj: WebhookEndpoint) -> None:
        endpoint_delete(obj)

    @override
    def get_deleted_objects(
        self, objs: Any, request: HttpRequest
    ) -> tuple[list[Any], dict[Any, Any], set[Any], list[Any]]:
        """Name the endpoint alone: the database removes its log, which may be long."""
        return [str(one) for one in objs], {}, set(), []

    def _secret_page(self, request: HttpRequest, endpoint: WebhookEndpoint) -> HttpResponse:
        """Show the secret in this answer. In a message it would travel in a cookie."""
        context = {
            **self.admin_site.each_context(request),
            "title": _("Secret of the webhook endpoint"),
            "opts": self.opts,
            "endpoint": endpoint,
        }
        return TemplateResponse(request, "admin/webhooks/secret.html", context)

    @admin.action(description=_("Send a test"), permissions=["change"], location=EVERYWHERE)
    def send_test(self, request: HttpRequest, queryset: QuerySet[WebhookEndpoint]) -> None:
        endpoints = list(queryset.filter(is_active=True))
        for endpoint in endpoints:
            ping(endpoint)
        if not endpoints:
            self.message_user(request, _("Only an active endpoint gets a test."), messages.WARNING)
            return
        text = ngettext("A worker sends %(count)d test.", "A worker sends %(count)d tests.", len(endpoints))
        found = link_to_list("webhooks_webhookdelivery", _("Deliveries"))
        said = format_html("{} {}", text % {"count": len(endpoints)}, found)
        self.message_user(request, said, messages.SUCCESS)

    @admin.action(description=_("Rotate the secret"), permissions=["change"], location=EVERYWHERE)
    def rotate_secret(self, request: HttpRequest, queryset: QuerySet[WebhookEndpoint]) -> HttpResponse | None:
        """Make a new secret, and show it. The old one signs beside it for a day."""
        endpoint = self._one(request, queryset)
        if endpoint is None:
            return None
        changed = endpoint_update(endpoint, Wish(), rotates=True)
        self.log_change(request, changed, [{"changed": {"fields": ["secret"]}}])
        return self._secret_page(request, changed)

    @admin.action(description=_("Deliver again…"), permissions=["change"], location=EVERYWHERE)
    def deliver_again(self, request: HttpRequest, queryset: QuerySet[WebhookEndpoint]) -> HttpResponse | None:
        """Ask for a span of time, then have its deliveries tried again."""
        endpoint = self._one(request, queryset)
        if endpoint is None:
            return None
        form = SpanForm(request.POST if "since" in request.POST else None)
        if not form.is_valid():
            context = {
                **self.admin_site.each_context(request),
                "title": _("Deliver again: %(endpoint)s") % {"endpoint": endpoint},
                "opts": self.opts,
                "endpoint": endpoint,
                "form": form,
                "action_checkbox_name": ACTION_CHECKBOX_NAME,
            }
            return TemplateResponse(request, "admin/webhooks/span.html", context)
        number = redeliver_span(endpoint, **form.cleaned_data)
        self.message_user(request, again(number), messages.SUCCESS)
        return None

    def _one(self, request: HttpRequest, queryset: QuerySet[WebhookEndpoint]) -> WebhookEndpoint | None:
        found = list(queryset[:2])
        if len(found) == 1:
            return found[0]
        self.message_user(request, _("Choose one endpoint."), messages.WARNING)
        return None

    @admin.display(description=_("state"))
    def health(self, endpoint: WebhookEndpoint) -> SafeString:
        if endpoint.is_active:
            is_well = endpoint.failing_since is None
            return badge("completed", str(_("Active"))) if is_well else badge("queued", str(_("Failing")))
        if not endpoint.trouble:
            return badge("canceled", str(_("Off")))
        why = badge("failed", endpoint.get_trouble_display())
        return format_html(
            '{} <a href="{}">{}</a>', why, runbook_link("webhook_endpoint_disabled"), _("Runbook")
        )

    @admin.display(description=_("events"))
    def chosen(self, endpoint: WebhookEndpoint) -> Any:
        return ", ".join(endpoint.events) or _("all")

    @admin.display(description=_("deliveries"))
    def deliveries_link(self, endpoint: WebhookEndpoint) -> SafeString:
        return link_to_list("webhooks_webhookdelivery", _("Show them"), endpoint=endpoint.pk)


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(ReadOnlyAdmin[WebhookDelivery]):
    """The deliveries, each with its attempts and their answers."""

    list_display = ["kind", "to", "shop", "state_badge", "attempts", "next_at", "created"]
    list_select_related = ["event", "endpoint__shop"]
    list_filter = ["state", "event__kind", "created_at"]
    link_lookups = ["endpoint"]
    search_fields = ["event"]
    search_help_text = _("Id of an event, such as msg_… of the header webhook-id.")
    fields = ["kind", "message", "to", "shop", "state_badge", "attempts", "next_at", "created", "body", "log"]
    actions = ["deliver_again"]

    @override
    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[WebhookDelivery], search_term: str
    ) -> tuple[QuerySet[WebhookDelivery], bool]:
        """Look an event up through its index."""
        if not search_term:
            return queryset, False
        event_id = as_uuid(search_term.strip().removeprefix("msg_"))
        return queryset.none() if event_id is None else queryset.filter(event=event_id), False

    @override
    def has_delete_permission(self, request: HttpRequest, obj: WebhookDelivery | None = None) -> bool:
        return False

    def has_redeliver_permission(self, request: HttpRequest) -> bool:
        """Return whether the person may have deliveries tried again."""
        return bool(request.user.has_perm("webhooks.change_webhookdelivery"))

    @admin.action(description=_("Deliver again"), permissions=["redeliver"], location=EVERYWHERE)
    def deliver_again(self, request: HttpRequest, queryset: QuerySet[WebhookDelivery]) -> None:
        chosen = WebhookDelivery.objects.filter(pk__in=queryset.order_by().values("pk"))
        self.message_user(request, again(redeliver(chosen)), messages.SUCCESS)

    @admin.display(description=_("event"))
    def kind(self, delivery: WebhookDelivery) -> str:
        return delivery.event.get_kind_display()

    @admin.display(description=_("webhook-id"))
    def message(self, delivery: WebhookDelivery) -> str:
        return f"msg_{delivery.event_id.hex}"

    @admin.display(description=_("endpoint"))
    def to(self, delivery: WebhookDelivery) -> SafeString:
        return link_to("webhooks_webhookendpoint", delivery.endpoint_id, delivery.endpoint)

    @admin.display(description=_("shop"))
    def shop(self, delivery: WebhookDelivery) -> str:
        return str(delivery.endpoint.shop)

    @admin.display(description=_("state"), ordering="state")
    def state_badge(self, delivery: WebhookDelivery) -> SafeString:
        colour = {"pending": "queued", "delivered": "completed"}.get(delivery.state, delivery.state)
        return badge(colour, delivery.get_state_display())

    @admin.display(description=_("created"))
    def created(self, delivery: WebhookDelivery) -> str:
        return moment(delivery.created_at)

    @admin.display(description=_("body"))
    def body(self, delivery: WebhookDelivery) -> SafeString:
        return format_html("<pre>{}</pre>", body_of(delivery.event).decode())

    @admin.display(description=_("attempts made"))
    def log(self, delivery: WebhookDelivery) -> SafeString:
        lines = (
            (
                moment(one.at),
                one.status or "-",
                one.problem or "-",
                one.milliseconds,
                moment(one.next_at) if one.next_at else "-",
                one.answer,
            )
            for one in delivery.log.all()
        )
        rows = format_html_join("", "<tr><td>{}<td>{}<td>{}<td>{}<td>{}<td><pre>{}</pre></tr>", lines)
        if not rows:
            return SafeString("-")
        heads = (_("at"), _("status"), _("problem"), _("milliseconds"), _("next attempt"), _("answer"))
        head = format_html_join("", "<th>{}</th>", ((one,) for one in heads))
        return format_html("<table><thead><tr>{}</tr></thead><tbody>{}</tbody></table>", head, rows)


def again(number: int) -> str:
    """Return the words for deliveries that are tried again."""
    text = ngettext("%(count)d delivery is tried again.", "%(count)d deliveries are tried again.", number)
    return text % {"count": number}
