"""Another picture of the same garment on the same model photo: a person's wish that costs credits."""

from dataclasses import replace
from typing import Any, ClassVar, Final
from uuid import UUID

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from config.core.errors import DomainError
from config.people import audit
from config.people.models import Decision as Act
from config.shops.callers import person_calling
from results.decisions import DecidedMeanwhile, decide, last_word
from results.models import Decision, Review, ReviewDecision, TryOnResult
from tryon.fashn.inputs import total_credits
from tryon.fashn.options import MAX_SEED, TryOnOptions
from tryon.models import Lane, TryOnJob
from tryon.review.leases import require_not_in_hand
from tryon.services.generate import Generated, PriceRose, tryon_generate, tryon_price

WAYS: Final = ("seed", "quality")


class PriceChanged(DomainError):
    """``details``: the ``credits`` that it costs now."""

    code: ClassVar[str] = "price_changed"
    status: ClassVar[int] = 409
    message: Any = _("The price has changed. Look at it and confirm again.")


class NotToBeMadeAgain(DomainError):
    code: ClassVar[str] = "not_to_be_made_again"
    status: ClassVar[int] = 409
    message: Any = _("This picture can't be made again: one of its garment photos has gone.")


def prices(job: TryOnJob) -> dict[str, int]:
    """Return what another picture costs, in credits, for each way that there is for this job."""
    ways = {way: options_for(job, way, seed=0) for way in WAYS}
    return {way: total_credits(options) for way, options in ways.items() if options is not None}


def options_for(job: TryOnJob, way: str, *, seed: int) -> TryOnOptions | None:
    """Return the options of another picture: another seed, or the best mode. None if it has that already."""
    options = TryOnOptions.from_mapping(job.options)
    if way == "seed":
        return replace(options, seed=seed)
    return None if options.mode == "quality" else replace(options, mode="quality")


def make_again(
    *, decision_id: UUID, result: TryOnResult, person: User, way: str, credits: int, seen: Review
) -> ReviewDecision:
    """Ask for another picture at the price that the person has seen, and mark this one as almost good.

    A repeated call with the same id asks once: its seed comes from the id. Of two people who press at once,
    one pays. Raise InHand, PriceChanged, NotToBeMadeAgain, DecidedMeanwhile, and what ``tryon_generate``
    raises.
    """
    # In one transaction: where another person's decision was first, the new job goes with ours.
    with transaction.atomic():
        known = ReviewDecision.objects.filter(pk=decision_id, person=person).first()
        if known is not None:
            return known
        require_not_in_hand(result.pk, person)
        made = _make(decision_id, result, person, way=way, credits=credits, seen=seen)
        number, key = made.credits, str(result.pk)
        audit.note(person, made.job, Act.REGENERATE, way=way, credits=number, instead_of=key)
        return decide(
            decision_id=decision_id, result_id=result.pk, person=person, verdict=Decision.ALMOST, seen=seen
        )


def _make(
    decision_id: UUID, result: TryOnResult, person: User, *, way: str, credits: int, seen: Review
) -> Generated:
    job = result.job
    options = options_for(job, way, seed=decision_id.int % MAX_SEED)
    if options is None:
        raise NotToBeMadeAgain
    wish: dict[str, Any] = {
        "caller": person_calling(person),
        "product_image_id": job.product_image_id,
        "model_image_id": job.model_image_id,
        "further_image_ids": _further(job, options),
        "options": options,
    }
    price = tryon_price(**wish).credits
    if price != credits and price:  # nothing to pay: the picture is there, or on its way
        raise PriceChanged(details={"credits": price})
    if result.review != seen:  # nobody pays for a picture that another person has judged
        raise DecidedMeanwhile(details=last_word(result))
    try:
        return tryon_generate(lane=Lane.BULK, most_credits=credits, **wish)
    except PriceRose as rose:
        raise PriceChanged(details={"credits": rose.credits}) from rose


def _further(job: TryOnJob, options: TryOnOptions) -> list[UUID]:
    """Return the ids of an outfit's garments after the first. Raise NotToBeMadeAgain if some are gone."""
    if not options.garments:
        return []
    for viewer in job.viewers.order_by("pk"):
        photos = list(viewer.garments.order_by("position").values_list("product_image", flat=True))
        if len(photos) == len(options.garments) - 1:
            return photos
    raise NotToBeMadeAgain
