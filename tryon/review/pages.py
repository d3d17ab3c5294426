"""The review page, and the calls of its script."""

from typing import Any, Final
from uuid import UUID

from django.contrib.auth.models import User
from django.db import transaction
from django.http import HttpRequest, QueryDict
from django.http.response import HttpResponseBase
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from config.core import clock
from config.core.admin.pages import admin_page, page_response
from config.core.http.strict import Choice, Few, Id, Number, StrictSerializer, Text
from config.core.rows import first_or
from config.shops.abilities import Ability
from config.shops.callers import NotAllowed
from results.access import ResultNotFound
from results.decisions import NotToBeUndone, decidable, decide, undo
from results.models import Decision, Reason, Review, ReviewDecision
from tryon.review.again import WAYS, make_again
from tryon.review.calls import review_call
from tryon.review.filters import QueueFilter
from tryon.review.items import items
from tryon.review.keys import DEFAULTS, keys_choose, keys_of
from tryon.review.leases import LEASE, hold, let_go, require_not_in_hand, take

# The result in front of the person, and those that are loaded ahead of it.
MOST_AT_A_TIME: Final = 6
# More are not counted.
MOST_COUNTED: Final = 1000
MAX_COMMENT: Final = 1000
ACTIONS: Final = {
    "approve": _("Approve"),
    "reject": _("Reject"),
    "almost": _("Almost"),
    "regenerate": _("Regenerate"),
    "skip": _("Skip"),
    "undo": _("Undo"),
    "compare": _("Before and after"),
    "zoom_in": _("Zoom in"),
    "zoom_out": _("Zoom out"),
    "zoom_reset": _("Whole picture"),
    "left": _("Move left"),
    "right": _("Move right"),
    "up": _("Move up"),
    "down": _("Move down"),
}


class NextBody(StrictSerializer):
    """``filter`` is the page's query; ``have`` are the results that the page has."""

    filter = Text(allow_blank=True, max_length=1000)
    have = Few(child=Id(), max_length=MOST_AT_A_TIME)
    want = Number(min_value=1, max_value=MOST_AT_A_TIME)


class DecideBody(StrictSerializer):
    id = Id()
    result = Id()
    verdict = Choice(choices=Decision.choices)
    seen = Choice(choices=Review.choices)
    reasons = Few(child=Choice(choices=Reason.choices), required=False, max_length=len(Reason))
    comment = Text(required=False, allow_blank=True, max_length=MAX_COMMENT)


class AgainBody(StrictSerializer):
    id = Id()
    result = Id()
    seen = Choice(choices=Review.choices)
    way = Choice(choices=WAYS)
    credits = Number(min_value=0, max_value=1000)


class UndoBody(StrictSerializer):
    id = Id()


class HoldBody(StrictSerializer):
    results = Few(child=Id(), max_length=MOST_AT_A_TIME)


class KeysBody(StrictSerializer):
    """``keys`` has the code of the key for each action that the person has chosen one for."""

    keys = serializers.DictField(child=Text(max_length=20))


@admin_page("review/", name="review", permission=Ability.REVIEW_RESULTS)
def review_page(request: HttpRequest) -> HttpResponseBase:
    """Show the page. Its script asks for the results."""
    queue = QueueFilter(request.GET)
    return page_response(
        request,
        "admin/review/page.html",
        title=_("Review"),
        queue=queue,
        filter=request.GET.urlencode(),
        keys=keys_of(request.user),
        default_keys=DEFAULTS,
        actions=[(name, words) for name, words in ACTIONS.items()],
        reasons=Reason.choices,
        renew_seconds=int(LEASE.total_seconds()) // 3,
        may_pay=request.user.has_perm(Ability.START_TRYONS),
    )


@review_call("review/next/", name="review_next", body=NextBody)
def review_next(user: User, wanted: dict[str, Any]) -> dict[str, Any]:
    """Lease the next results for the person, and return them with the numbers of their progress."""
    results = QueueFilter(QueryDict(wanted["filter"])).results(user)
    have: list[UUID] = wanted["have"]
    if have:
        hold(have, user)
    taken = take(results, user, most=wanted["want"], without=have)
    left = results.order_by().values("pk")[: MOST_COUNTED + 1].count()
    midnight = localtime(clock.now()).replace(hour=0, minute=0, second=0, microsecond=0)
    judged = ReviewDecision.objects.filter(person=user, at__gte=midnight, undone_at=None)
    return {
        "items": items(taken, user),
        "left": min(left, MOST_COUNTED),
        "isMore": left > MOST_COUNTED,
        "today": judged.exclude(verdict=Decision.SKIPPED).order_by()[:MOST_COUNTED].count(),
    }


@review_call("review/decide/", name="review_decide", body=DecideBody)
def review_decide(user: User, wanted: dict[str, Any]) -> dict[str, Any]:
    """Store a decision, unless another person has the result in hand. A repeated call changes nothing."""
    if not ReviewDecision.objects.filter(pk=wanted["id"], person=user).exists():
        require_not_in_hand(wanted["result"], user)
    decision = decide(
        decision_id=wanted["id"],
        result_id=wanted["result"],
        person=user,
        verdict=Decision(wanted["verdict"]),
        seen=Review(wanted["seen"]),
        reasons=wanted.get("reasons", ()),
        comment=wanted.get("comment", ""),
    )
    let_go([wanted["result"]], user)
    return {"id": str(decision.pk)}


@review_call("review/undo/", name="review_undo", body=UndoBody)
def review_undo(user: User, wanted: dict[str, Any]) -> dict[str, Any]:
    """Take a decision back, and lease its result for the person again."""
    with transaction.atomic():
        decision = undo(wanted["id"], user)
        if decision.result_id is not None and not hold([decision.result_id], user):
            raise NotToBeUndone
    return {"items": items([pk for pk in [decision.result_id] if pk is not None], user)}


@review_call("review/again/", name="review_again", body=AgainBody)
def review_again(user: User, wanted: dict[str, Any]) -> dict[str, Any]:
    """Ask for another picture in place of a result."""
    if not user.has_perm(Ability.START_TRYONS):
        raise NotAllowed
    result = first_or(ResultNotFound, decidable().select_related("job").filter(pk=wanted["result"]))
    decision = make_again(
        decision_id=wanted["id"],
        result=result,
        person=user,
        way=wanted["way"],
        credits=wanted["credits"],
        seen=Review(wanted["seen"]),
    )
    let_go([result.pk], user)
    return {"id": str(decision.pk)}


@review_call("review/hold/", name="review_hold", body=HoldBody)
def review_hold(user: User, wanted: dict[str, Any]) -> dict[str, Any]:
    """Renew the leases of results, and return the ids of those that somebody else has now."""
    held = hold(wanted["results"], user)
    return {"lost": [str(key) for key in wanted["results"] if key not in held]}


@review_call("review/leave/", name="review_leave", body=HoldBody)
def review_leave(user: User, wanted: dict[str, Any]) -> dict[str, Any]:
    """Give the leases back."""
    let_go(wanted["results"], user)
    return {}


@review_call("review/keys/", name="review_keys", body=KeysBody)
def review_keys(user: User, wanted: dict[str, Any]) -> dict[str, Any]:
    """Store the person's keys."""
    return {"keys": keys_choose(user, wanted["keys"])}
