"""Findings: what was tried, how it went, and what to do."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any, Final, Self

from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _


class State(StrEnum):
    """The three outcomes. Only an error keeps a shop from working."""

    GOOD = "ok"
    WARNING = "warning"
    ERROR = "error"


# The words for people. The states themselves are for programs.
STATES: Final = {State.GOOD: _("ok"), State.WARNING: _("warning"), State.ERROR: _("error")}
ADVICE: Final = _("Look at the log of the process for the cause.")


@dataclass(frozen=True, slots=True)
class Finding:
    """The outcome of one trial.

    ``subject`` and ``advice`` are English texts that are translated when they are shown, because a worker
    may find out what a person reads later. ``values`` belong to the advice. ``fact`` is a name, a number or
    a word of somebody else, and never a secret.
    """

    subject: str
    state: State = State.GOOD
    fact: str = ""
    advice: str = ""
    values: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_error(self) -> bool:
        return self.state == State.ERROR

    @property
    def name(self) -> str:
        """Return the subject in the reader's language."""
        return gettext(self.subject)

    @property
    def outcome(self) -> str:
        """Return the state in the reader's language."""
        return gettext(STATES[self.state])

    @property
    def sentence(self) -> str:
        """Return what to do, in the reader's language. Empty where there is nothing to do."""
        if not self.advice:
            return ""
        return gettext(self.advice) % self.values if self.values else gettext(self.advice)

    def kept(self) -> dict[str, Any]:
        """Return it as JSON can carry it."""
        return asdict(self)

    @classmethod
    def read(cls, kept: Mapping[str, Any]) -> Self:
        """Return what ``kept`` returned, as a finding again."""
        return cls(**{**kept, "state": State(kept["state"])})
