"""Is the process up, and can it serve."""

import structlog
from django.db import DatabaseError
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from config.core import clock

logger = structlog.stdlib.get_logger(__name__)


@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """200 whenever the process answers."""
    return JsonResponse({"status": "ok"})


@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """200 when the database answers. Redis is not asked: the product serves without it.

    A host's clock that is off is told of and does not make the process unready: nothing depends on it.
    """
    try:
        ahead = clock.host_seconds_ahead()
    except DatabaseError:
        logger.exception("database_away")
        return JsonResponse({"status": "unavailable", "database": "away"}, status=503)
    host = "off" if clock.is_off(ahead) else "ok"
    return JsonResponse(
        {"status": "ok", "database": "ok", "clock": host, "clockSecondsAhead": round(ahead, 1)}
    )
