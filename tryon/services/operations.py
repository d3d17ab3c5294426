"""Operating the service: stop and start it, and tell why nothing is started."""

from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from config.core import clock
from tryon.engine import actions, governor
from tryon.models import Pause

# What each pause asks of a person.
ADVICE: Final = {
    Pause.OPERATOR: _("An operator paused the service. Resume when you are ready."),
    Pause.OUT_OF_CREDITS: _("FASHN's credits are used up. Buy credits; jobs then go on within a minute."),
    Pause.UNAUTHORIZED: _("FASHN does not accept the key. Set FASHN_API_KEY and restart; jobs then go on."),
}


def service_pause() -> None:
    """Start no more jobs. Those at FASHN are finished."""
    actions.pause()


def service_resume() -> None:
    """Start jobs again, whatever the pause was for."""
    actions.resume()


def problem() -> Any:
    """Return why nothing, or less, is started now, and what to do about it; empty when all is well."""
    state, now = governor.current(), clock.now()
    if state.pause:
        return ADVICE[Pause(state.pause)]
    if state.open_until is not None and state.open_until > now:
        return _("FASHN can't take anything now. Jobs wait and keep their retries; you need do nothing.")
    if state.held_until is not None and state.held_until > now:
        return _("FASHN asked for a break. Jobs go on in a moment.")
    if governor.credits_left_today() == 0:
        return _("Today's credits are used up. Raise TRYON_DAILY_LIMIT, or wait for tomorrow (UTC).")
    return ""
