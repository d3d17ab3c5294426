"""Requests for a try-on. They reuse a live result, join an identical active job, or make a new job."""

import hashlib
import json
from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import UUID

import structlog
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from config.core.errors import DomainError
from config.shops.callers import Caller
from models_library.access import model_image_for
from models_library.models import Category, ModelImage
from results.selectors import result_live
from tryon.access import account_of, hold, product_image_for
from tryon.accounts import is_stand_in, require_account
from tryon.engine import actions, governor
from tryon.engine.errors import TwinActive
from tryon.fashn.inputs import steps
from tryon.fashn.options import Recipe, TryOnOptions
from tryon.models import Account, Lane, ProductImage, TryOnJob
from tryon.outcomes import outcome_named
from tryon.services.credits import payer_of
from tryon.services.limits import check_limits
from tryon.services.reuse import Reuse, add_viewers, join_active, note, share_live

logger = structlog.stdlib.get_logger(__name__)

# A photo that shows half a body fits one kind of garment. For a full body FASHN chooses.
GARMENT_FOR: dict[str, str] = {Category.UPPER_BODY: "tops", Category.LOWER_BODY: "bottoms"}


class ModelImageInactive(DomainError):
    code: ClassVar[str] = "model_image_inactive"
    status: ClassVar[int] = 409
    message: Any = _("This model photo has been retired. Choose another from the list of models.")


class ResultAppeared(Exception):
    """An identical job completed between our look and our change. The transaction rolls back."""


@dataclass(frozen=True, slots=True)
class Wish:
    """A request for a picture: the photos as just read, the normalised options and the caller."""

    product: ProductImage
    model: ModelImage
    recipe: Recipe
    caller: Caller
    lane: Lane

    @property
    def account(self) -> str:
        return account_of(self.caller)

    @property
    def key(self) -> str:
        return cache_key(self.product, self.model, self.recipe, self.account)


@dataclass(frozen=True, slots=True)
class Generated:
    """The job that makes, or made, the picture, and how it was found."""

    job: TryOnJob
    reuse: Reuse


def tryon_generate(
    *,
    caller: Caller,
    product_image_id: UUID,
    model_image_id: UUID,
    options: TryOnOptions,
    lane: Lane = Lane.INTERACTIVE,
) -> Generated:
    """Find or make the job for a garment on a model photo, and let the caller see it.

    Raise ProductImageNotFound, ModelImageNotFound, ModelImageInactive, DailyLimitTooLow, QueueFull and, for
    a shopper who would wait until midnight, DailyLimitReached. Only the worker calls FASHN.
    """
    require_account(account_of(caller))
    while True:
        # Read in each round: since the last one a photo may have been removed or retired.
        product, model = product_image_for(caller, product_image_id), model_image_for(model_image_id)
        if not model.is_active:
            raise ModelImageInactive(details={"modelImageId": str(model.pk)})
        recipe = with_default_category(options, model).normalised()
        try:
            generated = _find_or_make(Wish(product, model, recipe, caller, lane))
        except (TwinActive, ResultAppeared):
            continue
        except IntegrityError:
            # A photo was deleted since we read it, which is the caller's affair; anything else is ours.
            product_image_for(caller, product_image_id)
            model_image_for(model_image_id)
            raise
        note(generated.reuse, generated.job)
        return generated


def _find_or_make(wish: Wish) -> Generated:
    """Find or make the job. Raise TwinActive or ResultAppeared if another request was first."""
    key, caller = wish.key, wish.caller
    if (live := share_live(key, caller, wish.product)) is not None:
        return Generated(live, Reuse.HIT)
    if (twin := join_active(key, caller, wish.product, wish.lane)) is not None:
        return Generated(twin, Reuse.JOIN)
    return Generated(_create_job(wish, key), Reuse.MISS)


def with_default_category(options: TryOnOptions, model: ModelImage) -> TryOnOptions:
    """Return the options. If nobody chose a category, take it from the model photo."""
    garment = GARMENT_FOR.get(model.category)
    if garment is None or options.category is not None or options.resolution is not None:
        return options
    return TryOnOptions.from_mapping({**options.normalised(), "category": garment})


def cache_key(product: ProductImage, model: ModelImage, recipe: Recipe, account: str) -> str:
    """Return the SHA-256 of both photos' checksums, the normalised options and FASHN's model.

    The same key means the same picture. A stand-in's picture is not FASHN's, and no test key meets
    live pictures.
    """
    provider_model = steps(TryOnOptions.from_mapping(recipe))[0].model.name
    parts: list[object] = [product.checksum, model.checksum, provider_model, recipe]
    if is_stand_in(account):
        parts.append("test")
    if account == Account.TEST:
        parts += [account, outcome_named(account, product.product_id)]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _create_job(wish: Wish, key: str) -> TryOnJob:
    """Insert a queued job. Raise TwinActive, and as ``tryon_generate``."""
    with transaction.atomic():
        governor.lock(wish.account)
        job = TryOnJob(
            product_image=wish.product,
            model_image=wish.model,
            options=wish.recipe,
            cache_key=key,
            lane=wish.lane,
            requester=wish.caller.owner,
            **payer_of(wish.caller)._asdict(),
            is_test=is_stand_in(wish.account),
            account=wish.account,
        )
        actions.enqueue(job)
        check_limits(job, by=wish.caller.requester)
        # Look again after the insert: an identical job that was active at our first look may have
        # completed since. Its result is visible now, because job and result change in one transaction.
        if result_live(key) is not None:
            raise ResultAppeared
        add_viewers(job, wish.caller, wish.product)
        hold(wish.product, wish.model)
    logger.info("job_queued", job_id=str(job.pk), lane=wish.lane)
    return job
