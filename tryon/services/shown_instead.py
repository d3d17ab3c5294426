"""Pictures that a shop may show in place of one that can't be made now: approved ones of the same product."""

from typing import TYPE_CHECKING, Final
from uuid import UUID

from django.db.models import Q

from config.core import clock
from config.shops.callers import Caller
from models_library.models import ModelImage
from models_library.selectors import released_on
from results.models import Review
from results.selectors import result_list_live, with_recipe_and_feedback
from tryon.access.jobs import account_of
from tryon.accounts import is_stand_in
from tryon.models import ProductImage

if TYPE_CHECKING:
    from results.selectors import ShownResult

MOST: Final = 3


def results_instead(caller: Caller, product_image_id: UUID) -> "list[ShownResult]":
    """Return the newest approved results of a photo's product: of the shop's photos and the catalogue's.

    They are on model photos of the library, and of the same kind as the caller's own would be: a stand-in's
    picture is never shown for FASHN's.
    """
    product = ProductImage.objects.filter(pk=product_image_id).values("product_id")
    seen = Q(requester="") | Q(requester=caller.owner)
    photos = ProductImage.objects.filter(seen, product_id__in=product).exclude(product_id="")
    account = account_of(caller)
    results = result_list_live().filter(
        review=Review.APPROVED,
        job__product_image__in=photos,
        job__account=account,
        job__is_test=is_stand_in(account),
        job__shopper_photo=None,
        job__options__garments__isnull=True,  # the other garments may be another shop's
        job__model_image__in=ModelImage.objects.filter(released_on(clock.today())),
    )
    return list(with_recipe_and_feedback(results, caller.requester).order_by("-created_at", "pk")[:MOST])
