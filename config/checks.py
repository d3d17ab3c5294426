"""System checks: a wrong configuration is a line at start-up, not a surprise at night."""

from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import urlsplit

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register

# S3's own limit is seven days; a URL may work a little longer than asked for.
MAX_SIGNED_URL_SECONDS: Final = 7 * 24 * 3600 - 600


@register(Tags.security)
def check_provider(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """The FASHN address must be one that a key can safely be sent to."""
    parts = urlsplit(settings.FASHN_API_URL)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        return [
            Error(
                "FASHN_API_URL is not an http or https address.",
                hint="Leave it out to use FASHN, or set the sandbox's address.",
                id="tryon.E001",
            )
        ]
    if parts.scheme == "http" and parts.hostname not in {"localhost", "127.0.0.1", "::1"}:
        return [
            Warning(
                "FASHN_API_URL sends the API key over plain http to another machine.",
                hint="Use https, or keep the sandbox on this machine.",
                id="tryon.W001",
            )
        ]
    return []


@register(Tags.caches)
def check_storage(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Half an S3 configuration would quietly keep pictures on local disk, or fail at the first upload."""
    if not settings.S3_BUCKET and (settings.S3_ACCESS_KEY or settings.S3_SECRET_KEY or settings.S3_ENDPOINT):
        return [Error("S3 settings are given without S3_BUCKET.", hint="Set S3_BUCKET.", id="tryon.E002")]
    if bool(settings.S3_ACCESS_KEY) != bool(settings.S3_SECRET_KEY):
        return [
            Error(
                "Only one of S3_ACCESS_KEY and S3_SECRET_KEY is set.",
                hint="Set both, or neither to use the machine's own role.",
                id="tryon.E003",
            )
        ]
    if settings.SIGNED_URL_SECONDS > MAX_SIGNED_URL_SECONDS:
        return [
            Error(
                "SIGNED_URL_SECONDS is more than a week.",
                hint="Whoever has a picture's URL can see it that long. An hour is enough for a shop.",
                id="tryon.E004",
            )
        ]
    return []


@register(Tags.security, deploy=True)
def check_production(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """What the embedded set-up does without and a shop should not."""
    messages: list[CheckMessage] = []
    if not settings.FASHN_API_KEY:
        messages.append(
            Warning("FASHN_API_KEY is not set: every try-on will wait.", hint="Set it.", id="tryon.W002")
        )
    if not settings.PUBLIC_BASE_URL:
        messages.append(
            Warning(
                "PUBLIC_BASE_URL is not set.",
                hint="Set the https address that shoppers reach, such as https://tryon.example.com.",
                id="tryon.W003",
            )
        )
    if settings.DEMO_SHOP:
        messages.append(
            Warning(
                "DEMO_SHOP is on: anyone who opens /demo/ can spend credits.",
                hint="Turn it off.",
                id="tryon.W004",
            )
        )
    return messages
