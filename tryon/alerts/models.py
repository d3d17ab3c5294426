"""Alerts, and the messages about them."""

from typing import ClassVar, override

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from config.core import clock


class News(models.TextChoices):
    """The two things that people are told of an alert."""

    RAISED = "raised", _("Raised")
    RESOLVED = "resolved", _("Resolved")


class Channel(models.TextChoices):
    """The ways to people. A stored value never changes its meaning."""

    EMAIL = "email", _("E-mail")
    WEBHOOK = "webhook", _("Webhook")
    KEEPERS = "keepers", _("E-mail to merchandisers")


class Alert(models.Model):
    """Trouble of one kind with one subject: an account, a lane, a code, a photo.

    A trouble that is noticed is no alert before its rule's patience is over: then ``raised_at`` is set.
    ``seen_at`` is the last time that the rule found it. An open one is told of once.
    """

    name = models.CharField(_("alert"), max_length=40)
    subject = models.CharField(_("subject"), max_length=120, blank=True)
    facts = models.JSONField(_("facts"), default=dict, blank=True)
    since = models.DateTimeField(_("since"), default=clock.now)
    seen_at = models.DateTimeField(_("last seen"), default=clock.now)
    raised_at = models.DateTimeField(_("raised"), null=True, blank=True)
    resolved_at = models.DateTimeField(_("resolved"), null=True, blank=True)

    class Meta:
        verbose_name = _("alert")
        verbose_name_plural = _("alerts")
        default_permissions = ("view", "change")
        ordering: ClassVar = ["-since", "-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["name", "subject"], condition=Q(resolved_at=None), name="alert_open_once"
            )
        ]
        indexes: ClassVar = [models.Index(fields=["-resolved_at"], name="alert_latest")]

    @override
    def __str__(self) -> str:
        return f"{self.name} {self.subject}".strip()


class Message(models.Model):
    """News of an alert for one channel. A row waits until it is sent, however often that fails.

    ``next_at`` is when it is tried, and empty once it is sent or given up. Who moves it on by a conditional
    UPDATE sends it.
    """

    alert = models.ForeignKey(
        Alert, on_delete=models.CASCADE, related_name="messages", verbose_name=_("alert")
    )
    channel = models.CharField(_("channel"), max_length=10, choices=Channel)
    news = models.CharField(_("news"), max_length=10, choices=News)
    next_at = models.DateTimeField(_("next try"), null=True, blank=True, default=clock.now)
    attempts = models.PositiveSmallIntegerField(_("tries"), default=0)
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True)
    problem = models.CharField(_("problem"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        default_permissions = ()
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["alert", "channel", "news"], name="alert_message_once")
        ]
        indexes: ClassVar = [
            models.Index(fields=["next_at"], condition=Q(next_at__isnull=False), name="alert_message_due")
        ]

    @override
    def __str__(self) -> str:
        return f"{self.channel} {self.news}"
