"""Take secrets and control characters out of text, at the door of the log.

The lines come from us, from Django, from the server and from libraries, and any of them may quote an address,
a header or an error with a secret in it. So nothing is trusted to be clean: the words of every line pass
here, right before they are written.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

HIDDEN: Final = "[hidden]"
SECRET_FIELDS: Final = frozenset(
    {"authorization", "api_key", "cookie", "key", "password", "secret", "signature", "ticket", "token"}
)
# A value that is shorter is no secret, and would hide common words.
LEAST_LENGTH: Final = 8

_NAMES: Final = (
    r"signature|sig|ticket|token|key|api_?key|password|secret|sessionid|csrf\w*|x-amz-[a-z-]+|awsaccesskeyid"
)
_HEADERS: Final = r"authorization|cookie|x-csrftoken"
_PATTERNS: Final[tuple[tuple[re.Pattern[str], str], ...]] = tuple(
    (re.compile(pattern, re.IGNORECASE), replacement)
    for pattern, replacement in (
        # redis://user:password@host. Bounded, or a stranger's long path would cost seconds.
        (r"(://)[^\s\"'/:@]{0,100}:[^\s\"']{0,300}(?=@)", rf"\1{HIDDEN}"),
        # ?signature=…, also inside another address (%3Fsignature%3D…)
        (rf"((?:[?&;\s]|^|%3F|%26)(?:{_NAMES})(?:=|%3D))(?!\[hidden)[^&\s\"'<>,;)\]}}]+", rf"\1{HIDDEN}"),
        # The token of a webhook, in whatever address
        (r"(/webhooks/+\w+/+)[^/?\s\"'<>]+", rf"\1{HIDDEN}"),
        (r"\b(Api-Key|Bearer)(\s+)[^\s\"',]+", rf"\1\2{HIDDEN}"),
        (rf"\b((?:{_HEADERS})[\"']?\s*[:=]\s*[\"']?)[^\"'\r\n]+", rf"\1{HIDDEN}"),
        (r"\b(tos_|fa-)[\w-]{16,}", rf"\1{HIDDEN}"),
        (r"\b(whsec_)[\w+/=-]{16,}", rf"\1{HIDDEN}"),
    )
)
_LONG: Final = re.compile(r"[A-Za-z0-9_-]{32,}")
# Nine in ten texts of a log are a path or an id, a method, or a time. They fit none of the patterns, which
# need one of these words, a blank, a sign such as "=", or letters of both cases.
_PLAIN: Final = re.compile(r"(?:(?!webhooks|tos_|fa-|whsec_)[a-z0-9_./-])*+|[A-Z]+|[0-9T:.-]+Z")


class Redactor:
    """Hides what looks like a secret, and the secrets that it is told."""

    def __init__(self) -> None:
        self._told: re.Pattern[str] | None = None

    def tell(self, secrets: Iterable[str]) -> None:
        """Hide these values too, wherever they stand."""
        long = sorted({secret for secret in secrets if len(secret) >= LEAST_LENGTH}, key=len, reverse=True)
        self._told = re.compile("|".join(map(re.escape, long))) if long else None

    def text(self, text: str) -> str:
        """Return the text without secrets."""
        if self._told is not None:
            text = self._told.sub(HIDDEN, text)
        if _PLAIN.fullmatch(text):
            return text
        for pattern, replacement in _PATTERNS:
            text = pattern.sub(replacement, text)
        return _LONG.sub(_hide_random, text)

    def value(self, value: Any) -> Any:
        """Return a field's value without secrets. Numbers stay, other objects become their text."""
        if value is None or isinstance(value, bool | int | float):
            return value
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {self.text(str(name)): self.named(str(name), inner) for name, inner in value.items()}
        if isinstance(value, list | tuple | set | frozenset):
            return [self.value(inner) for inner in value]
        return self.text(str(value))

    def named(self, name: str, value: Any) -> Any:
        """Return a field's value, hidden where its name says that it is a secret."""
        return HIDDEN if name.lower() in SECRET_FIELDS else self.value(value)


def _hide_random(match: re.Match[str]) -> str:
    """Hide what ``secrets.token_urlsafe`` makes. Ids in hex, names of classes and snake_case stay."""
    text = match[0]
    is_random = any(map(str.islower, text)) and any(map(str.isupper, text)) and any(map(str.isdigit, text))
    return HIDDEN if is_random else text


def printable(text: str, *, lines: bool = False) -> str:
    """Return the text with escapes for what a terminal would obey: colours, cursor moves, new lines.

    ``lines`` lets new lines and tabs stand, as in a traceback.
    """
    if text.isprintable():
        return text
    kept = "\n\t" if lines else ""
    return "".join(part if part.isprintable() or part in kept else _escaped(part) for part in text)


def _escaped(character: str) -> str:
    return character.encode("unicode_escape", "surrogatepass").decode("ascii")


def each_string(value: Any, change: Callable[[str], str]) -> Any:
    """Return a value of lists, mappings and plain values, with every text in it changed."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {change(str(name)): each_string(inner, change) for name, inner in value.items()}
    if isinstance(value, list):
        return [each_string(inner, change) for inner in value]
    return value


REDACTOR: Final = Redactor()
