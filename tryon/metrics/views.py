"""The address that Prometheus asks."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare
from django.views.decorators.http import require_safe
from prometheus_client.exposition import choose_encoder

from tryon.metrics.exposition import registry


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Answer with all metrics, for who has METRICS_TOKEN. Without one set, nothing is here."""
    if not settings.METRICS_TOKEN:
        return HttpResponse("Set METRICS_TOKEN.\n", status=404, content_type="text/plain")
    given = request.headers.get("Authorization", "")
    if not constant_time_compare(given, f"Bearer {settings.METRICS_TOKEN}"):
        refusal = HttpResponse("Send METRICS_TOKEN.\n", status=401, content_type="text/plain")
        refusal["WWW-Authenticate"] = "Bearer"
        return refusal
    encode, content_type = choose_encoder(request.headers.get("Accept", ""))
    return HttpResponse(encode(registry()), content_type=content_type)
