"""Views of a shop's webhook endpoints, for its server."""

from datetime import datetime
from typing import Annotated, Any, Final, NotRequired, TypedDict, cast
from uuid import UUID

from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request
from rest_framework.views import APIView

from config.core.http.envelope import Page
from config.core.http.idempotency.api import row_id_of
from config.core.http.operation import operation
from config.core.http.pagination import ListQuery, paginate
from config.core.http.strict import Choice, Few, Flag, StrictSerializer, Text, validated
from config.shops.callers import caller_of
from tryon.webhooks.models import CHOSEN, EventType, Trouble, WebhookEndpoint
from tryon.webhooks.selectors import endpoint_for, endpoints_of, shop_of
from tryon.webhooks.services import Wish, endpoint_create, endpoint_delete, endpoint_update

TAG: Final = "webhook-endpoints"
SECRET = _("It begins with whsec_. Keep it: it is in this answer only.")
EVENTS = _("The events that it is told of. None stands for all of them.")
CHANGES: Final = {
    "url": "url",
    "description": "description",
    "events": "events",
    "isActive": "is_active",
}


class _Fields(StrictSerializer):
    """The fields of an endpoint."""

    description = Text(max_length=200, required=False, allow_blank=True)
    events = Few(child=Choice(choices=CHOSEN), max_length=len(CHOSEN), required=False, help_text=EVENTS)
    isActive = Flag(required=False)


class CreateWebhookEndpointSerializer(_Fields):
    """``POST /webhook-endpoints``."""

    url = Text(max_length=1000)


class ChangeWebhookEndpointSerializer(_Fields):
    """``PATCH /webhook-endpoints/{id}``. What is left out stays as it is."""

    url = Text(max_length=1000, required=False)
    rotateSecret = Flag(
        required=False,
        help_text=_("Make a new secret. The old one signs beside it for 24 hours more."),
    )


class WebhookEndpointAnswer(TypedDict):
    """An address of your server that is told what happens."""

    id: UUID
    url: str
    description: str
    events: Annotated[list[str], EVENTS]
    isActive: bool
    disabledReason: NotRequired[Annotated[str, Trouble, _("Only when the service has disabled it.")]]
    disabledAt: NotRequired[datetime]
    oldSecretUntil: Annotated[datetime | None, _("Until then the secret before it signs too.")]
    test: Annotated[bool, _("Of a test key: it is told of test jobs only.")]
    createdAt: datetime


class WebhookEndpointCreatedAnswer(WebhookEndpointAnswer):
    """An endpoint just made, with its secret."""

    secret: Annotated[str, SECRET]


class WebhookEndpointChangedAnswer(WebhookEndpointAnswer):
    """An endpoint just changed, with its secret if that is new."""

    secret: NotRequired[Annotated[str, SECRET]]


class WebhookEndpointsView(APIView):
    """The endpoints of the shop whose secret key asks."""

    @operation("listWebhookEndpoints", query=ListQuery, tag=TAG)
    def get(self, request: Request, query: dict[str, Any]) -> Page[WebhookEndpointAnswer]:
        rows, meta = paginate(endpoints_of(caller_of(request)), request, query)
        return Page([endpoint_answer(row) for row in rows], meta)

    @operation(
        "createWebhookEndpoint",
        status=201,
        body=CreateWebhookEndpointSerializer,
        tag=TAG,
        example={"url": "https://shop.example/tryon", "events": [EventType.JOB_COMPLETED.value]},
    )
    def post(self, request: Request) -> WebhookEndpointCreatedAnswer:
        """Add an address that is told what happens. The answer has its secret, this once."""
        caller = caller_of(request)
        shop, wanted = shop_of(caller), validated(CreateWebhookEndpointSerializer, request.data)
        endpoint = endpoint_create(
            shop, wish_of(wanted), is_test=caller.is_test, endpoint_id=row_id_of(request)
        )
        return {**endpoint_answer(endpoint), "secret": endpoint.secret}


class WebhookEndpointView(APIView):
    """One endpoint of the shop whose secret key asks."""

    @operation("getWebhookEndpoint", tag=TAG)
    def get(self, request: Request, endpoint_id: UUID) -> WebhookEndpointAnswer:
        return endpoint_answer(endpoint_for(caller_of(request), endpoint_id))

    @operation(
        "updateWebhookEndpoint",
        422,
        body=ChangeWebhookEndpointSerializer,
        tag=TAG,
        example={"isActive": True, "rotateSecret": True},
    )
    def patch(self, request: Request, endpoint_id: UUID) -> WebhookEndpointChangedAnswer:
        """Change an endpoint, enable it again, or give it a new secret, which the answer has this once."""
        endpoint = endpoint_for(caller_of(request), endpoint_id)
        wanted = validated(ChangeWebhookEndpointSerializer, request.data)
        rotates = wanted.get("rotateSecret", False)
        changed = endpoint_update(endpoint, wish_of(wanted), rotates=rotates)
        answer = cast(WebhookEndpointChangedAnswer, endpoint_answer(changed))
        if rotates:
            answer["secret"] = changed.secret
        return answer

    @operation("deleteWebhookEndpoint", status=204, tag=TAG)
    def delete(self, request: Request, endpoint_id: UUID) -> None:
        """Remove an endpoint and its log. What waits for it is not delivered."""
        endpoint_delete(endpoint_for(caller_of(request), endpoint_id))


def wish_of(wanted: dict[str, Any]) -> Wish:
    """Return the fields that a body names."""
    return Wish(**{CHANGES[name]: value for name, value in wanted.items() if name in CHANGES})


def endpoint_answer(endpoint: WebhookEndpoint) -> WebhookEndpointAnswer:
    """Return an endpoint as the API shows it."""
    answer: WebhookEndpointAnswer = {
        "id": endpoint.pk,
        "url": endpoint.url,
        "description": endpoint.description,
        "events": endpoint.events,
        "isActive": endpoint.is_active,
        "oldSecretUntil": endpoint.old_secret_until,
        "test": endpoint.is_test,
        "createdAt": endpoint.created_at,
    }
    if endpoint.trouble and endpoint.disabled_at is not None:
        answer["disabledReason"], answer["disabledAt"] = endpoint.trouble, endpoint.disabled_at
    return answer
