"""The words of alerts, in the service's language, with the way to the runbook."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext, ngettext

from config.core.http.address import public_address
from tryon.alerts.models import Alert, Message, News
from tryon.alerts.rules import TEST, rule_of


class _Facts(dict[str, Any]):
    """Facts of an alert of another release may lack a name."""

    def __missing__(self, key: str) -> str:
        return "-"


def sentence_of(alert: Alert) -> str:
    """Return what the trouble is, with its numbers."""
    facts: Mapping[str, Any] = _Facts(alert.facts, subject=alert.subject)
    return str(rule_of(alert.name).sentence) % facts


def line_of(message: Message) -> str:
    """Return one line about an alert: raised or resolved, the sentence, and the runbook's part."""
    alert = message.alert
    if message.news == News.RESOLVED:
        return f"[{alert.name}] " + gettext("Over: %(what)s") % {"what": rule_of(alert.name).label}
    line = f"[{alert.name}] {sentence_of(alert)}"
    return line if alert.name == TEST.name else f"{line} {runbook_address(alert.name)}"


def subject_of(messages: Sequence[Message]) -> str:
    """Return the subject of an e-mail about alerts."""
    raised = [message.alert for message in messages if message.news == News.RAISED]
    if not raised:
        over = {str(rule_of(message.alert.name).label) for message in messages}
        return "Try-On Studio: " + gettext("Over: %(what)s") % {"what": ", ".join(sorted(over))}
    if len(raised) == 1:
        return f"Try-On Studio: {rule_of(raised[0].name).label}"
    return "Try-On Studio: " + ngettext("%(count)d alert", "%(count)d alerts", len(raised)) % {
        "count": len(raised)
    }


def text_of(messages: Sequence[Message]) -> str:
    """Return the text of an e-mail about alerts."""
    lines = "\n\n".join(map(line_of, messages))
    page = public_address("admin:alerts")
    return gettext("%(lines)s\n\nThis page shows all alerts:\n%(page)s") % {"lines": lines, "page": page}


def runbook_address(name: str) -> str:
    """Return the address of the runbook's part about an alert."""
    return f"{public_address('admin:runbook')}#{name}"
