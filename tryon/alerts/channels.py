"""The ways to people: e-mail to operators, a webhook as Slack takes it, e-mail to the library's keepers."""

import http.client
import json
from collections.abc import Callable, Sequence
from html import escape
from smtplib import SMTPException
from typing import Final

from django.conf import settings
from django.core.mail import send_mail
from urllib3.exceptions import HTTPError

from config.core.outgoing.guard import AddressRefused
from config.core.outgoing.post import post_json
from models_library.alerts import releases_tell
from tryon.alerts.models import Channel, Message
from tryon.alerts.rules import Rule
from tryon.alerts.words import line_of, subject_of, text_of


class NotSent(Exception):
    """A channel did not take a message. The text says why, without addresses."""


def channels_for(rule: Rule) -> set[str]:
    """Return the channels that are set up and tell of a rule's alerts."""
    found = set()
    if settings.EMAIL_SERVER and settings.ALERT_EMAILS:
        found.add(Channel.EMAIL.value)
    if settings.ALERT_WEBHOOK_URL:
        found.add(Channel.WEBHOOK.value)
    if settings.EMAIL_SERVER and rule.to_keepers:
        found.add(Channel.KEEPERS.value)
    return found


def send_email(messages: Sequence[Message]) -> None:
    """Send one e-mail to all ALERT_EMAILS. Raise NotSent."""
    try:
        send_mail(subject_of(messages), text_of(messages), None, settings.ALERT_EMAILS)
    except (SMTPException, OSError) as error:
        raise NotSent(type(error).__name__) from error


def send_webhook(messages: Sequence[Message]) -> None:
    """Post one text to ALERT_WEBHOOK_URL, as Slack, Mattermost and others take it. Raise NotSent."""
    text = "\n".join([subject_of(messages), *map(line_of, messages)])
    # A name such as "<!channel>" would call everybody.
    body = json.dumps({"text": escape(text, quote=False)}).encode()
    try:
        status = post_json(settings.ALERT_WEBHOOK_URL, body, inside=settings.ALERT_WEBHOOK_HOSTS)
    except (AddressRefused, OSError, HTTPError, http.client.HTTPException) as error:
        raise NotSent(type(error).__name__) from error
    if not 200 <= status < 300:
        raise NotSent(f"HTTP {status}")


def send_keepers(messages: Sequence[Message]) -> None:
    """Tell the people who keep the library of releases, each in their language. Raise NotSent."""
    if not releases_tell([message.alert.facts.get("id", "") for message in messages]):
        raise NotSent("nobody")


SENDERS: Final[dict[str, Callable[[Sequence[Message]], None]]] = {
    Channel.EMAIL: send_email,
    Channel.WEBHOOK: send_webhook,
    Channel.KEEPERS: send_keepers,
}
