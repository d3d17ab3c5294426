"""The ready-made groups, and the permissions of each. ``manage.py migrate`` makes them."""

from typing import Final

from django.contrib.auth.models import Permission

from config.shops.abilities import Ability

_LOOK: Final[tuple[str, ...]] = (
    Ability.USE_ANY_PHOTO,
    Ability.SEE_RETIRED_MODELS,
    Ability.SEE_ALL_JOBS,
    Ability.SEE_ALL_RESULTS,
    "results.view_reviewdecision",
    "batches.view_batch",
    "batches.view_namedrecipe",
    "catalogue.view_product",
    "comparisons.view_comparison",
)

ROLES: Final[dict[str, frozenset[str]]] = {
    "Merchandiser": frozenset(
        {
            *_LOOK,
            Ability.UPLOAD_PHOTOS,
            "tryon.change_productimage",
            "catalogue.add_product",
            "catalogue.change_product",
            "catalogue.delete_product",
            Ability.START_TRYONS,
            Ability.OPERATE_JOBS,
            Ability.SEE_MONEY,
            "batches.add_namedrecipe",
            "batches.change_namedrecipe",
            "comparisons.add_comparison",
            Ability.ADD_MODELS,
            Ability.CHANGE_MODELS,
            "models_library.delete_modelimage",
            Ability.REVIEW_RESULTS,
            Ability.DELETE_RESULTS,
            Ability.ERASE_PHOTOS,
        }
    ),
    "Reviewer": frozenset({*_LOOK, Ability.REVIEW_RESULTS}),
    "Operator": frozenset(
        {
            *_LOOK,
            Ability.OPERATE_JOBS,
            Ability.SEE_MONEY,
            Ability.SEE_OPERATIONS,
            Ability.PAUSE,
            Ability.OPERATE_QUEUES,
            Ability.SEE_CLEANUPS,
            Ability.RUN_CLEANUPS,
            Ability.SEE_ALERTS,
            Ability.TEST_ALERTS,
            Ability.SEE_AUDIT_LOG,
            "webhooks.view_webhookendpoint",
            "webhooks.change_webhookendpoint",
            "webhooks.view_webhookdelivery",
            "webhooks.change_webhookdelivery",
        }
    ),
    "Viewer": frozenset(_LOOK),
}


def permissions_named(names: frozenset[str]) -> list[Permission]:
    """Return the permissions with these names (``app.codename``). Raise LookupError if one is missing."""
    codenames = {name.partition(".")[2] for name in names}
    namesakes = Permission.objects.select_related("content_type").filter(codename__in=codenames)
    found = [
        permission
        for permission in namesakes
        if f"{permission.content_type.app_label}.{permission.codename}" in names
    ]
    if len(found) != len(names):
        raise LookupError("Some permissions are missing. Run manage.py migrate first.")
    return found
