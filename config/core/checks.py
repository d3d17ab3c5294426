"""System checks: report a wrong configuration at the start, not at night."""

from collections.abc import Sequence
from typing import Any, Final

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register

# S3's own limit is seven days. A URL may work a little longer than asked for.
MAX_SIGNED_URL_SECONDS: Final = 7 * 24 * 3600 - 600


@register(Tags.caches)
def check_storage(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Report half an S3 configuration: it would keep pictures on local disk, or fail at the first upload."""
    if not settings.S3_BUCKET and any(
        (settings.S3_ACCESS_KEY, settings.S3_SECRET_KEY, settings.S3_ENDPOINT, settings.S3_PUBLIC_ENDPOINT)
    ):
        return [Error("S3 settings are set, but S3_BUCKET is not.", hint="Set S3_BUCKET.", id="core.E001")]
    if bool(settings.S3_ACCESS_KEY) != bool(settings.S3_SECRET_KEY):
        return [
            Error(
                "Only one of S3_ACCESS_KEY and S3_SECRET_KEY is set.",
                hint="Set both, or neither to use the machine's own role.",
                id="core.E002",
            )
        ]
    if settings.SIGNED_URL_SECONDS > MAX_SIGNED_URL_SECONDS:
        return [
            Error(
                "SIGNED_URL_SECONDS is more than a week.",
                hint="Anyone who has a picture's URL can open it until then. An hour is enough for a shop.",
                id="core.E003",
            )
        ]
    return []


@register(Tags.security, deploy=True)
def check_public_address(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Report a missing address: shoppers' browsers have to reach the shop."""
    if settings.PUBLIC_BASE_URL:
        return []
    return [
        Warning(
            "PUBLIC_BASE_URL is not set.",
            hint="Set the https address that shoppers reach, such as https://tryon.example.com.",
            id="core.W001",
        )
    ]
