"""The state that all workers on all machines share."""

from collections.abc import Mapping
from typing import ClassVar, override

from django.db import models
from django.utils.translation import gettext_lazy as _


class Account(models.TextChoices):
    """The queues of jobs, and the first account of each. ``test`` is a sandbox, which costs nothing.

    Further accounts of the live queue are named ``live-2``, ``live-3`` and so on.
    """

    LIVE = "live", _("Live")
    TEST = "test", _("Test")


def further_account(number: int) -> str:
    """Return the name of a further account of the live queue. They are numbered from 2."""
    return f"{Account.LIVE}-{number}"


def account_label(account: str) -> str:
    """Return an account's name for people."""
    first, _dash, number = account.partition("-")
    return f"{Account(first).label} {number}".strip()


class Pause(models.TextChoices):
    """The reason why no job starts until somebody or something resumes."""

    OPERATOR = "operator", _("Paused by an operator")
    OUT_OF_CREDITS = "out_of_credits", _("FASHN's credits are used up")
    UNAUTHORIZED = "unauthorized", _("FASHN does not accept the key")


class Governor(models.Model):
    """One row for each account. Every dispatch locks it, so that one worker at a time hands out its slots.

    The numbers of the rows are fixed, because an earlier release asks for number 1.
    """

    ROWS: ClassVar[Mapping[str, int]] = {Account.LIVE: 1, Account.TEST: 2}

    id = models.PositiveSmallIntegerField(primary_key=True, default=ROWS[Account.LIVE])
    account = models.CharField(
        _("account"),
        max_length=20,
        default=Account.LIVE,
        db_default=Account.LIVE,
        unique=True,
    )
    pause = models.CharField(_("pause"), max_length=20, choices=Pause, blank=True)
    probe_at = models.DateTimeField(
        _("probe at"), null=True, blank=True, help_text=_("When FASHN is asked whether it is over.")
    )
    held_until = models.DateTimeField(
        _("held until"), null=True, blank=True, help_text=_("No job is started before this time.")
    )
    held_reason = models.CharField(_("held because"), max_length=60, blank=True)
    lowered_to = models.PositiveSmallIntegerField(_("slots lowered to"), null=True, blank=True)
    lowered_at = models.DateTimeField(_("slots lowered at"), null=True, blank=True)
    failures = models.PositiveSmallIntegerField(
        _("failures in a row"), default=0, help_text=_("Submissions that FASHN could not take.")
    )
    open_until = models.DateTimeField(
        _("circuit open until"), null=True, blank=True, help_text=_("FASHN is not asked before this time.")
    )
    refusals = models.PositiveSmallIntegerField(
        _("refusals in a row"),
        default=0,
        db_default=0,
        help_text=_("Times that FASHN took no more, with nothing accepted since."),
    )
    status_calls = models.JSONField(
        _("status calls"),
        default=dict,
        db_default=models.Value({}, models.JSONField()),
        help_text=_("Calls in each of the last seconds."),
    )
    credits_at_fashn = models.PositiveIntegerField(
        _("credits at FASHN"),
        null=True,
        blank=True,
        help_text=_("While they do not pay for all that is queued: jobs that cost more wait."),
    )

    key_mark = models.CharField(
        _("mark of the key"), max_length=16, blank=True, default="", db_default="", editable=False
    )

    class Meta:
        verbose_name = _("operations")
        verbose_name_plural = _("operations")
        default_permissions = ["view"]
        permissions = [
            ("pause_service", _("Can pause and resume try-ons")),
            ("operate_queues", _("Can open and operate the RQ dashboard")),
        ]

    @override
    def __str__(self) -> str:
        return self.pause or self.held_reason or "open"

    @classmethod
    def row_of(cls, account: str) -> int:
        """Return the number of an account's row: those of further accounts follow the first ones."""
        return cls.ROWS.get(account) or int(account.rpartition("-")[2]) + 1
