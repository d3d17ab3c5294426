"""Views of the deliveries to a shop's webhook endpoints, for its server."""

from datetime import datetime
from typing import Annotated, Any, Final, TypedDict
from uuid import UUID

from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request
from rest_framework.views import APIView

from config.core.http.envelope import Answer, Page
from config.core.http.operation import operation
from config.core.http.pagination import ListQuery, paginate
from config.core.http.strict import Choice
from config.shops.callers import caller_of
from tryon.api.webhook_endpoints import TAG
from tryon.webhooks.models import EventType, State, WebhookDelivery
from tryon.webhooks.selectors import deliveries_of, delivery_for, endpoint_for
from tryon.webhooks.services import ping, redeliver

MOST_ATTEMPTS: Final = 50
# A worker sends at once, if it is not busy.
SENT_SECONDS: Final = 5


class DeliveriesQuery(ListQuery):
    """The query of the list of deliveries."""

    state = Choice(choices=State.choices, required=False)


class WebhookDeliveryAnswer(TypedDict):
    """An event on its way to an endpoint."""

    id: Annotated[UUID, _("The id of the event. The header webhook-id is msg_ and this id without hyphens.")]
    event: Annotated[str, EventType]
    state: Annotated[str, State]
    attempts: Annotated[int, _("Attempts since the event, or since it was last sent again.")]
    nextAt: Annotated[datetime | None, _("The time of the next attempt, null when none follows.")]
    createdAt: datetime


class WebhookAttemptAnswer(TypedDict):
    """One try to deliver."""

    at: datetime
    status: Annotated[int | None, _("The HTTP status of your answer, null without one.")]
    problem: Annotated[str, _("A word for what went wrong, empty for a success.")]
    answer: Annotated[str, _("The first 2 kB of your answer.")]
    milliseconds: int
    nextAt: datetime | None


class WebhookDeliveryWithLogAnswer(WebhookDeliveryAnswer):
    """A delivery with its attempts."""

    log: Annotated[list[WebhookAttemptAnswer], _("The newest first, at most 50.")]


class WebhookDeliveriesView(APIView):
    """The deliveries to an endpoint of the shop whose secret key asks."""

    @operation("listWebhookDeliveries", query=DeliveriesQuery, tag=TAG)
    def get(self, request: Request, endpoint_id: UUID, query: dict[str, Any]) -> Page[WebhookDeliveryAnswer]:
        deliveries = deliveries_of(endpoint_for(caller_of(request), endpoint_id))
        if state := query.get("state"):
            deliveries = deliveries.filter(state=state)
        rows, meta = paginate(deliveries, request, query, key="event_id")
        return Page([delivery_answer(row) for row in rows], meta)


class WebhookDeliveryView(APIView):
    """One delivery, with its attempts."""

    @operation("getWebhookDelivery", tag=TAG)
    def get(self, request: Request, endpoint_id: UUID, event_id: UUID) -> WebhookDeliveryWithLogAnswer:
        delivery = delivery_for(endpoint_for(caller_of(request), endpoint_id), event_id)
        log: list[WebhookAttemptAnswer] = [
            {
                "at": one.at,
                "status": one.status,
                "problem": one.problem,
                "answer": one.answer,
                "milliseconds": one.milliseconds,
                "nextAt": one.next_at,
            }
            for one in delivery.log.order_by("-pk")[:MOST_ATTEMPTS]
        ]
        return {**delivery_answer(delivery), "log": log}


class WebhookRedeliveryView(APIView):
    """Another start for one delivery."""

    @operation("retryWebhookDelivery", status=202, tag=TAG)
    def post(self, request: Request, endpoint_id: UUID, event_id: UUID) -> Answer[WebhookDeliveryAnswer]:
        """Have a delivery tried again, with as many attempts as a new one. One under way is left alone."""
        endpoint = endpoint_for(caller_of(request), endpoint_id)
        delivery = delivery_for(endpoint, event_id)
        redeliver(WebhookDelivery.objects.filter(pk=delivery.pk))
        return under_way(delivery_for(endpoint, event_id))


class WebhookTestView(APIView):
    """A test of one endpoint."""

    @operation("createWebhookTest", status=202, tag=TAG)
    def post(self, request: Request, endpoint_id: UUID) -> Answer[WebhookDeliveryAnswer]:
        """Have the event ping sent. An inactive endpoint gets it once it is active again."""
        endpoint = endpoint_for(caller_of(request), endpoint_id)
        return under_way(delivery_for(endpoint, ping(endpoint).pk))


def delivery_answer(delivery: WebhookDelivery) -> WebhookDeliveryAnswer:
    """Return a delivery as the API shows it."""
    return {
        "id": delivery.event_id,
        "event": delivery.event.kind,
        "state": delivery.state,
        "attempts": delivery.attempts,
        "nextAt": delivery.next_at,
        "createdAt": delivery.created_at,
    }


def under_way(delivery: WebhookDelivery) -> Answer[WebhookDeliveryAnswer]:
    """Return the answer to an order to send."""
    return Answer(delivery_answer(delivery), 202, SENT_SECONDS)
