"""Views that erase all that is kept of a shopper, and show the receipt."""

from datetime import datetime
from typing import Annotated, Final, TypedDict
from uuid import UUID

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request
from rest_framework.views import APIView

from config.core.http.envelope import Answer
from config.core.http.operation import operation
from config.shops.callers import caller_of
from config.shops.shoppers import as_shopper
from tryon.access.photos import erasure_for
from tryon.models import Erasure
from tryon.services.shoppers import shopper_erase

TAG: Final = "shoppers"
# A worker asks the store at once, if it is not busy.
CHECKED_SECONDS: Final = 5


class ErasureState(TextChoices):
    """The state of an erasure."""

    ERASING = "erasing", _("Under way")
    ERASED = "erased", _("Erased")
    VERIFIED = "verified", _("Erased, and the store was asked for each object")


class ErasureAnswer(TypedDict):
    """The receipt of an erasure. It names nobody."""

    id: UUID
    state: Annotated[str, ErasureState]
    requestedAt: datetime
    erasedAt: Annotated[datetime | None, _("When the last row of the shopper had gone.")]
    verifiedAt: Annotated[datetime | None, _("When the store was asked for each object, and had none.")]
    photos: int
    uploads: int
    jobs: int
    canceled: Annotated[int, _("Jobs that were under way.")]
    results: int
    leftToOthers: Annotated[int, _("Jobs that others asked for too: they stay theirs.")]
    objects: Annotated[int, _("Objects in storage that went.")]


class ShopperView(APIView):
    """A shopper of the shop whose secret key asks."""

    @operation("deleteShopper", status=202, tag=TAG)
    def delete(self, request: Request, shopper_id: str) -> Answer[ErasureAnswer]:
        """Erase all that is kept of the shopper with this id of yours. Repeat it after an error."""
        return receipt(shopper_erase(as_shopper(caller_of(request), shopper_id)))


class OwnDataView(APIView):
    """The shopper who asks."""

    @operation("deleteMe", status=202, tag=TAG)
    def delete(self, request: Request) -> Answer[ErasureAnswer]:
        """Erase all that is kept of the shopper who asks, or the visitor. Repeat it after an error."""
        return receipt(shopper_erase(caller_of(request)))


class ErasureView(APIView):
    """The receipt of an erasure."""

    @operation("getErasure", tag=TAG)
    def get(self, request: Request, erasure_id: UUID) -> ErasureAnswer:
        return erasure_answer(erasure_for(caller_of(request), erasure_id))


def receipt(erasure: Erasure) -> Answer[ErasureAnswer]:
    """Return the answer to a request for an erasure, whose check comes soon."""
    return Answer(erasure_answer(erasure), 202, CHECKED_SECONDS)


def erasure_answer(erasure: Erasure) -> ErasureAnswer:
    """Return a receipt as the API shows it."""
    counts = erasure.counts
    return {
        "id": erasure.pk,
        "state": state_of(erasure),
        "requestedAt": erasure.requested_at,
        "erasedAt": erasure.erased_at,
        "verifiedAt": erasure.verified_at,
        "photos": counts.get("photos", 0),
        "uploads": counts.get("uploads", 0),
        "jobs": counts.get("jobs", 0),
        "canceled": counts.get("canceled", 0),
        "results": counts.get("results", 0),
        "leftToOthers": counts.get("left", 0),
        "objects": erasure.objects_found,
    }


def state_of(erasure: Erasure) -> ErasureState:
    """Return the state of an erasure."""
    if erasure.erased_at is None:
        return ErasureState.ERASING
    return ErasureState.ERASED if erasure.verified_at is None else ErasureState.VERIFIED
