"""The rules: which trouble is an alert, from which threshold on, and what people read about it.

The name of a rule is the name of its part of the runbook.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Any, Final

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from tryon.alerts import finds
from tryon.alerts.finds import Look


class Severity(StrEnum):
    """A critical alert is sent in quiet hours too: try-ons stand still, or will soon."""

    WARNING = "warning"
    CRITICAL = "critical"


@dataclass(frozen=True, slots=True)
class Rule:
    """``find`` returns the trouble of now, None where it can't be known.

    ``sentence`` is filled in with the facts of the trouble, and ``subject``. What lasts for less than
    ``patience`` is not told. ``threshold`` is shown with the name of the setting behind it.
    """

    name: str
    severity: Severity
    label: Any
    sentence: Any
    find: Look
    patience: timedelta = timedelta(0)
    setting: str = ""
    threshold: Callable[[], object] = field(default=lambda: "")
    tells_recovery: bool = True
    to_keepers: bool = False

    @property
    def is_off(self) -> bool:
        """Return whether a setting of 0 turns the rule off."""
        return bool(self.setting) and not self.threshold()


def setting_of(name: str) -> dict[str, Any]:
    """Return the parts of a rule that show its setting."""
    return {"setting": name, "threshold": lambda: getattr(settings, name)}


_RULES: Final = (
    Rule(
        "queue_old",
        Severity.WARNING,
        _("Jobs wait too long"),
        _("The oldest queued job of the lane %(subject)s has waited for %(seconds)s s. %(jobs)s jobs wait."),
        finds.queue_old,
        **setting_of("ALERT_QUEUE_SECONDS"),
    ),
    Rule(
        "failure_rate",
        Severity.WARNING,
        _("Many jobs fail"),
        _("%(percent)s %% of the last hour's jobs failed with code %(subject)s: %(failed)s of %(ended)s."),
        finds.failure_rate,
        **setting_of("ALERT_FAILURE_PERCENT"),
    ),
    Rule(
        "dead_letters",
        Severity.WARNING,
        _("Dead letters"),
        _("%(jobs)s failed jobs wait for a person. A retry may cure them."),
        finds.dead_letters,
        **setting_of("ALERT_DEAD_LETTERS"),
    ),
    Rule(
        "credits_low",
        Severity.WARNING,
        _("Few credits are left"),
        _("%(credits)s credits are left on the account %(subject)s."),
        finds.credits_low,
        **setting_of("ALERT_CREDITS"),
    ),
    Rule(
        "credits_gone",
        Severity.CRITICAL,
        _("The credits are used up"),
        _("FASHN's credits of the account %(subject)s are used up. No jobs start on it."),
        finds.credits_gone,
    ),
    Rule(
        "circuit_open",
        Severity.CRITICAL,
        _("FASHN does not answer"),
        _("FASHN does not accept jobs of the account %(subject)s. Jobs wait and keep their retries."),
        finds.circuit_open,
    ),
    Rule(
        "key_refused",
        Severity.CRITICAL,
        _("FASHN refuses the key"),
        _("FASHN does not accept the key of the account %(subject)s. No jobs start on it."),
        finds.key_refused,
    ),
    Rule(
        "no_worker",
        Severity.CRITICAL,
        _("No worker"),
        _("No worker of the queue %(subject)s gives a sign of life."),
        finds.no_worker,
        patience=timedelta(minutes=2),  # a deploy takes less
    ),
    Rule(
        "no_cron",
        Severity.CRITICAL,
        _("No clock"),
        _("The clock process (cron) gives no sign of life, or no sweep has ended for %(seconds)s s."),
        finds.no_cron,
        patience=timedelta(minutes=2),
    ),
    Rule(
        "clock_off",
        Severity.WARNING,
        _("A clock is off"),
        _("The clock of the machine %(subject)s differs from the database's by %(seconds)s s."),
        finds.clock_off,
        **setting_of("ALERT_CLOCK_SECONDS"),
    ),
    Rule(
        "storage_80",
        Severity.WARNING,
        _("Storage fills up"),
        _("%(percent)s %% of the storage are in use."),
        finds.storage_80,
        **setting_of("STORAGE_LIMIT_GB"),
    ),
    Rule(
        "storage_95",
        Severity.CRITICAL,
        _("Storage is nearly full"),
        _("%(percent)s %% of the storage are in use. At 100 %% new photos are refused."),
        finds.storage_95,
        **setting_of("STORAGE_LIMIT_GB"),
    ),
    Rule(
        "budget_80",
        Severity.WARNING,
        _("Most of the day's credits are used"),
        _("%(percent)s %% of today's credits of the account %(subject)s are used: %(credits)s of %(limit)s."),
        finds.budget_80,
        **setting_of("TRYON_DAILY_LIMIT"),
    ),
    Rule(
        "budget_100",
        Severity.CRITICAL,
        _("The day's credits are used up"),
        _("Today's credits of the account %(subject)s are used up: %(credits)s of %(limit)s."),
        finds.budget_100,
        **setting_of("TRYON_DAILY_LIMIT"),
    ),
    Rule(
        "release_ends",
        Severity.WARNING,
        _("A release ends"),
        _("The release of the model photo %(photo)s ends or has ended. Its last day is %(until)s."),
        finds.release_ends,
        tells_recovery=False,
        to_keepers=True,
    ),
    Rule(
        "webhook_endpoint_disabled",
        Severity.WARNING,
        _("A webhook endpoint is disabled"),
        _("The shop %(shop)s is not told of events at %(host)s any more. %(reason)s."),
        finds.webhook_endpoint_disabled,
    ),
    Rule(
        "webhooks_late",
        Severity.WARNING,
        _("Webhooks are late"),
        _("A delivery to a shop's server has waited for %(seconds)s s to be tried. Waiting: %(deliveries)s."),
        finds.webhooks_late,
        patience=timedelta(minutes=2),  # an endpoint that is active again begins with what is old
    ),
)

RULES: Final[Mapping[str, Rule]] = {rule.name: rule for rule in _RULES}

# Of the button. No rule finds it.
TEST: Final = Rule(
    "test",
    Severity.CRITICAL,
    _("A test"),
    _("This is a test. %(person)s has asked for it in the admin. There is no trouble."),
    lambda _readings: None,
)


def rule_of(name: str) -> Rule:
    """Return the rule of an alert. One of an earlier release has its name as its words."""
    if name == TEST.name:
        return TEST
    return RULES.get(name) or Rule(name, Severity.WARNING, name, name, lambda _readings: None)
