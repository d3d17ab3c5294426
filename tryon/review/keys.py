"""The keys of the review room: physical keys (``event.code``), whatever the layout and the input method."""

import re
from collections import Counter
from typing import Any, ClassVar, Final

from django.contrib.auth.models import AnonymousUser, User
from django.utils.translation import gettext_lazy as _

from config.core.errors import DomainError
from config.people.models import preferences_of

# The actions in the order of the settings, with the key that calls each unless a person has chosen another.
DEFAULTS: Final[dict[str, str]] = {
    "approve": "KeyA",
    "reject": "KeyR",
    "almost": "KeyM",
    "regenerate": "KeyG",
    "skip": "KeyS",
    "undo": "KeyU",
    "compare": "KeyC",
    "zoom_in": "Equal",
    "zoom_out": "Minus",
    "zoom_reset": "Digit0",
    "left": "ArrowLeft",
    "right": "ArrowRight",
    "up": "ArrowUp",
    "down": "ArrowDown",
}
# Of the page that compares two recipes. One key may do something on each page.
COMPARISON_DEFAULTS: Final[dict[str, str]] = {
    "better_left": "ArrowLeft",
    "better_equal": "ArrowDown",
    "better_right": "ArrowRight",
    "better_skip": "KeyS",
    "better_undo": "KeyU",
    "both_zoom_in": "Equal",
    "both_zoom_out": "Minus",
    "both_zoom_reset": "Digit0",
    "both_left": "KeyJ",
    "both_right": "KeyL",
    "both_up": "KeyI",
    "both_down": "KeyK",
}
# Not those that a browser, a form or a screen reader needs: Tab, Enter, Escape, the modifiers.
USABLE: Final = re.compile(
    r"Key[A-Z]|Digit[0-9]|Numpad\w{1,12}|Arrow(Left|Right|Up|Down)|F([1-9]|1[0-2])|Space|Backspace|Delete|Insert"
    r"|Home|End|PageUp|PageDown|Minus|Equal|Bracket(Left|Right)|Backslash|IntlBackslash|Semicolon|Quote"
    r"|Backquote|Comma|Period|Slash"
)


class KeysUnusable(DomainError):
    """``details``: the ``actions`` that the message is about."""

    code: ClassVar[str] = "keys_unusable"
    status: ClassVar[int] = 422
    message: Any = _("Choose a letter, a digit, an arrow or a function key.")


class KeysConflict(KeysUnusable):
    code: ClassVar[str] = "keys_conflict"
    message: Any = _("Two actions can't have the same key. Choose another key for one of them.")


def keys_of(user: User | AnonymousUser, defaults: dict[str, str] = DEFAULTS) -> dict[str, str]:
    """Return the person's key for each action of a page, which has these keys as delivered."""
    chosen = preferences_of(user).review_keys
    own = {action: code for action, code in chosen.items() if action in defaults}
    return {**defaults, **own}


def keys_choose(user: User, chosen: dict[str, Any]) -> dict[str, str]:
    """Store a person's keys of one page and return them. Those of the other page stay.

    Raise KeysUnusable and KeysConflict; then nothing changes.
    """
    defaults = COMPARISON_DEFAULTS if chosen.keys() & COMPARISON_DEFAULTS.keys() else DEFAULTS
    wrong = [
        action
        for action, code in chosen.items()
        if action not in defaults or not isinstance(code, str) or not USABLE.fullmatch(code)
    ]
    if wrong:
        raise KeysUnusable(details={"actions": wrong})
    keys: dict[str, str] = {**defaults, **chosen}
    often = {code for code, number in Counter(keys.values()).items() if number > 1}
    if often:
        raise KeysConflict(details={"actions": [action for action, code in keys.items() if code in often]})
    preferences = preferences_of(user)
    others = {action: code for action, code in preferences.review_keys.items() if action not in defaults}
    own = {action: code for action, code in keys.items() if code != defaults[action]}
    preferences.review_keys = {**others, **own}
    preferences.save()
    return keys
