"""Services for operators: pause, resume, and explain why no jobs start."""

from typing import Any, Final

from django.core.cache import cache
from django.utils.translation import gettext_lazy as _

from config.core import clock
from config.people import audit
from config.people.models import Decision
from tryon.accounts import accounts_of, queue_of
from tryon.engine import actions, governor
from tryon.models import Account, Pause, account_label

PAUSE_KEY: Final = "operations:pause"
# Each page of the admin asks. A pause that the engine begins may show this much later.
PAUSE_SECONDS: Final = 10

# The action that each pause needs from a person.
ADVICE: Final = {
    Pause.OPERATOR: _("An operator paused the service. Resume when you are ready."),
    Pause.OUT_OF_CREDITS: _("FASHN's credits are used up. Buy credits. Jobs then continue within a minute."),
    Pause.UNAUTHORIZED: _("FASHN does not accept the key. Set FASHN_API_KEY and restart. Jobs continue."),
}


# The key of a further account stands elsewhere.
KEY_OF_FURTHER: Final = _("FASHN does not accept the key. Mend it in FASHN_API_KEYS and restart.")


def advice_on(account: str, pause: str) -> Any:
    """Return what an account's pause needs from a person."""
    is_further = queue_of(account) != account
    return KEY_OF_FURTHER if is_further and pause == Pause.UNAUTHORIZED else ADVICE[Pause(pause)]


def service_pause(account: str) -> None:
    """Start no more jobs on the account. Jobs at FASHN finish."""
    actions.pause(account)
    audit.note(None, governor.current(account), Decision.PAUSE, account=account)
    cache.delete(PAUSE_KEY)


def service_resume(account: str) -> None:
    """Start jobs on the account again, whatever the reason for the pause."""
    actions.resume(account)
    audit.note(None, governor.current(account), Decision.RESUME, account=account)
    cache.delete(PAUSE_KEY)


def pause_known() -> Any:
    """Return why live accounts are paused, and what to do about it; empty if none is.

    It costs one query for each account, in ten seconds.
    """
    pauses = cache.get(PAUSE_KEY)
    if pauses is None:
        states = {account: governor.current(account).pause for account in accounts_of(Account.LIVE)}
        pauses = {account: reason for account, reason in states.items() if reason}
        cache.set(PAUSE_KEY, pauses, PAUSE_SECONDS)
    for account, reason in pauses.items():
        advice = advice_on(account, reason)
        return advice if len(accounts_of(Account.LIVE)) == 1 else f"{account_label(account)}: {advice}"
    return ""


def problem(account: str) -> Any:
    """Return why an account starts no or fewer jobs now, and what to do about it; empty if all is well."""
    state, now = governor.current(account), clock.now()
    if state.pause:
        return advice_on(account, state.pause)
    if state.open_until is not None and state.open_until > now:
        return _("FASHN can't accept jobs now. Jobs wait and keep their retries. You need to do nothing.")
    if state.held_until is not None and state.held_until > now:
        return _("FASHN asked for a break. Jobs continue in a moment.")
    if governor.credits_left_today(queue_of(account)) == 0:
        return _("Today's credits are used up. Raise TRYON_DAILY_LIMIT, or wait for tomorrow (UTC).")
    return ""


def state_of(account: str) -> dict[str, Any]:
    """Return the account's state, for who looks into a trouble."""
    state = governor.current(account)
    return {
        "pause": state.pause,
        "heldUntil": state.held_until,
        "heldReason": state.held_reason,
        "circuitOpenUntil": state.open_until,
        "slots": governor.slots(state, clock.now()),
        "slotsTaken": governor.slots_taken(account),
        "failuresInARow": state.failures,
        "refusalsInARow": state.refusals,
        "creditsAtFashn": state.credits_at_fashn,
        "creditsSpentToday": governor.credits_spent_today(queue_of(account)),
        "creditsLeftToday": governor.credits_left_today(queue_of(account)),
    }
