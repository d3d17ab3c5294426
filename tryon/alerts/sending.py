"""Send what waits, once each. A claim by a conditional UPDATE keeps a second sender off.

A sender that is killed between the sending and the note of it leaves a message that is sent once more, after
its claim has ended: nothing is lost.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

import structlog
from django.conf import settings
from django.utils import translation

from config.core import clock
from tryon.alerts.channels import SENDERS, NotSent
from tryon.alerts.models import Message
from tryon.alerts.rules import RULES, TEST, Severity

logger = structlog.stdlib.get_logger(__name__)

CLAIMED_FOR: Final = timedelta(minutes=3)  # more than the deadlines of a mail server and a webhook
FIRST_PAUSE: Final = timedelta(seconds=30)
LONGEST_PAUSE: Final = timedelta(minutes=10)
TRIED_FOR: Final = timedelta(days=1)  # once its alert is over
MOST: Final = 50
CRITICAL: Final = [TEST.name, *(rule.name for rule in RULES.values() if rule.severity == Severity.CRITICAL)]


def send_due() -> None:
    """Send all messages that are due, those of a channel together."""
    with translation.override(settings.LANGUAGE_CODE):
        for channel in SENDERS:
            if claimed := claim(channel):
                send(channel, claimed)


def claim(channel: str) -> list[Message]:
    """Return the messages of a channel that are now ours to send. In quiet hours only critical ones are."""
    now = clock.now()
    due = Message.objects.filter(channel=channel, next_at__lte=now).select_related("alert").order_by("pk")
    hours = settings.ALERT_QUIET_HOURS
    if hours is not None and hours.has(now):
        due = due.filter(alert__name__in=CRITICAL)
    return [message for message in due[:MOST] if is_mine(message, now)]


def is_mine(message: Message, now: datetime) -> bool:
    """Claim a message. Return False if another sender was faster, or its alert has just ended."""
    mine = Message.objects.filter(pk=message.pk, next_at=message.next_at, sent_at=None)
    return bool(mine.update(next_at=now + CLAIMED_FOR, attempts=message.attempts + 1))


def send(channel: str, messages: list[Message]) -> None:
    """Send claimed messages as one, and note what came of it."""
    problem = ""
    try:
        SENDERS[channel](messages)
    except NotSent as error:
        problem = str(error)
        logger.warning("alert_not_sent", channel=channel, problem=problem, alerts=len(messages))
    note(messages, problem)


def note(messages: Iterable[Message], problem: str) -> None:
    """Note that messages were sent, or when they are tried again."""
    now = clock.now()
    for message in messages:
        row = Message.objects.filter(pk=message.pk)
        if not problem:
            row.update(sent_at=now, next_at=None, problem="")
            continue
        ended = message.alert.resolved_at
        patience = timedelta(0) if message.alert.name == TEST.name else TRIED_FOR
        is_over = ended is not None and now - ended > patience and message.attempts >= 2
        pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(message.attempts, 10))
        row.update(next_at=None if is_over else now + pause, problem=problem[:200])
