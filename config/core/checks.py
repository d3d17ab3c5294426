"""System checks: report a wrong configuration at the start, not at night."""

from collections.abc import Iterator, Sequence
from typing import Any, Final
from urllib.parse import SplitResult, urlsplit

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.http.request import validate_host
from django.utils.translation import gettext as _

from config.core.doctor.machine import missing_static_files
from config.core.http.gate.rooms import LOGIN_THREADS, SEARCH_THREADS, UPLOAD_THREADS

# S3's own limit is seven days. A URL may work a little longer than asked for.
MAX_SIGNED_URL_SECONDS: Final = 7 * 24 * 3600 - 600

# The thread of a web process that does the workers' work while Redis is away.
SUBSTITUTES: Final = 1


@register(Tags.compatibility)
def check_pool(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Report a pool with fewer connections than a web process has threads: requests would wait for others."""
    pool = settings.DATABASES["default"].get("OPTIONS", {}).get("pool")
    others = UPLOAD_THREADS + LOGIN_THREADS + SEARCH_THREADS + SUBSTITUTES
    threads = settings.WEB_THREADS + others
    if not isinstance(pool, dict) or pool["max_size"] >= threads:
        return []
    return [
        Warning(
            _("DB_POOL_SIZE is %(size)s, but each web process has %(threads)s threads.")
            % {"size": pool["max_size"], "threads": threads},
            hint=_("Set DB_POOL_SIZE to %(threads)s or more: WEB_THREADS + %(others)s.")
            % {"threads": threads, "others": others},
            id="core.W003",
        )
    ]


@register(Tags.caches)
def check_storage(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Report half an S3 configuration: it would keep pictures on local disk, or fail at the first upload."""
    if not settings.S3_BUCKET and any(
        (settings.S3_ACCESS_KEY, settings.S3_SECRET_KEY, settings.S3_ENDPOINT, settings.S3_PUBLIC_ENDPOINT)
    ):
        return [
            Error(_("S3 settings are set, but S3_BUCKET is not."), hint=_("Set S3_BUCKET."), id="core.E001")
        ]
    if bool(settings.S3_ACCESS_KEY) != bool(settings.S3_SECRET_KEY):
        return [
            Error(
                _("Only one of S3_ACCESS_KEY and S3_SECRET_KEY is set."),
                hint=_("Set both, or neither to use the machine's own role."),
                id="core.E002",
            )
        ]
    if settings.SIGNED_URL_SECONDS > MAX_SIGNED_URL_SECONDS:
        return [
            Error(
                _("SIGNED_URL_SECONDS is more than a week."),
                hint=_(
                    "Anyone who has a picture's URL can open it until then. An hour is enough for a shop."
                ),
                id="core.E003",
            )
        ]
    return []


@register(Tags.staticfiles, deploy=True)
def check_static_files(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Report files that are not collected: a page that has one of them fails."""
    if not missing_static_files():
        return []
    return [
        Error(
            _("Static files of this release are missing in STATIC_ROOT."),
            hint=_("Run manage.py collectstatic --noinput."),
            id="core.E004",
        )
    ]


@register(Tags.security, deploy=True)
def check_public_address(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Report a missing address, and settings that keep its visitors out."""
    if settings.PUBLIC_BASE_URL:
        return list(_contradictions(urlsplit(settings.PUBLIC_BASE_URL)))
    return [
        Warning(
            _("PUBLIC_BASE_URL is not set."),
            hint=_("Set the https address that shoppers reach, such as https://tryon.example.com."),
            id="core.W001",
        )
    ]


def _contradictions(public: SplitResult) -> Iterator[CheckMessage]:
    host = public.netloc.removesuffix(f":{public.port}")
    if not validate_host(host, settings.ALLOWED_HOSTS):
        yield Error(
            _("ALLOWED_HOSTS does not have the host of PUBLIC_BASE_URL."),
            hint=_("Add it, or leave ALLOWED_HOSTS out."),
            id="core.E005",
        )
    if public.scheme == "https" and settings.SECURE_SSL_REDIRECT and not settings.TRUSTED_PROXIES:
        yield Warning(
            _(
                "PUBLIC_BASE_URL is https and TRUSTED_PROXIES is 0: "
                "behind a proxy, pages redirect to themselves."
            ),
            hint=_("Set TRUSTED_PROXIES=1, unless the web process ends TLS itself."),
            id="core.W002",
        )
