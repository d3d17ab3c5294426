"""Endpoints, deliveries and events for those who ask about them."""

from collections import Counter
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from django.db.models import OuterRef, QuerySet, Subquery

from config.core import clock
from config.core.rows import first_or
from config.core.upkeep.counts import counted
from config.shops.callers import Caller, NotAllowed
from config.shops.models import Shop
from tryon.accounts import counted_as
from tryon.models import Account
from tryon.selectors.jobs import remembered_count
from tryon.webhooks.errors import WebhookDeliveryNotFound, WebhookEndpointNotFound
from tryon.webhooks.models import WebhookDelivery, WebhookEndpoint


class Health(StrEnum):
    """The state of an active endpoint: the last attempt to deliver to it was a success, or a failure."""

    WELL = "well"
    FAILING = "failing"


class Ending(StrEnum):
    """The outcome of an attempt: delivered, a failure with another attempt to come, or the last one."""

    DELIVERED = "delivered"
    RETRIED = "retried"
    FAILED = "failed"


class Backlog(NamedTuple):
    """The number of pending deliveries, and the seconds that the one due longest has waited to be tried.

    What waits for an endpoint that is being sent to waits for the shop's own server, and is not late.
    """

    deliveries: int
    late_seconds: float


def require_server(caller: Caller) -> None:
    """Refuse all but a shop's own server: its secret key, for no shopper. Raise NotAllowed."""
    if not caller.is_shop or caller.is_publishable or caller.is_visitor:
        raise NotAllowed


def shop_of(caller: Caller) -> Shop:
    """Return the shop whose server asks. Raise NotAllowed, also for a key that has no shop yet."""
    require_server(caller)
    return first_or(NotAllowed, Shop.objects.filter(keys=caller.key_id))


def endpoints_of(caller: Caller) -> QuerySet[WebhookEndpoint]:
    """Return the endpoints of the caller's shop: those of its live keys, or those of its test keys.

    Raise NotAllowed.
    """
    require_server(caller)
    return WebhookEndpoint.objects.filter(owner=caller.shop)


def endpoint_for(caller: Caller, endpoint_id: UUID) -> WebhookEndpoint:
    """Return one endpoint of the caller's shop. Raise NotAllowed and WebhookEndpointNotFound."""
    return first_or(WebhookEndpointNotFound, endpoints_of(caller).filter(pk=endpoint_id))


def deliveries_of(endpoint: WebhookEndpoint) -> QuerySet[WebhookDelivery]:
    """Return the deliveries to an endpoint, the newest first. The id of an event names one."""
    rows = WebhookDelivery.objects.filter(endpoint=endpoint)
    return rows.select_related("event").order_by("-created_at", "event")


def delivery_for(endpoint: WebhookEndpoint, event_id: UUID) -> WebhookDelivery:
    """Return the delivery of an event to an endpoint. Raise WebhookDeliveryNotFound."""
    delivery = deliveries_of(endpoint).filter(event=event_id).first()
    if delivery is None:
        raise WebhookDeliveryNotFound
    return delivery


def endpoints_disabled() -> QuerySet[WebhookEndpoint]:
    """Return the endpoints that the service has disabled and nobody has looked after since."""
    return WebhookEndpoint.objects.exclude(trouble="").filter(is_active=False).select_related("shop")


def backlogs(*, is_test: bool) -> dict[Health, Backlog]:
    """Return what waits for the active endpoints. What waits for an inactive one is not tried."""
    waiting = WebhookDelivery.objects.filter(next_at__isnull=False)
    first = waiting.filter(endpoint=OuterRef("pk")).order_by("next_at")
    active = WebhookEndpoint.objects.filter(is_active=True, is_test=is_test).order_by()
    rows = active.annotate(
        first=Subquery(first.values("next_at")[:1]), held_until=Subquery(first.values("lease_until")[:1])
    )
    found: dict[Health, dict[UUID, datetime]] = {health: {} for health in Health}
    now = clock.now()
    for pk, since, at, held_until in rows.values_list("pk", "failing_since", "first", "held_until"):
        if at is not None:
            is_held = held_until is not None and held_until > now
            found[Health.WELL if since is None else Health.FAILING][pk] = now if is_held else at
    return {
        health: Backlog(
            remembered_count(f"webhooks:{health}:{is_test}", waiting.filter(endpoint__in=firsts)),
            max(0.0, (now - min(firsts.values())).total_seconds()) if firsts else 0.0,
        )
        for health, firsts in found.items()
    }


def disabled_count(*, is_test: bool | None = None) -> dict[str, int]:
    """Return the number of disabled endpoints by reason, of all shops."""
    rows = endpoints_disabled().order_by()
    if is_test is not None:
        rows = rows.filter(is_test=is_test)
    return Counter(rows.values_list("trouble", flat=True))


def name_of_count(outcome: Ending, *, is_test: bool) -> str:
    """Return the name of the daily count of attempts with an outcome."""
    return counted_as(Account.TEST if is_test else Account.LIVE, f"webhook attempts {outcome}")


def attempts_made(*, is_test: bool) -> dict[Ending, int]:
    """Return the number of attempts by outcome, since the first day."""
    names = {outcome: name_of_count(outcome, is_test=is_test) for outcome in Ending}
    numbers = counted(*names.values())
    return {outcome: numbers[name] for outcome, name in names.items()}
