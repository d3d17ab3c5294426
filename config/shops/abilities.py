"""The abilities of callers, and the Django permission behind each: one table for the API and the admin."""

from collections.abc import Iterable
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser, User


class Ability(StrEnum):
    """Something that not everybody may do. The value is the permission that a person needs for it."""

    UPLOAD_PHOTOS = "tryon.add_productimage"
    USE_ANY_PHOTO = "tryon.view_productimage"  # of another requester too
    FETCH_PHOTOS = "tryon.fetch_photos"  # from an address: the service asks a server that the caller names
    ERASE_PHOTOS = "tryon.erase_photos"  # any photo, with the results made with it
    START_TRYONS = "tryon.add_tryonjob"  # it spends credits
    SEE_ALL_JOBS = "tryon.view_tryonjob"
    OPERATE_JOBS = "tryon.change_tryonjob"  # cancel and retry another requester's
    SEE_ALL_RESULTS = "results.view_tryonresult"
    REVIEW_RESULTS = "results.change_tryonresult"  # approve, reject, judge another requester's
    DELETE_RESULTS = "results.delete_tryonresult"
    SEE_RETIRED_MODELS = "models_library.view_modelimage"
    ADD_MODELS = "models_library.add_modelimage"
    CHANGE_MODELS = "models_library.change_modelimage"
    SEE_OPERATIONS = "tryon.view_governor"
    SEE_MONEY = "money.view_spending"
    PAUSE = "tryon.pause_service"
    OPERATE_QUEUES = "tryon.operate_queues"  # RQ's dashboard
    SEE_CLEANUPS = "upkeep.view_cleanuprun"
    RUN_CLEANUPS = "upkeep.change_cleanuprun"  # now, or as a dry run
    SEE_ALERTS = "alerts.view_alert"
    TEST_ALERTS = "alerts.change_alert"  # it sends a message
    SEE_AUDIT_LOG = "people.view_auditentry"


# A shop's try-ons, and those of a visitor of its pages. Beside these, both use only their own rows.
SHOPPING: Final = frozenset({Ability.UPLOAD_PHOTOS, Ability.START_TRYONS})
VISITING: Final = frozenset({Ability.START_TRYONS})

# The library is everybody's, so a test key does not change it.
LIVE_ONLY: Final = frozenset({Ability.ADD_MODELS, Ability.CHANGE_MODELS})


class Scope(TextChoices):
    """Something that a secret key may be for."""

    TRYON = "tryon", _("Try-ons: photos, jobs, results")
    LIBRARY = "library", _("The library: add and change model photos")
    OPERATE = "operate", _("Operations: numbers, pause, resume")


BY_SCOPE: Final[dict[str, frozenset[Ability]]] = {
    Scope.TRYON: SHOPPING | {Ability.FETCH_PHOTOS},  # only a server has a secret key
    Scope.LIBRARY: frozenset({Ability.SEE_RETIRED_MODELS, Ability.ADD_MODELS, Ability.CHANGE_MODELS}),
    Scope.OPERATE: frozenset({Ability.SEE_OPERATIONS, Ability.PAUSE}),
}


def abilities_for(scopes: Iterable[str]) -> frozenset[Ability]:
    """Return the abilities of a key with these scopes. A scope of a later release gives none."""
    return frozenset[Ability]().union(*(BY_SCOPE.get(scope, ()) for scope in scopes))


def is_allowed(user: "User | AnonymousUser", ability: str) -> bool:
    """Return whether a person has the permission. As in Django's admin, who may change rows may view them."""
    if user.has_perm(ability):
        return True
    app, _dot, codename = ability.partition(".")
    kind, _line, model = codename.partition("_")
    return kind == "view" and user.has_perm(f"{app}.change_{model}")


def abilities_of(user: "User | AnonymousUser") -> frozenset[Ability]:
    """Return the abilities of a person. It takes two queries, and none for a superuser."""
    return frozenset(ability for ability in Ability if is_allowed(user, ability))
