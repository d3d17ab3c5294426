"""Health checks: is the process up, and can it serve?"""

from collections.abc import Callable
from typing import Final

import structlog
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from config.core import clock, host_clock
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
    host = "off" if host_clock.is_off(ahead) else "ok"
    return JsonResponse(
        {
            "status": "ok",
            "database": "ok",
            "storage": storage_state() or "ok",
            "clock": host,
            "clockSecondsAhead": round(ahead, 1),
        }
    )


type Probe = Callable[[HttpRequest], HttpResponse]

PROBES: Final[dict[str, Probe]] = {"/healthz": healthz, "/readyz": readyz}


def add_probe(path: str, probe: Probe) -> None:
    """Answer a further address as the health checks are answered. An app calls it when it is ready."""
    PROBES[path] = probe


class ProbesMiddleware:
    """Answer the health checks, and who measures, before anything looks at the host and the scheme.

    A container or a load balancer asks past the proxies, at an address inside.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return PROBES.get(request.path_info, self.get_response)(request)
