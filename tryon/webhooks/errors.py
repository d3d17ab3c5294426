"""Refusals of requests about endpoints."""

from typing import Any, ClassVar

from django.utils.translation import gettext_lazy as _

from config.core.errors import DomainError


class WebhookEndpointNotFound(DomainError):
    code: ClassVar[str] = "webhook_endpoint_not_found"
    status: ClassVar[int] = 404
    message: Any = _("There is no such webhook endpoint. Check the id.")


class WebhookDeliveryNotFound(DomainError):
    code: ClassVar[str] = "webhook_delivery_not_found"
    status: ClassVar[int] = 404
    message: Any = _("This webhook endpoint has no such delivery. Check the id.")


class WebhookUrlNotAllowed(DomainError):
    code: ClassVar[str] = "webhook_url_not_allowed"
    status: ClassVar[int] = 422
    message: Any = _(
        "Send an https address of the public internet, without a login and without a #."
        " The operator can allow other hosts in WEBHOOK_HOSTS."
    )


class TooManyWebhookEndpoints(DomainError):
    """``details``: ``limit``."""

    code: ClassVar[str] = "too_many_webhook_endpoints"
    status: ClassVar[int] = 409
    message: Any = _("The shop has as many webhook endpoints as it may have. Delete one.")
