"""The one type of error that the product shows to people and programs."""

from collections.abc import Mapping
from typing import Any, ClassVar


class DomainError(Exception):
    """An error that the caller can act on: a stable code, an HTTP status, a sentence that says what to do.

    Subclasses set the class attributes. ``message`` may be a lazy translation; it is plain text, never an
    exception's text. ``details`` holds JSON values only. ``retryable`` says whether the same request may
    succeed later without a change.
    """

    code: ClassVar[str] = "error"
    status: ClassVar[int] = 400
    retryable: ClassVar[bool] = False
    message: Any = ""

    def __init__(self, message: Any = None, *, details: Mapping[str, Any] | None = None) -> None:
        if message is not None:
            self.message = message
        self.details: dict[str, Any] = dict(details or {})
        super().__init__(self.code)


def errors(error: type[DomainError] = DomainError) -> list[type[DomainError]]:
    """Return the errors that are raised: those with words of their own, or without a more precise one."""
    found: list[type[DomainError]] = []
    for kind in error.__subclasses__():
        more_precise = errors(kind)
        if "message" in vars(kind) or not more_precise:
            found.append(kind)
        found += more_precise
    return found
