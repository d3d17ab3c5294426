"""Results as the review page shows them."""

from collections.abc import Sequence
from typing import Any, TypedDict
from uuid import UUID

from django.contrib.auth.models import AnonymousUser, User
from django.urls import reverse

from config.core.admin.widgets import moment
from config.core.storage import addresses
from config.shops.abilities import Ability, is_allowed
from results.models import Flag, TryOnResult
from tryon.batches.words import words_of
from tryon.review.again import prices


class Picture(TypedDict):
    """A picture and its words. The address is empty for a file that has gone."""

    url: str
    name: str


class FlagShown(TypedDict):
    name: str
    words: str


class Item(TypedDict):
    """One result with its garment and its model photo."""

    id: str
    review: str
    result: Picture
    garment: Picture
    model: Picture
    flags: list[FlagShown]
    options: str
    created: str
    page: str
    prices: dict[str, int]


def items(ids: Sequence[UUID], user: User | AnonymousUser) -> list[Item]:
    """Return the results with these ids, in their order."""
    rows = TryOnResult.objects.filter(pk__in=ids, job__shopper_photo=None)
    found = {row.pk: row for row in rows.select_related("job__product_image", "job__model_image")}
    results = [found[key] for key in ids if key in found]
    urls = addresses([key for result in results for key in _keys(result) if key])
    may_pay = is_allowed(user, Ability.START_TRYONS)
    return [_item(result, urls, may_pay=may_pay) for result in results]


def _keys(result: TryOnResult) -> tuple[str, str, str]:
    job = result.job
    return str(result.image), str(job.product_image.processed), str(job.model_image and job.model_image.image)


def _item(result: TryOnResult, urls: dict[str, str], *, may_pay: bool) -> Item:
    picture, garment, model = (urls.get(key, "") for key in _keys(result))
    job = result.job
    return {
        "id": str(result.pk),
        "review": result.review,
        "result": {"url": picture, "name": str(result.pk)[:8]},
        "garment": {"url": garment, "name": str(job.product_image)},
        "model": {"url": model, "name": str(job.model_image)},
        "flags": [flag_shown(flag) for flag in result.flags or []],
        "options": words_of(job.options),
        "created": moment(result.created_at),
        "page": reverse("admin:results_tryonresult_change", args=[result.pk]),
        "prices": prices(job) if may_pay else {},
    }


def flag_shown(flag: dict[str, Any]) -> FlagShown:
    """Return a flag with its words."""
    name = str(flag["name"])
    return {"name": name, "words": str(Flag(name).label) if name in Flag.values else name}
