"""Structured log lines through structlog: one line for each event, as JSON or readable text.

Each line has the values that are bound to the context at that time (``request_id``, ``job_id``).
"""

import logging.config
from collections.abc import MutableMapping
from typing import Any

import structlog

SECRET_FIELDS = frozenset({"authorization", "api_key", "key", "password", "token", "secret"})


def hide_secrets(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Hide fields that are named like secrets. This is the last guard before the log file.

    Django adds the request to its own lines, and its text holds the query: signatures, or a webhook's token.
    """
    event.pop("request", None)
    for field in SECRET_FIELDS & event.keys():
        event[field] = "[hidden]"
    return event


def configure_logging(*, log_format: str, level: str) -> None:
    """Send structlog's and the standard library's records to standard error as ``json`` or ``text``."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        hide_secrets,
    ]
    # Plain tracebacks: the default prints every frame's local variables, with keys and addresses.
    renderer: Any = structlog.dev.ConsoleRenderer(
        colors=False, exception_formatter=structlog.dev.plain_traceback
    )
    if log_format == "json":
        shared.append(structlog.processors.format_exc_info)
        renderer = structlog.processors.JSONRenderer()
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {
                "structured": {
                    "()": structlog.stdlib.ProcessorFormatter,
                    "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
                    "foreign_pre_chain": shared,
                }
            },
            "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "structured"}},
            "root": {"handlers": ["stderr"], "level": level},
            "loggers": {
                # The request middleware writes one line for each request. Django's own would be a second.
                "django.request": {"level": "ERROR"},
                "django.server": {"level": "WARNING"},
                # RQ reports every task twice at INFO.
                "rq": {"level": "WARNING"},
                "PIL": {"level": "WARNING"},
                # It writes paths with their queries, and so webhook tokens, at DEBUG.
                "urllib3": {"level": "INFO"},
            },
        }
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
