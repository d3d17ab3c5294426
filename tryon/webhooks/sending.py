"""Deliver what is due: claim one delivery of an endpoint, send it, and note what came of it.

A claim is a lease by the database's clock, so several workers share the work, and what a killed one held is
tried again when its lease has ended: at least once. A lease outlasts the time limit of an attempt.
"""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID, uuid4

import structlog
from django.db import transaction
from django.db.models import F, Q, QuerySet

from config.core import clock
from config.core.upkeep.counts import count
from tryon.engine import queue
from tryon.webhooks.models import (
    EventType,
    State,
    Trouble,
    WebhookAttempt,
    WebhookDelivery,
    WebhookEndpoint,
    WebhookEvent,
)
from tryon.webhooks.posting import Outcome, post
from tryon.webhooks.schedule import next_time, retry_after
from tryon.webhooks.selectors import Ending, name_of_count
from tryon.webhooks.signing import signed_headers

logger = structlog.stdlib.get_logger(__name__)

LEASE: Final = timedelta(seconds=60)
# Deliveries to one endpoint at a time, and to one whose last attempt has failed.
AT_ONCE: Final = 4
AT_ONCE_FAILING: Final = 1
BAD_DAYS: Final = 5
GONE: Final = 410
WISHING: Final = (429, 503)
# A pause of up to this long gets a timer of its own. The sweep finds the others.
TIMED: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Claimed:
    """A delivery that is ours to try, from ``at`` until its lease ends."""

    delivery: WebhookDelivery
    endpoint: WebhookEndpoint
    lease: UUID
    at: datetime

    @property
    def event(self) -> WebhookEvent:
        return self.delivery.event


def endpoints_due() -> list[tuple[UUID, bool]]:
    """Return the endpoints with a delivery to try now, and whether each is failing."""
    due = WebhookEndpoint.objects.filter(is_active=True, pk__in=_due(clock.now()).values("endpoint"))
    found = due.order_by("pk").values_list("pk", "failing_since")
    return [(endpoint_id, since is not None) for endpoint_id, since in found]


def call_worker_if_due() -> None:
    """Call a worker for deliveries that none was called for."""
    now = clock.now()
    if _due(now).filter(endpoint__is_active=True).exists():
        queue.enqueue_webhooks()


def claim(endpoint_id: UUID) -> Claimed | None:
    """Take the delivery of an endpoint that waits longest. None if none is due, or enough are under way.

    The endpoint's row is locked: two who count at the same time would both find room for one more.
    """
    now = clock.now()
    with transaction.atomic():
        active = WebhookEndpoint.objects.filter(pk=endpoint_id, is_active=True)
        endpoint = active.select_for_update(no_key=True).first()
        if endpoint is None:
            return None
        under_way = WebhookDelivery.objects.filter(
            endpoint=endpoint, next_at__isnull=False, lease_until__gt=now
        )
        most = AT_ONCE if endpoint.failing_since is None else AT_ONCE_FAILING
        if under_way.count() >= most:
            return None
        mine = _due(now).filter(endpoint=endpoint).select_related("event").order_by("next_at").first()
        if mine is None:
            return None
        lease = uuid4()
        WebhookDelivery.objects.filter(pk=mine.pk).update(lease=lease, lease_until=now + LEASE)
    return Claimed(mine, endpoint, lease, now)


def send(claimed: Claimed) -> Outcome:
    """Send a delivery. This is slow: hold no transaction and no connection to the database."""
    event, endpoint, at = claimed.event, claimed.endpoint, claimed.at
    body = body_of(event)
    return post(endpoint.url, body, signed_headers(event.pk, at, body, endpoint.secrets_at(at)))


def body_of(event: WebhookEvent) -> bytes:
    """Return the body of an event: below 20 kB, the same at each attempt."""
    body = {
        "type": event.kind,
        "timestamp": event.created_at.isoformat(),
        "livemode": not event.is_test,
        "data": event.data,
    }
    return json.dumps(body, separators=(",", ":")).encode()


