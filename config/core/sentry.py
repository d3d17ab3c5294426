"""Faults for Sentry, and a sign of life of cron and worker. Nothing of a person leaves the machine.

An event has the name of the log's line or the type of the exception, the lines of code, and the ids of the
request and the job, under which the log tells the rest. It has no texts of exceptions, values, addresses,
headers, bodies or users, because any of them may have a name or a picture's address in it.
"""

import logging
from typing import Any, Final

import sentry_sdk
import structlog
from django.core.exceptions import ImproperlyConfigured
from sentry_sdk.crons import capture_checkin
from sentry_sdk.crons.consts import MonitorStatus
from sentry_sdk.integrations.atexit import AtexitIntegration
from sentry_sdk.integrations.dedupe import DedupeIntegration
from sentry_sdk.integrations.excepthook import ExcepthookIntegration
from sentry_sdk.integrations.logging import LoggingIntegration
from sentry_sdk.types import Event, Hint
from sentry_sdk.utils import BadDsn

MONITOR: Final = "tryon-sweep"
FLUSH_SECONDS: Final = 2.0
# Of the values that are bound to the log's context.
TAGS: Final = ("request_id", "job_id")
# Of an event, what tells of code and not of people.
KEPT: Final = frozenset(
    {"event_id", "timestamp", "level", "logger", "platform", "release", "environment", "sdk", "type"}
)
KEPT_OF_FRAMES: Final = frozenset({"filename", "function", "module", "lineno", "in_app", "context_line"})


def configure_sentry(dsn: str, *, environment: str) -> None:
    """Send what is logged as an error to Sentry. Without a DSN nothing is sent."""
    if not dsn:
        return
    try:
        sentry_sdk.init(
            dsn=dsn,
            environment=environment,
            default_integrations=False,
            auto_enabling_integrations=False,
            integrations=[
                LoggingIntegration(level=None, event_level=logging.ERROR),
                ExcepthookIntegration(),
                DedupeIntegration(),
                AtexitIntegration(callback=lambda pending, timeout: None),
            ],
            max_breadcrumbs=0,
            include_local_variables=False,
            max_request_body_size="never",
            server_name="",
            before_send=without_people,
        )
    except BadDsn:
        example = "https://key@sentry.example/1"
        raise ImproperlyConfigured(f"SENTRY_DSN must be an address such as {example}.") from None


def without_people(event: Event, hint: Hint) -> Event | None:
    """Return an event with no more than its type, its code and its ids."""
    given: dict[str, Any] = dict(event)
    if given.get("type") == "check_in":
        return event
    bound = structlog.contextvars.get_contextvars()
    told: dict[str, Any] = {name: value for name, value in given.items() if name in KEPT}
    told["tags"] = {name: str(bound[name]) for name in TAGS if name in bound}
    if (record := hint.get("log_record")) is not None:
        told["logentry"] = {"message": event_name(record)}
    if exceptions := given.get("exception", {}).get("values"):
        told["exception"] = {"values": [code_of(one) for one in exceptions]}
    return told  # type: ignore[return-value]


def event_name(record: logging.LogRecord) -> str:
    """Return the name of a line of ours, or the pattern of another's, without what fills it in."""
    if isinstance(record.msg, dict):
        return str(record.msg.get("event", ""))
    return str(record.msg) if record.args else record.name


def code_of(exception: dict[str, Any]) -> dict[str, Any]:
    """Return the type of an exception and the lines of code, without its text."""
    frames = (exception.get("stacktrace") or {}).get("frames", [])
    return {
        "type": exception.get("type"),
        "module": exception.get("module"),
        "stacktrace": {
            "frames": [
                {name: value for name, value in frame.items() if name in KEPT_OF_FRAMES} for frame in frames
            ]
        },
    }


def check_in() -> None:
    """Tell Sentry that cron and worker live. If it hears nothing for five minutes, it alerts."""
    if not sentry_sdk.get_client().is_active():
        return
    capture_checkin(
        monitor_slug=MONITOR,
        status=MonitorStatus.OK,
        monitor_config={
            "schedule": {"type": "interval", "value": 1, "unit": "minute"},
            "checkin_margin": 5,
            "failure_issue_threshold": 1,
            "recovery_threshold": 1,
            "timezone": "UTC",
        },
    )


def flush() -> None:
    """Send what waits. A task's own process ends without waiting for the sender."""
    if sentry_sdk.get_client().is_active():
        sentry_sdk.flush(timeout=FLUSH_SECONDS)
