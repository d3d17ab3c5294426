"""Calls from pages of other origins: the shops' own, and no others (django-cors-headers asks here).

Such a page may read a picture too: it puts the AI label on the file that its shopper keeps.
"""

from typing import Any, Final

from corsheaders.signals import check_request_enabled
from django.dispatch import receiver
from django.http import HttpRequest

from config.shops.keys import allowed_origins
from config.shops.middleware import API

FOR_SHOPS: Final = (API, "/media/")


@receiver(check_request_enabled, dispatch_uid="origins of shops")
def is_of_shop(sender: Any, request: HttpRequest, **_more: Any) -> bool:
    """Return whether a browser may show the answer to the page that asks."""
    origin: str | None = request.META.get("HTTP_ORIGIN")
    return origin is not None and request.path_info.startswith(FOR_SHOPS) and origin in allowed_origins()
