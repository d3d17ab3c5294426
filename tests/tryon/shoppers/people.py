"""A shop's server that asks for one of its shoppers."""

from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from config.shops.keys import key_issue
from config.shops.models import Shop
from tests import images
from tests.conftest import Api


def shopper(name: str, *, shop: str = "Owner", **fields: Any) -> Api:
    """Return the server of a shop, with a key of its own, that asks for the shopper with this id."""
    found = Shop.objects.get_or_create(name=shop)[0]
    api = Api(key_issue(name=f"Key for {name}", shop=found, **fields)[1])
    api.client.defaults["HTTP_X_SHOPPER_ID"] = name
    return api


def send_photo(api: Api, content: bytes | None = None, **fields: Any) -> Any:
    """Upload a photo of the shopper's."""
    content = images.model_photo(images.SMALL_PORTRAIT) if content is None else content
    file = SimpleUploadedFile("me.jpg", content, content_type="image/jpeg")
    return api.form("shopper-photos", **{"file": file, "consentVersion": "2026-12", **fields})
