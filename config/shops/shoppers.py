"""The shoppers of a shop: opaque ids, by which the shop's server knows them."""

import re
from dataclasses import replace
from datetime import date
from typing import Any, ClassVar, Final
from uuid import UUID, uuid5

from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from config.core.errors import DomainError
from config.shops.abilities import SHOPPING
from config.shops.callers import SHOP, Caller

SHOPPER: Final = "shopper:"
ERASED_SHOPPER: Final = "erased:"
# In the environment of a request: X-Shopper-Id.
SHOPPER_HEADER: Final = "HTTP_X_SHOPPER_ID"
SHOPPER_ID: Final = re.compile(r"[!-~]{1,64}")


class ShopperIdInvalid(DomainError):
    code: ClassVar[str] = "shopper_id_invalid"
    status: ClassVar[int] = 400
    message: Any = _("Send a shopper's id of 1 to 64 letters, digits and signs of ASCII, without a space.")


class SecretKeyNeeded(DomainError):
    code: ClassVar[str] = "secret_key_needed"
    status: ClassVar[int] = 403
    message: Any = _("Only a secret key may name a shopper. Call from your server.")


def shopper_name(shop: str, shopper_id: str) -> str:
    """Return the requester that a shopper of a shop is. The same id is another shopper in another shop."""
    return f"{SHOPPER}{uuid5(UUID(shop.removeprefix(SHOP)), shopper_id)}"


def name_of_erased(shopper: str, day: date) -> str:
    """Return the name for the calls of an erased shopper, which counts the credits of this day only.

    Else who erases themselves would begin with a new limit. Without our secret nobody can tell whose it is.
    """
    digest = salted_hmac(SHOPPER, f"{day} {shopper}", algorithm="sha256").hexdigest()[:32]
    return f"{ERASED_SHOPPER}{digest}"


def as_shopper(caller: Caller, shopper_id: str) -> Caller:
    """Return the shopper for whom a secret key asks. Raise ShopperIdInvalid and SecretKeyNeeded."""
    if caller.is_publishable or not caller.is_shop:
        raise SecretKeyNeeded
    if not SHOPPER_ID.fullmatch(shopper_id):
        raise ShopperIdInvalid
    abilities = SHOPPING if caller.is_manager else caller.abilities & SHOPPING
    name = shopper_name(caller.shop, shopper_id)
    return replace(caller, requester=name, is_manager=False, abilities=abilities)
