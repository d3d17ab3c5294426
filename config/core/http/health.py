"""Health checks: is the process up, and can it serve?"""

import structlog
from django.db import DatabaseError
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from config.core import clock
from config.core.storage import storage_state

logger = structlog.stdlib.get_logger(__name__)


@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """Answer 200 as long as the process runs."""
    return JsonResponse({"status": "ok"})


@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """Answer 200 when the database answers. Redis is not asked: the product serves without it.

    A wrong clock of the host and a store that refuses are reported, but the process stays ready: nothing
    depends on that clock, and without the store people still follow their jobs and read the admin.
    """
    try:
        ahead = clock.host_seconds_ahead()
    except DatabaseError:
        logger.exception("database_away")
        return JsonResponse({"status": "unavailable", "database": "away"}, status=503)
    host = "off" if clock.is_off(ahead) else "ok"
    return JsonResponse(
        {
            "status": "ok",
            "database": "ok",
            "storage": storage_state() or "ok",
            "clock": host,
            "clockSecondsAhead": round(ahead, 1),
        }
    )
