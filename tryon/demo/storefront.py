"""The demo shop as a shop of the API: its row, its publishable key, and the origins of its page."""

from contextlib import suppress
from typing import Final

from django.db import IntegrityError, transaction
from django.utils.crypto import salted_hmac

from config.shops.keys import DEMO_SHOP_ID, digest_of, key_issue, shop_forget
from config.shops.models import ApiKey, Kind, Shop
from config.shops.texts import PUBLISHABLE, RANDOM_LETTERS, base62, with_checksum

SHOP_NAME: Final = "Demo shop"
SHOPPER_CREDITS: Final = 30  # a day, until somebody changes it in the admin
MOST_ORIGINS: Final = 20


def demo_shop() -> Shop:
    """Return the demo's shop. The first call makes it."""
    defaults = {"name": SHOP_NAME, "shopper_daily_credits": SHOPPER_CREDITS}
    return Shop.objects.get_or_create(pk=DEMO_SHOP_ID, defaults=defaults)[0]


def publishable_text() -> str:
    """Return the text of the page's key, the same on all machines: a row keeps only the hash of a key."""
    seed = salted_hmac(SHOP_NAME, str(DEMO_SHOP_ID), algorithm="sha256").digest()
    return with_checksum(f"{PUBLISHABLE}live_{base62(int.from_bytes(seed), RANDOM_LETTERS)}")


def publishable_key_for(origin: str) -> str:
    """Return the page's key, which opens sessions at this origin. The first call makes it.

    It stays as it is when somebody has deactivated it.
    """
    text = publishable_text()
    key = ApiKey.objects.select_related("shop").filter(digest=digest_of(text)).first()
    shop = demo_shop() if key is None or key.shop is None else key.shop
    if key is None:
        with suppress(IntegrityError), transaction.atomic():  # another request may have made it
            key_issue(name="Demo shop's page", shop=shop, kind=Kind.PUBLISHABLE, key=text)
    if origin not in shop.allowed_origins:
        shop.allowed_origins = [*shop.allowed_origins, origin][-MOST_ORIGINS:]
        shop.save(update_fields=["allowed_origins"])
        shop_forget(shop)
    return text
