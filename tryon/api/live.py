"""``eventsUrl``: the address of the live door for one caller and one job, with a ticket that ends soon."""

from typing import TYPE_CHECKING
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest

from config.core import clock
from config.core.http.envelope import Url
from config.core.revoking import key_holder
from config.core.tickets import EVERYTHING, Ticket, end_at, origin_of, viewer_of
from config.shops import sessions
from config.shops.abilities import Ability
from config.shops.callers import Caller
from config.shops.keys import origins_of_key
from tryon.models import ACTIVE
from tryon.services.live import follow

if TYPE_CHECKING:
    from tryon.api.answers import GeneratedAnswer, JobAnswer


def add_events_url(
    answer: "JobAnswer | GeneratedAnswer", job_id: UUID, caller: Caller, request: HttpRequest
) -> None:
    """Put the address of the live door into the answer about a job that goes on, and follow the job."""
    if settings.EVENTS_URL and answer["status"] in ACTIVE:
        follow(job_id)
        answer["eventsUrl"] = _events_url(job_id, caller, request)


def _events_url(job_id: UUID, caller: Caller, request: HttpRequest) -> Url:
    viewer = EVERYTHING if caller.may(Ability.SEE_ALL_JOBS) else viewer_of(caller.requester)
    origins = frozenset(map(origin_of, _pages_of(caller, request)))
    holder = viewer_of(key_holder(caller.key_id) if caller.key_id is not None else caller.requester)
    ticket = Ticket(job_id, viewer, end_at(clock.now().timestamp()), origins, holder)
    return f"{settings.EVENTS_URL}/events/jobs/{job_id}?ticket={ticket.text(settings.SECRET_KEY)}"


def _pages_of(caller: Caller, request: HttpRequest) -> frozenset[str]:
    """Return the origins of the pages that the caller has: a visitor is at one, a shop has its own."""
    if caller.is_visitor:
        return frozenset({sessions.origin_of(request)} - {""})
    if caller.key_id is not None:
        return origins_of_key(caller.key_id)
    return frozenset({f"{request.scheme}://{request.get_host()}"})  # a person of the staff
