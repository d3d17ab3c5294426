"""The refusals of the live door: as the API's, in English or Korean."""

import functools
import gettext
import json
import re
import uuid
from pathlib import Path
from typing import ClassVar, Final

LOCALE: Final = Path(__file__).resolve().parents[2] / "config" / "locale"


def _(text: str) -> str:
    """Mark a text for translation."""
    return text


class Refusal(Exception):
    """A refusal: a code, a status, a sentence that says what to do. ``wait`` is in seconds."""

    code: ClassVar[str]
    status: ClassVar[int]
    message: ClassVar[str]
    retryable: ClassVar[bool] = False
    wait: ClassVar[int] = 0

    def body(self, language: str) -> bytes:
        """Return the JSON of the answer."""
        error = {
            "code": self.code,
            "message": translated(self.message, language),
            "retryable": self.retryable,
            "details": {},
            "requestId": uuid.uuid4().hex,
        }
        return json.dumps({"success": False, "error": error}, ensure_ascii=False).encode()


class NotFound(Refusal):
    code = "not_found"
    status = 404
    message = _("There is nothing at this address. Take eventsUrl from the answer about a job, as it is.")


class MethodNotAllowed(Refusal):
    code = "method_not_allowed"
    status = 405
    message = _("This address is only read. Send a GET.")


class TicketInvalid(Refusal):
    code = "ticket_invalid"
    status = 401
    message = _("This ticket is not valid for this job. Ask the API for the job, and take its eventsUrl.")


class TicketExpired(Refusal):
    code = "ticket_expired"
    status = 401
    message = _("This ticket has ended. Ask the API for the job, and take its new eventsUrl.")


class OriginNotAllowed(Refusal):
    code = "origin_not_allowed"
    status = 403
    message = _("The shop does not allow calls from this page. Add its origin to the shop.")


class StateUnknown(Refusal):
    code = "live_unavailable"
    status = 503
    message = _("The live door does not know this job's state now. Ask the API for the job.")
    retryable = True
    wait = 5


class TooManyListeners(Refusal):
    code = "too_many_at_once"
    status = 429
    message = _("This job has too many listeners of yours. Close some, or ask the API for the job.")
    retryable = True
    wait = 10


class DoorFull(Refusal):
    code = "service_busy"
    status = 503
    message = _("The service is busy with other requests. Send this one again in a few seconds.")
    retryable = True
    wait = 5


def language_of(accepted: str) -> str:
    """Return ``ko`` for a caller who takes Korean before English, else ``en``."""
    found = re.search(r"\b(ko|en)\b", accepted.lower())
    return found[1] if found else "en"


def translated(text: str, language: str) -> str:
    """Return a text in a language."""
    return text if language == "en" else _catalogue(language).gettext(text)


@functools.cache
def _catalogue(language: str) -> gettext.NullTranslations:
    return gettext.translation("django", LOCALE, [language], fallback=True)
