"""Endpoints, deliveries and events for those who ask about them."""

from uuid import UUID

from django.db.models import QuerySet

from config.shops.callers import Caller, NotAllowed
from config.shops.models import Shop
from tryon.webhooks.errors import WebhookEndpointNotFound
from tryon.webhooks.models import WebhookEndpoint


def require_server(caller: Caller) -> None:
    """Refuse all but a shop's own server: its secret key, for no shopper. Raise NotAllowed."""
    if not caller.is_shop or caller.is_publishable or caller.is_visitor:
        raise NotAllowed


def shop_of(caller: Caller) -> Shop:
    """Return the shop whose server asks. Raise NotAllowed, also for a key that has no shop yet."""
    require_server(caller)
    shop = Shop.objects.filter(keys=caller.key_id).first()
    if shop is None:
        raise NotAllowed
    return shop


def endpoints_of(caller: Caller) -> QuerySet[WebhookEndpoint]:
    """Return the endpoints of the caller's shop: those of its live keys, or those of its test keys.

    Raise NotAllowed.
    """
    require_server(caller)
    return WebhookEndpoint.objects.filter(owner=caller.shop)


def endpoint_for(caller: Caller, endpoint_id: UUID) -> WebhookEndpoint:
    """Return one endpoint of the caller's shop. Raise NotAllowed and WebhookEndpointNotFound."""
    endpoint = endpoints_of(caller).filter(pk=endpoint_id).first()
    if endpoint is None:
        raise WebhookEndpointNotFound
    return endpoint


def endpoints_disabled() -> QuerySet[WebhookEndpoint]:
    """Return the endpoints that the service has disabled and nobody has looked after since."""
    return WebhookEndpoint.objects.exclude(trouble="").filter(is_active=False).select_related("shop")
