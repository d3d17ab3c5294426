"""Fill the demo's database. A second run is harmless: it keeps existing rows as they are."""

from typing import Final

from django.contrib.auth.models import User

from config.shops.keys import digest_of, key_issue
from config.shops.models import ApiKey
from models_library.models import ModelImage
from models_library.services import ModelImageDuplicate, model_image_create
from tryon.catalogue.services import photo_add
from tryon.demo.library import MODELS, PRODUCTS
from tryon.demo.storefront import demo_shop
from tryon.selectors.photos import catalogue

KEY_NAME: Final = "Demo"


def login_ensure(username: str, password: str) -> None:
    """A superuser with this password: the one that the demo prints has to work."""
    user, _ = User.objects.get_or_create(username=username)
    user.is_staff = user.is_superuser = user.is_active = True
    if not user.check_password(password):
        user.set_password(password)
    user.save()


def api_key_ensure(text: str) -> None:
    """An active manager's key with this text, so that every example of the docs works with it."""
    if not ApiKey.objects.filter(digest=digest_of(text)).update(is_active=True, is_manager=True):
        key_issue(name=KEY_NAME, key=text, shop=demo_shop(), is_manager=True)


def test_key_ensure(text: str) -> None:
    """An active test key with this text, of the demo's shop."""
    if not ApiKey.objects.filter(digest=digest_of(text)).update(is_active=True):
        key_issue(name=f"{KEY_NAME}, tests", key=text, shop=demo_shop(), is_test=True)


def models_ensure() -> int:
    """Add the model photos whose names the library does not have; return how many."""
    known = set(ModelImage.objects.values_list("name", flat=True))
    added = 0
    for photo in MODELS:
        if photo.name in known:
            continue
        try:
            with photo.path.open("rb") as file:
                model_image_create(file=file, name=photo.name, category=photo.category, tags=photo.tags)
        except ModelImageDuplicate:
            continue  # it was given another name
        added += 1
    return added


def products_ensure() -> int:
    """Add the product photos that the catalogue does not have; return how many."""
    known = set(catalogue().values_list("product_id", flat=True))
    missing = [photo for photo in PRODUCTS if photo.product_id not in known]
    for photo in missing:
        with photo.path.open("rb") as file:
            photo_add(file=file, product_id=photo.product_id, metadata={"name": photo.name})
    return len(missing)
