"""Requests for a try-on. They reuse a live result, join an identical active job, or make a new job."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar
from uuid import UUID

import structlog
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from config.core.errors import DomainError
from config.people import audit
from config.people.models import Decision
from config.shops.callers import Caller
from models_library.access import model_image_for
from models_library.models import Category, ModelImage
from results.selectors import result_live
from tryon.access.jobs import account_of
from tryon.access.photos import hold, product_image_for, shopper_photo_for
from tryon.accounts import is_stand_in, require_queue
from tryon.engine import actions, governor
from tryon.engine.errors import TwinActive
from tryon.fashn.inputs import steps
from tryon.fashn.options import Recipe, TryOnOptions
from tryon.models import ACTIVE, Account, Lane, ProductImage, ShopperPhoto, TryOnJob
from tryon.outcomes import outcome_named
from tryon.services.credits import payer_of
from tryon.services.limits import check_limits
from tryon.services.reuse import Reuse, add_viewers, join_active, live_job, note, share_live

logger = structlog.stdlib.get_logger(__name__)

# A photo that shows half a body fits one kind of garment. For a full body FASHN chooses.
GARMENT_FOR: dict[str, str] = {Category.UPPER_BODY: "tops", Category.LOWER_BODY: "bottoms"}


class ModelImageInactive(DomainError):
    code: ClassVar[str] = "model_image_inactive"
    status: ClassVar[int] = 409
    message: Any = _("This model photo has been retired. Choose another from the list of models.")


class ModelImageUnreleased(DomainError):
    """``details``: ``modelImageId``, and ``validFrom`` and ``validUntil`` where the release has them."""

    code: ClassVar[str] = "model_image_unreleased"
    status: ClassVar[int] = 409
    message: Any = _(
        "The release of this model photo does not allow its use now. Choose another from the list of models."
    )


class ProductImageInactive(DomainError):
    code: ClassVar[str] = "product_image_inactive"
    status: ClassVar[int] = 409
    message: Any = _("This product photo has been retired. Choose another photo of the product.")


class PriceRose(Exception):
    """A new job would cost more than the caller allows: ``credits``. The transaction rolls back."""

    def __init__(self, credits: int) -> None:
        super().__init__()
        self.credits = credits


class ResultAppeared(Exception):
    """An identical job completed between our look and our change. The transaction rolls back."""


@dataclass(frozen=True, slots=True)
class Wish:
    """A request for a picture: the photos as just read, the normalised options and the caller.

    ``products`` are the garments in the order of their steps.
    """

    products: Sequence[ProductImage]
    person: ModelImage | ShopperPhoto
    recipe: Recipe
    caller: Caller
    lane: Lane
    most_credits: int | None = None

    @property
    def account(self) -> str:
        return account_of(self.caller)

    @property
    def key(self) -> str:
        return cache_key(self.products, self.person, self.recipe, self.account)


@dataclass(frozen=True, slots=True)
class Generated:
    """The job that makes, or made, the picture, and how it was found. ``credits`` are what it will cost."""

    job: TryOnJob
    reuse: Reuse
    credits: int = 0


def tryon_generate(
    *,
    caller: Caller,
    product_image_id: UUID,
    model_image_id: UUID | None = None,
    shopper_photo_id: UUID | None = None,
    options: TryOnOptions,
    further_image_ids: Sequence[UUID] = (),
    lane: Lane = Lane.INTERACTIVE,
    most_credits: int | None = None,
) -> Generated:
    """Find or make the job for a garment on a person, and let the caller see it.

    The person is on a model photo or on a photo of the shopper who asks: give one of both ids.
    ``further_image_ids`` are the other garments of an outfit, whose categories are in the options. Raise
    ProductImageNotFound, ProductImageInactive, ModelImageNotFound, ModelImageInactive, ModelImageUnreleased,
    ShopperPhotoNotFound, DailyLimitTooLow, QueueFull and, for a shopper who would wait until midnight,
    DailyLimitReached. Only the worker calls FASHN.

    ``most_credits`` is the most that a new job may cost: else nothing is made. Raise PriceRose.
    """
    product_image_ids = [product_image_id, *further_image_ids]
    while True:
        # Read in each round: since the last one a photo may have been removed or retired.
        wish = _wish(caller, product_image_ids, model_image_id, shopper_photo_id, options, lane)
        try:
            generated = _find_or_make(replace(wish, most_credits=most_credits))
        except (TwinActive, ResultAppeared):
            continue
        except IntegrityError:
            # A photo was deleted since we read it, which is the caller's affair; anything else is ours.
            _wish(caller, product_image_ids, model_image_id, shopper_photo_id, options, lane)
            raise
        note(generated.reuse, generated.job)
        return generated


def tryon_price(
    *,
    caller: Caller,
    product_image_id: UUID,
    model_image_id: UUID | None = None,
    shopper_photo_id: UUID | None = None,
    options: TryOnOptions,
    further_image_ids: Sequence[UUID] = (),
) -> Generated:
    """Return what ``tryon_generate`` would find or make now. It starts, pays and changes nothing.

    The job that it would make is not saved. Raise ProductImageNotFound, ProductImageInactive,
    ModelImageNotFound, ModelImageInactive, ModelImageUnreleased and ShopperPhotoNotFound.
    """
    product_image_ids = [product_image_id, *further_image_ids]
    wish = _wish(caller, product_image_ids, model_image_id, shopper_photo_id, options, Lane.INTERACTIVE)
    if (live := live_job(wish.key)) is not None:
        return Generated(live, Reuse.HIT)
    if (twin := TryOnJob.objects.filter(cache_key=wish.key, status__in=ACTIVE).first()) is not None:
        return Generated(twin, Reuse.JOIN)
    job = _job(wish, wish.key)
    job.price = actions.price_of(job)
    return Generated(job, Reuse.MISS, job.price)


def _wish(
    caller: Caller,
    product_image_ids: Sequence[UUID],
    model_image_id: UUID | None,
    shopper_photo_id: UUID | None,
    options: TryOnOptions,
    lane: Lane,
) -> Wish:
    """Read the photos. Raise TestModeOff, and what ``tryon_generate`` raises for a photo."""
    require_queue(account_of(caller))
    products = [product_image_for(caller, image_id) for image_id in product_image_ids]
    require_active(products)
    if shopper_photo_id is not None:
        photo = shopper_photo_for(caller, shopper_photo_id)
        return Wish(products, photo, options.normalised(), caller, lane)
    if model_image_id is None:
        raise ValueError("Give a model photo or a shopper's photo.")
    model = model_image_for(model_image_id)
    require_usable(model)
    return Wish(products, model, with_default_category(options, model).normalised(), caller, lane)


def require_usable(model: ModelImage) -> None:
    """Raise ModelImageInactive or ModelImageUnreleased for a photo that try-ons may not begin with."""
    details: dict[str, Any] = {"modelImageId": str(model.pk)}
    if not model.is_active:
        raise ModelImageInactive(details=details)
    if not model.is_released:
        days = {"validFrom": model.release_from, "validUntil": model.release_until}
        details |= {name: day.isoformat() for name, day in days.items() if day is not None}
        raise ModelImageUnreleased(details=details)


def require_active(products: Sequence[ProductImage]) -> None:
    """Refuse retired photos, also if their result is there. Raise ProductImageInactive."""
    for photo in products:
        if not photo.is_active:
            raise ProductImageInactive(details={"productImageId": str(photo.pk)})


def _find_or_make(wish: Wish) -> Generated:
    """Find or make the job. Raise TwinActive or ResultAppeared if another request was first."""
    key, caller = wish.key, wish.caller
    if (live := share_live(key, caller, wish.products)) is not None:
        return Generated(live, Reuse.HIT)
    if (twin := join_active(key, caller, wish.products, wish.lane)) is not None:
        return Generated(twin, Reuse.JOIN)
    job = _create_job(wish, key)
    return Generated(job, Reuse.MISS, job.price)


def with_default_category(options: TryOnOptions, model: ModelImage) -> TryOnOptions:
    """Return the options. If nobody chose a category, take it from the model photo."""
    garment = GARMENT_FOR.get(model.category)
    if garment is None or options.category is not None or options.resolution is not None or options.garments:
        return options
    return TryOnOptions.from_mapping({**options.normalised(), "category": garment})


def cache_key(
    products: Sequence[ProductImage], person: ModelImage | ShopperPhoto, recipe: Recipe, account: str
) -> str:
    """Return the SHA-256 of the photos' checksums, the normalised options and FASHN's models.

    The same key means the same picture. A stand-in's picture is not FASHN's, and no test key meets
    live pictures. A shopper's photo stands for itself: nobody else meets its pictures, and they go with it.
    Further garments only add to what is hashed for one: the key of a stored result never changes.
    """
    shows = person.checksum if isinstance(person, ModelImage) else f"{person.requester} {person.pk}"
    first, *further = [step.model.name for step in steps(TryOnOptions.from_mapping(recipe))]
    parts: list[object] = [products[0].checksum, shows, first, recipe]
    if len(products) > 1:
        parts.append([*(photo.checksum for photo in products[1:]), *further])
    if is_stand_in(account):
        parts.append("test")
    if account == Account.TEST:
        parts += [account, outcome_named(account, products[0].product_id)]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _create_job(wish: Wish, key: str) -> TryOnJob:
    """Insert a queued job. Raise TwinActive, ResultAppeared, and as ``tryon_generate``."""
    with transaction.atomic():
        governor.lock(wish.account)
        job = _job(wish, key)
        actions.enqueue(job)
        if wish.most_credits is not None and job.price > wish.most_credits:
            raise PriceRose(job.price)
        check_limits(job)
        # Look again after the insert: an identical job that was active at our first look may have
        # completed since. Its result is visible now, because job and result change in one transaction.
        if result_live(key) is not None:
            raise ResultAppeared
        add_viewers(job, wish.caller, wish.products)
        hold(wish.products, wish.person)
        if wish.lane == Lane.INTERACTIVE:  # who starts many is noted once, for all of them
            audit.note(wish.caller, job, Decision.GENERATE, credits=job.price)
    logger.info("job_queued", job_id=str(job.pk), lane=wish.lane)
    return job


def _job(wish: Wish, key: str) -> TryOnJob:
    """Return the new job, not saved."""
    return TryOnJob(
        product_image=wish.products[0],
        model_image=wish.person if isinstance(wish.person, ModelImage) else None,
        shopper_photo=wish.person if isinstance(wish.person, ShopperPhoto) else None,
        options=wish.recipe,
        cache_key=key,
        lane=wish.lane,
        requester=wish.caller.owner,
        **payer_of(wish.caller)._asdict(),
        is_test=is_stand_in(wish.account),
        account=wish.account,
    )
