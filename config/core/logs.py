"""Structured log lines through structlog: one line for each event, as JSON or readable text.

Each line has the values that are bound to the context at that time (``request_id``, ``job_id``).
"""

import logging
import logging.config
from collections.abc import Iterable, MutableMapping
from typing import Any, Final

import structlog

from config.core.redaction import REDACTOR, each_string, printable

type Event = MutableMapping[str, Any]

# They have handlers of their own, which would write addresses past our door.
OF_SERVERS: Final = ("_granian", "granian.access", "gunicorn.access", "gunicorn.error")
# At DEBUG they write addresses with their queries, headers and signatures.
TALKATIVE: Final = ("boto3", "botocore", "s3transfer", "urllib3")
WITH_LINES: Final = ("exception", "stack")


def drop_request(_logger: object, _method: str, event: Event) -> Event:
    """Drop the request that Django adds to its lines: its text is the path and the query."""
    event.pop("request", None)
    return event


def hide_secrets(_logger: object, _method: str, event: Event) -> Event:
    """Hide secrets in every field, the last guard before the log file."""
    return {name: REDACTOR.named(name, value) for name, value in event.items()}


def escape_control_characters(_logger: object, _method: str, event: Event) -> Event:
    """Keep what a stranger sent from moving the reader's cursor or beginning a line of its own."""

    def escaped(name: str, value: Any) -> Any:
        return each_string(value, lambda text: printable(text, lines=name in WITH_LINES))

    return {printable(name): escaped(name, value) for name, value in event.items()}


def formatter_of(log_format: str) -> structlog.stdlib.ProcessorFormatter:
    """Return the formatter of ``json`` or ``text`` lines, for records of structlog and of others."""
    door: list[Any] = [
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        # Plain tracebacks: the default prints every frame's local variables, with keys and addresses.
        structlog.processors.format_exc_info,
        hide_secrets,
    ]
    if log_format == "json":
        door.append(structlog.processors.JSONRenderer())
    else:
        plain = structlog.dev.plain_traceback
        door += [
            escape_control_characters,
            structlog.dev.ConsoleRenderer(colors=False, exception_formatter=plain),
        ]
    return structlog.stdlib.ProcessorFormatter(processors=door, foreign_pre_chain=_shared())


def configure_logging(*, log_format: str, level: str, secrets: Iterable[str] = ()) -> None:
    """Send structlog's and the standard library's records to standard error as ``json`` or ``text``.

    ``secrets`` are values that no line may have.
    """
    REDACTOR.tell(secrets)
    # No line has them, and each record would look them up.
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    ours = {"handlers": ["stderr"], "propagate": False}
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {"structured": {"()": formatter_of, "log_format": log_format}},
            "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "structured"}},
            "root": {"handlers": ["stderr"], "level": level},
            "loggers": {
                # The request middleware writes one line for each request. Django's own would be a second.
                "django.request": {"level": "ERROR"},
                "django.server": {"level": "WARNING"},
                # RQ reports every task twice at INFO.
                "rq": {"level": "WARNING"},
                "PIL": {"level": "WARNING"},
                **{name: {"level": "INFO"} for name in TALKATIVE},
                **dict.fromkeys(OF_SERVERS, ours),
            },
        }
    )
    structlog.configure(
        processors=[*_shared(), structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )


def _shared() -> list[Any]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        drop_request,
    ]
