"""The support bundle of a job: a ZIP for who looks into its trouble.

It has no pictures, no keys, no signatures, no addresses and no shoppers: what goes in is named here, and all
of it goes through the redactor.
"""

import io
import json
import platform
import sys
import zipfile
from importlib.metadata import version
from typing import Any, Final
from urllib.parse import urlsplit

from django.conf import settings
from django.db import connection
from django.db.models import Model

from config.core import clock
from config.core.redaction import REDACTOR
from tryon.accounts import accounts_of, concurrency_of, terms_of
from tryon.admin.what_next import what_next
from tryon.models import JobEvent, Prediction, TryOnJob
from tryon.services.operations import state_of

MOST_EVENTS: Final = 2_000
SHOPPER: Final = "[shopper]"

JOB_FIELDS: Final = (
    *("id", "status", "progress", "options", "cache_key", "lane", "price", "error_code", "error_message"),
    *("retry_count", "not_before", "lease_until", "next_check_at", "expected_at", "requester", "is_test"),
    *("account", "product_image_id", "model_image_id", "created_at", "updated_at", "started_at"),
    "completed_at",
)
CALL_FIELDS: Final = (
    *("id", "step", "model_name", "speed", "provider_id", "state", "account", "price", "credits_used"),
    *("error_name", "error_message", "created_at", "submitted_at", "finished_at", "rescue_at"),
)
# Each is a number, a switch or a word of ours. No name here may be a secret or an address.
SETTINGS: Final = (
    *("QUEUE_CONCURRENCY", "QUEUE_MAX_RETRIES", "QUEUE_RETRY_DELAY", "QUEUE_PER_REQUESTER"),
    *("TRYON_DAILY_LIMIT", "RESULT_TTL_DAYS", "STORAGE_LIMIT_GB", "DEBUG", "LOG_FORMAT", "LOG_LEVEL"),
    *("TIME_ZONE", "LANGUAGE_CODE"),
)
PACKAGES: Final = ("Django", "djangorestframework", "rq", "django-rq", "redis", "Pillow", "granian")
README: Final = """\
The support bundle of job {job}.

Pictures, keys, signatures, addresses and shoppers' ids are left out.
The service writes its log to its output and keeps none. To add the lines of this job, look for its id:

    grep {job} LOG
"""


def bundle(job: TryOnJob) -> bytes:
    """Return the ZIP."""
    calls = list(job.predictions.all())
    parts: dict[str, Any] = {
        "job.json": {**chosen(job, JOB_FIELDS), "is_private": job.is_private, "next": what_next(job, calls)},
        "predictions.json": [told(call) for call in calls],
        "events.json": [
            {"at": event.at, "kind": event.kind, "data": event.data} for event in latest_events(job)
        ],
        "governor.json": {account: state_of(account) for account in accounts_of(job.account)},
        "settings.json": {
            **{name: getattr(settings, name, None) for name in SETTINGS},
            "accountConcurrency": concurrency_of(job.account),
            "accountDailyLimit": terms_of(job.account).daily_limit,
        },
        "versions.json": versions(),
    }
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("README.txt", README.format(job=job.pk))
        for name, content in parts.items():
            archive.writestr(name, json.dumps(clean(content), indent=2, ensure_ascii=False))
    return file.getvalue()


def chosen(row: Model, fields: tuple[str, ...]) -> dict[str, Any]:
    """Return these fields of a row."""
    return {name: getattr(row, name) for name in fields}


def told(call: Prediction) -> dict[str, Any]:
    """Return a call with its answer, without the address of its picture: only the host tells something."""
    return {
        **chosen(call, CALL_FIELDS),
        "outputHost": host_of(call.output),
        "has_output": bool(call.output),
        "is_kept": bool(call.kept),
    }


def host_of(output: str) -> str:
    """Return the host that a picture is at, empty if it is at none."""
    try:
        return urlsplit(output).hostname or ""
    except ValueError:
        return ""


def latest_events(job: TryOnJob) -> list[JobEvent]:
    """Return the job's latest events, in the order in which they happened."""
    return list(reversed(job.events.order_by("-id")[:MOST_EVENTS]))


def versions() -> dict[str, str]:
    """Return what runs here."""
    return {
        "tryon-studio": str(settings.SPECTACULAR_SETTINGS["VERSION"]),
        "python": sys.version.split()[0],
        "system": platform.platform(),
        "database": connection.vendor,
        "at": clock.now().isoformat(),
        **{name: version(name) for name in PACKAGES},
    }


def clean(value: Any) -> Any:
    """Return a value without secrets and without shoppers, as JSON takes it."""
    return without_shoppers(REDACTOR.value(value))


def without_shoppers(value: Any) -> Any:
    """Return a value in which no shopper is named."""
    if isinstance(value, str):
        return SHOPPER if value.startswith("shopper:") else value
    if isinstance(value, dict):
        return {name: without_shoppers(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [without_shoppers(inner) for inner in value]
    return value
