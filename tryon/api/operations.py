"""Views for operators, and the webhook that FASHN calls."""

import json
from typing import Any, ClassVar

from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request
from rest_framework.views import APIView

from config.core.errors import DomainError
from config.core.http.envelope import Empty
from config.core.http.operation import operation
from config.shops.abilities import Ability
from config.shops.callers import caller_of
from config.shops.permissions import needs
from tryon.access.jobs import account_of
from tryon.accounts import accounts_of
from tryon.api.serializers import StatsQuery
from tryon.fashn.parsing import usable_provider_id
from tryon.metrics.statistics import WindowedStatistics, statistics_with
from tryon.metrics.windows import Window
from tryon.services.operations import service_pause, service_resume
from tryon.services.stats import Statistics, statistics
from tryon.services.webhooks import is_callback_token, webhook_receive

# The documented body is below a kilobyte. Only pictures, which we never ask for, would make it megabytes.
WEBHOOK_BYTES = 64 * 1024


class WebhookTooLarge(DomainError):
    code: ClassVar[str] = "request_too_large"
    status: ClassVar[int] = 413
    message: Any = _("Send less.")


class WebhookNotFound(DomainError):
    code: ClassVar[str] = "not_found"
    status: ClassVar[int] = 404
    message: Any = _("There is nothing here.")


class StatsView(APIView):
    """The state of the service, in numbers."""

    permission_classes = [needs(Ability.SEE_OPERATIONS)]

    @operation("getStats", 403, query=StatsQuery)
    def get(self, request: Request, query: dict[str, Any]) -> WindowedStatistics:
        """Read the numbers of now, and what happened in the last hour, day or week."""
        queue, window = account_of(caller_of(request)), Window(query.get("window", Window.DAY))
        return statistics_with(window, *accounts_of(queue))


class PauseView(APIView):
    """Start no more jobs. Jobs at FASHN finish."""

    permission_classes = [needs(Ability.SEE_OPERATIONS, Ability.PAUSE)]  # its answer shows the numbers

    @operation("pause")
    def post(self, request: Request) -> Statistics:
        queue = account_of(caller_of(request))
        for account in accounts_of(queue):
            service_pause(account)
        return statistics(*accounts_of(queue))


class ResumeView(APIView):
    """Start jobs again, whatever the reason for the pause."""

    permission_classes = [needs(Ability.SEE_OPERATIONS, Ability.PAUSE)]  # its answer shows the numbers

    @operation("resume")
    def post(self, request: Request) -> Statistics:
        queue = account_of(caller_of(request))
        for account in accounts_of(queue):
            service_resume(account)
        return statistics(*accounts_of(queue))


class FashnWebhookView(APIView):
    """Take FASHN's news that a prediction is done. Answer at once and leave the work to a worker."""

    authentication_classes = []
    permission_classes = []

    @operation("receiveFashnWebhook", 404, public=True)
    def post(self, request: Request, token: str) -> Empty:
        # Before the body: what a stranger sends is not looked at.
        if not is_callback_token(token):
            raise WebhookNotFound
        length = request._request.headers.get("Content-Length") or "0"
        if not length.isdigit() or int(length) > WEBHOOK_BYTES:
            raise WebhookTooLarge
        if not webhook_receive(token=token, provider_id=provider_id_in(request._request.body)):
            raise WebhookNotFound
        return {}


def provider_id_in(body: bytes) -> str:
    """Return the id in a webhook's body, or empty text: an unreadable body is still a reason to check."""
    try:
        named = json.loads(body).get("id")
    except (ValueError, AttributeError, RecursionError):
        return ""
    return named if usable_provider_id(named) and named.isprintable() else ""
