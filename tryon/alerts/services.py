"""Alerts for the people who watch them: the open ones, the latest, the channels, and a test."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from django.db import transaction

from config.core import clock
from tryon.alerts.channels import channels_for
from tryon.alerts.models import Alert, Channel, Message, News
from tryon.alerts.rules import RULES, TEST, Rule, Severity, rule_of
from tryon.alerts.words import sentence_of
from tryon.engine import queue

MOST_SHOWN: Final = 100
LATEST: Final = 20


@dataclass(frozen=True, slots=True)
class Shown:
    """An alert as the page shows it. ``messages`` are those of each channel, the news of its end last."""

    row: Alert
    label: Any
    sentence: str
    is_critical: bool
    messages: list[Message]


def open_alerts() -> list[Shown]:
    """Return the alerts that last, the newest first. Trouble that may pass is not one yet."""
    rows = Alert.objects.filter(resolved_at=None, raised_at__isnull=False)
    return [*shown(rows.order_by("-raised_at", "-id")[:MOST_SHOWN])]


def latest_alerts() -> list[Shown]:
    """Return the alerts that were over last, and tests."""
    return [*shown(Alert.objects.filter(resolved_at__isnull=False).order_by("-resolved_at")[:LATEST])]


def shown(rows: Any) -> Iterator[Shown]:
    """Yield alerts as the page shows them."""
    for row in rows.prefetch_related("messages"):
        rule = rule_of(row.name)
        messages = sorted(row.messages.all(), key=lambda message: message.pk)
        yield Shown(row, rule.label, sentence_of(row), rule.severity == Severity.CRITICAL, messages)


def rules() -> list[Rule]:
    """Return all rules."""
    return [*RULES.values()]


def channels() -> list[str]:
    """Return the labels of the channels that are set up for operators."""
    return [str(Channel(name).label) for name in sorted(channels_for(TEST))]


def test_send(person: str) -> int:
    """Have a worker send a test to each channel. Return the number of channels, 0 for none."""
    names = channels_for(TEST)
    if not names:
        return 0
    now = clock.now()
    with transaction.atomic():
        facts = {"person": person}
        row = Alert.objects.create(name=TEST.name, facts=facts, raised_at=now, resolved_at=now)
        Message.objects.bulk_create(
            Message(alert=row, channel=name, news=News.RAISED) for name in sorted(names)
        )
    queue.enqueue_alerts()
    return len(names)
