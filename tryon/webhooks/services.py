"""Changes of endpoints, tests, and deliveries again: for the API and for people."""

import ipaddress
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet

from config.core import clock
from config.core.http.idempotency.once import forget_request
from config.core.outgoing.guard import DEFAULT_PORTS, AddressRefused, is_public, web_address
from config.shops.models import Shop
from tryon.engine import queue
from tryon.webhooks.errors import TooManyWebhookEndpoints, WebhookUrlNotAllowed
from tryon.webhooks.models import EventType, State, WebhookDelivery, WebhookEndpoint, WebhookEvent
from tryon.webhooks.sending import forget_shopper
from tryon.webhooks.signing import new_secret
from tryon.webhooks.telling import send_to

MOST_ENDPOINTS: Final = 10
# The old secret signs beside the new one for so long.
OVERLAP: Final = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Wish:
    """The fields of an endpoint that a shop may change. None leaves one as it is."""

    url: str | None = None
    description: str | None = None
    events: Sequence[str] | None = None
    is_active: bool | None = None


def check_url(url: str) -> None:
    """Refuse an address that no delivery would go to. No name is looked up. Raise WebhookUrlNotAllowed."""
    try:
        parts = web_address(url)
    except AddressRefused:
        raise WebhookUrlNotAllowed from None
    host, scheme = str(parts.host), str(parts.scheme)
    if f"{host}:{parts.port or DEFAULT_PORTS[scheme]}" in settings.WEBHOOK_HOSTS:
        return
    with suppress(ValueError):  # of a name
        ipaddress.ip_address(host.strip("[]"))
        if not is_public(host.strip("[]")):
            raise WebhookUrlNotAllowed
    if scheme != "https" or parts.fragment is not None or host == "localhost":
        raise WebhookUrlNotAllowed


def endpoint_create(
    shop: Shop, wish: Wish, *, is_test: bool, endpoint_id: UUID | None = None
) -> WebhookEndpoint:
    """Add an endpoint to a shop. Its secret is shown in this answer, and in no other.

    ``endpoint_id`` is the same for each attempt at one request: a later one finds the row of one that was
    cut off. Raise WebhookUrlNotAllowed and TooManyWebhookEndpoints.
    """
    check_url(wish.url or "")
    with transaction.atomic():
        Shop.objects.select_for_update(no_key=True).filter(pk=shop.pk).exists()  # two at a time count apart
        row = WebhookEndpoint(shop=shop, is_test=is_test, secret=new_secret(), url=wish.url or "")
        row.own()
        if endpoint_id is not None:
            row.pk = endpoint_id
            known = WebhookEndpoint.objects.filter(pk=endpoint_id, owner=row.owner).first()
            if known is not None:
                return known
        if WebhookEndpoint.objects.filter(owner=row.owner).count() >= MOST_ENDPOINTS:
            raise TooManyWebhookEndpoints(details={"limit": MOST_ENDPOINTS})
        _apply(row, wish)
        row.save(force_insert=True)
    return row


def endpoint_update(endpoint: WebhookEndpoint, wish: Wish, *, rotates: bool = False) -> WebhookEndpoint:
    """Change an endpoint, and give it a new secret if it ``rotates``. Raise WebhookUrlNotAllowed."""
    if wish.url is not None:
        check_url(wish.url)
    with transaction.atomic():
        row = WebhookEndpoint.objects.select_for_update().get(pk=endpoint.pk)
        was_active = row.is_active
        _apply(row, wish)
        if rotates:
            row.old_secret, row.old_secret_until = row.secret, clock.now() + OVERLAP
            row.secret = new_secret()
        row.save()
        if row.is_active and not was_active:
            queue.enqueue_webhooks()  # what has waited
    return row


def _apply(row: WebhookEndpoint, wish: Wish) -> None:
    if wish.url is not None:
        row.url = wish.url
    if wish.description is not None:
        row.description = wish.description
    if wish.events is not None:
        row.events = list(dict.fromkeys(wish.events))
    if wish.is_active is not None:
        set_active(row, wish.is_active)


def set_active(row: WebhookEndpoint, is_active: bool) -> None:
    """Switch an endpoint on or off: somebody has looked after it. One that is switched on begins afresh."""
    row.trouble, row.disabled_at = "", None
    if is_active and not row.is_active:
        row.failing_since, row.bad_days, row.bad_day = None, 0, None
    row.is_active = is_active


def endpoint_delete(endpoint: WebhookEndpoint) -> None:
    """Remove an endpoint, its log and the kept answer with its secret. What waits is not delivered.

    An erased shopper of whom it alone was still to be told is forgotten.
    """
    waiting = WebhookDelivery.objects.filter(endpoint=endpoint, next_at__isnull=False)
    with transaction.atomic():
        forget_request(endpoint.pk)
        erasures = list(
            WebhookEvent.objects.filter(kind=EventType.SHOPPER_ERASED, pk__in=waiting.values("event"))
        )
        endpoint.delete()
        for event in erasures:
            forget_shopper(event)


def ping(endpoint: WebhookEndpoint) -> WebhookEvent:
    """Have a worker send a test to an endpoint."""
    event = WebhookEvent(
        kind=EventType.PING,
        owner=endpoint.owner,
        is_test=endpoint.is_test,
        data={"endpointId": str(endpoint.pk)},
    )
    with transaction.atomic():
        send_to([(event, [endpoint])])
    return event


def redeliver(deliveries: QuerySet[WebhookDelivery]) -> int:
    """Have these deliveries tried again, with as many attempts as new ones. Return their number.

    One that somebody is sending now is left alone.
    """
    now = clock.now()
    free = Q(lease=None) | Q(lease_until__lte=now)
    with transaction.atomic():
        number = deliveries.filter(free).update(state=State.PENDING, attempts=0, next_at=now)
        if number:
            queue.enqueue_webhooks()
    return number


def redeliver_span(endpoint: WebhookEndpoint, since: datetime, until: datetime, *, failed_only: bool) -> int:
    """Have the deliveries of a span of time tried again: all, or those that failed. Return their number."""
    span = WebhookDelivery.objects.filter(endpoint=endpoint, created_at__gte=since, created_at__lte=until)
    return redeliver(span.filter(state=State.FAILED) if failed_only else span)