def note(claimed: Claimed, outcome: Outcome) -> None:
    """Log an attempt, plan the next one or end the delivery, and keep the endpoint's health."""
    now, made = clock.now(), claimed.delivery.attempts + 1
    is_gone = outcome.status == GONE
    wish = retry_after(outcome.wish, now) if outcome.status in WISHING else None
    next_at = None if outcome.is_success or is_gone else next_time(made, now, wish=wish)
    with transaction.atomic():
        WebhookAttempt.objects.create(
            delivery=claimed.delivery,
            at=now,
            milliseconds=outcome.milliseconds,
            status=outcome.status,
            problem=outcome.problem or problem_of(outcome),
            answer=outcome.answer,
            next_at=next_at,
        )
        _move_on(claimed, outcome, made, next_at)
        if outcome.is_success:
            _note_success(claimed.endpoint)
        else:
            _note_failure(claimed.endpoint, now, is_gone=is_gone)
        if next_at is None:
            forget_shopper(claimed.event)
        elif next_at - now <= TIMED:
            queue.enqueue_webhooks(at=next_at)
    failure = Ending.RETRIED if next_at is not None else Ending.FAILED
    ending = Ending.DELIVERED if outcome.is_success else failure
    count({name_of_count(ending, is_test=claimed.endpoint.is_test): 1})


def problem_of(outcome: Outcome) -> str:
    """Return a word for an answer that is a failure, empty for a success."""
    if outcome.is_success:
        return ""
    return "redirect" if 300 <= (outcome.status or 0) < 400 else "status"


def _move_on(claimed: Claimed, outcome: Outcome, made: int, next_at: datetime | None) -> None:
    """Change the delivery. One that was taken from a slow sender moves on only if it is delivered."""
    rows = WebhookDelivery.objects.filter(pk=claimed.delivery.pk)
    if outcome.is_success:
        state = State.DELIVERED
    else:
        rows = rows.filter(lease=claimed.lease)
        state = State.FAILED if next_at is None else State.PENDING
    rows.update(state=state, attempts=made, next_at=next_at, lease=None, lease_until=None)


def _note_success(endpoint: WebhookEndpoint) -> None:
    if endpoint.failing_since is not None:
        failing = WebhookEndpoint.objects.filter(pk=endpoint.pk)
        failing.update(failing_since=None, bad_days=0, bad_day=None)


def _note_failure(endpoint: WebhookEndpoint, now: datetime, *, is_gone: bool) -> None:
    rows = WebhookEndpoint.objects.filter(pk=endpoint.pk)
    rows.filter(failing_since=None).update(failing_since=now)
    rows.exclude(bad_day=now.date()).update(bad_day=now.date(), bad_days=F("bad_days") + 1)
    if is_gone:
        _disable(endpoint, Trouble.GONE, now)
        return
    since = now - timedelta(days=BAD_DAYS)
    if rows.filter(bad_days__gte=BAD_DAYS, failing_since__lte=since).exists():
        _disable(endpoint, Trouble.FAILING, now)


def _disable(endpoint: WebhookEndpoint, trouble: Trouble, now: datetime) -> None:
    rows = WebhookEndpoint.objects.filter(pk=endpoint.pk, is_active=True)
    if rows.update(is_active=False, trouble=trouble, disabled_at=now):
        logger.warning("webhook_endpoint_disabled", endpoint=str(endpoint.pk), trouble=trouble.value)


def forget_shopper(event: WebhookEvent) -> None:
    """Take the word for an erased shopper out of an event, once no delivery of it waits."""
    waiting = WebhookDelivery.objects.filter(event=event.pk, next_at__isnull=False)
    if event.kind == EventType.SHOPPER_ERASED and not waiting.exists():
        data = {name: value for name, value in event.data.items() if name != "shopperRef"}
        WebhookEvent.objects.filter(pk=event.pk).update(data=data)


def _due(now: datetime) -> QuerySet[WebhookDelivery]:
    """Return the deliveries that are due and that nobody holds."""
    free = Q(lease=None) | Q(lease_until__lte=now)
    return WebhookDelivery.objects.filter(free, next_at__lte=now)
