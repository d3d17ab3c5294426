"""One round: raise what is found, resolve what is over. Two rounds at a time do no harm."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

import structlog
from django.db import DatabaseError, IntegrityError, transaction
from redis import RedisError

from config.core import clock
from config.core.constraints import violates
from tryon.alerts.channels import channels_for
from tryon.alerts.finds import Finding, Readings
from tryon.alerts.models import Alert, Message, News
from tryon.alerts.rules import RULES, Rule, rule_of
from tryon.metrics.models import Heartbeat

logger = structlog.stdlib.get_logger(__name__)

# Trouble that comes and goes is one alert.
QUIET_FOR: Final = timedelta(minutes=3)
NOTED_EACH: Final = timedelta(minutes=1)
ROUNDS: Final = "alerts"
LATE: Final = timedelta(minutes=2)
KEPT: Final = timedelta(days=90)


def go_round() -> None:
    """Ask all rules, note the alerts that begin and end, and what is to be told of them."""
    now = Readings()
    for rule in RULES.values():
        try:
            findings = rule.find(now)
        except (DatabaseError, RedisError) as error:
            logger.warning("alert_rule_failed", alert=rule.name, error=type(error).__name__)
            continue
        if findings is not None:
            note_findings(rule, findings)
    note_messages()
    Heartbeat.objects.update_or_create(process=ROUNDS, defaults={"at": clock.now()})
    Alert.objects.filter(resolved_at__lt=clock.now() - KEPT).delete()


def are_rounds_late() -> bool:
    """Return whether no round has ended for a while, after the first one. Raise DatabaseError."""
    at = Heartbeat.objects.filter(process=ROUNDS).values_list("at", flat=True).first()
    return at is not None and clock.now() - at > LATE


def note_findings(rule: Rule, findings: Iterable[Finding]) -> None:
    """Open, keep open, raise and resolve the alerts of a rule."""
    at = clock.now()
    still_open = {row.subject: row for row in Alert.objects.filter(name=rule.name, resolved_at=None)}
    for finding in findings:
        row = still_open.pop(finding.subject, None) or opened(rule, finding, at)
        mine = Alert.objects.filter(pk=row.pk, resolved_at=None)
        if row.facts != finding.facts or at - row.seen_at >= NOTED_EACH:
            mine.update(seen_at=at, facts=dict(finding.facts))
        if row.raised_at is None and at - row.since >= rule.patience and mine.update(raised_at=at):
            logger.warning("alert_raised", alert=rule.name, subject=row.subject)
    for row in still_open.values():
        if row.raised_at is None:
            Alert.objects.filter(pk=row.pk, raised_at=None).delete()
        elif at - row.seen_at >= QUIET_FOR:
            resolve(row, at)


def opened(rule: Rule, finding: Finding, at: datetime) -> Alert:
    """Return the open alert about a trouble, which another round may just have made."""
    try:
        with transaction.atomic():
            return Alert.objects.create(
                name=rule.name, subject=finding.subject, facts=dict(finding.facts), since=at, seen_at=at
            )
    except IntegrityError as error:
        if not violates(error, Alert, "alert_open_once"):
            raise
        return Alert.objects.get(name=rule.name, subject=finding.subject, resolved_at=None)


def resolve(row: Alert, at: datetime) -> None:
    """Close an alert. Who was told of it is told of its end, and who was not hears nothing."""
    with transaction.atomic():
        if not Alert.objects.filter(pk=row.pk, resolved_at=None, seen_at=row.seen_at).update(resolved_at=at):
            return
        row.messages.filter(news=News.RAISED, sent_at=None).delete()
        told = row.messages.filter(news=News.RAISED, sent_at__isnull=False)
        if rule_of(row.name).tells_recovery:
            Message.objects.bulk_create(
                Message(alert=row, channel=channel, news=News.RESOLVED)
                for channel in told.values_list("channel", flat=True)
            )
    logger.info("alert_resolved", alert=row.name, subject=row.subject)


def note_messages() -> None:
    """Have each channel tell of each open alert, also a channel that was set up after it was raised."""
    rows = Alert.objects.filter(resolved_at=None, raised_at__isnull=False)
    missing = [
        Message(alert=row, channel=channel, news=News.RAISED)
        for row in rows.prefetch_related("messages")
        for channel in channels_for(rule_of(row.name)) - {message.channel for message in row.messages.all()}
    ]
    Message.objects.bulk_create(missing, ignore_conflicts=True)
