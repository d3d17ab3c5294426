"""System checks of FASHN's address and key, which every try-on needs."""

from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import urlsplit

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.utils.translation import gettext as _

# Nothing counts the tries at /metrics, so that its token must be out of reach of all guesses.
LEAST_TOKEN: Final = 16


@register(Tags.security)
def check_metrics_token(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Warn about a token of the metrics that may be guessed."""
    if 0 < len(settings.METRICS_TOKEN) < LEAST_TOKEN:
        return [
            Warning(
                _("METRICS_TOKEN is short: it can be guessed."),
                hint=_("Set a random text of %(count)d characters or more.") % {"count": LEAST_TOKEN},
                id="tryon.W005",
            )
        ]
    return []


@register(Tags.security)
def check_provider(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Warn about a FASHN address to which the key would travel unencrypted."""
    parts = urlsplit(settings.FASHN_API_URL)
    if parts.scheme == "http" and parts.hostname not in {"localhost", "127.0.0.1", "::1"}:
        return [
            Warning(
                _("FASHN_API_URL sends the API key over plain http to another machine."),
                hint=_("Use https, or keep the sandbox on this machine."),
                id="tryon.W001",
            )
        ]
    return []


@register(Tags.security)
def check_test_account(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Refuse FASHN's own address for test keys: their try-ons would cost credits that no budget counts."""
    host, live = urlsplit(settings.TEST_FASHN_URL).netloc, urlsplit(settings.FASHN_API_URL).netloc
    if host and (host == live or f".{host.partition(':')[0]}".endswith(".fashn.ai")):
        return [
            Error(
                _("TEST_FASHN_URL leads to FASHN: what costs nothing with a test key would cost credits."),
                hint=_("Start a sandbox for test keys (docs/sandbox.md), or leave TEST_FASHN_URL empty."),
                id="tryon.E001",
            )
        ]
    return []


@register(Tags.security, deploy=True)
def check_production(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Warn about settings that the demo can do without but a shop can't."""
    messages: list[CheckMessage] = []
    if not (settings.FASHN_API_KEY or any(settings.FASHN_API_KEYS)):
        messages.append(
            Warning(
                _("FASHN_API_KEY is not set: every try-on will wait."), hint=_("Set it."), id="tryon.W002"
            )
        )
    if settings.FASHN_API_KEY and settings.FASHN_API_KEY in settings.FASHN_API_KEYS:
        messages.append(
            Warning(
                _("FASHN_API_KEYS has the key of FASHN_API_KEY again: two limits are kept for one account."),
                hint=_("Keep FASHN_API_KEYS for the keys of further accounts."),
                id="tryon.W004",
            )
        )
    if settings.DEMO_SHOP:
        messages.append(
            Warning(
                _("DEMO_SHOP is on: anyone who opens /demo/ can spend credits."),
                hint=_("Turn it off."),
                id="tryon.W003",
            )
        )
    return messages
