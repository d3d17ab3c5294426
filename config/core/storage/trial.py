"""A trial of the store: all that the product does with a picture, done once with a small text.

``storage_findings`` may take a minute where a store does not answer. ``storage_state`` is cheap: it asks the
store for one key, at most once in a while, and waits for the answer only shortly.
"""

import secrets
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, cast
from urllib.parse import urljoin

import requests
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from config.core.errors import DomainError
from config.core.storage.advice import advice_for
from config.core.storage.errors import STORE_FAULTS, ObjectMissing, StorageUnavailable, describe_fault

FOLDER: Final = "trials"
FETCH_SECONDS: Final = 10.0
REMEMBER_STATE_SECONDS: Final = 60.0
WAIT_SECONDS: Final = 2.0


class Step(StrEnum):
    """The things that a key must be allowed to do, and that everybody else must not."""

    WRITE = "write"
    READ = "read"
    LIST = "list"
    SIGNED_ADDRESS = "signed address"
    PRIVACY = "privacy"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class Finding:
    """The outcome of one step. ``fault`` is the store's own word, empty where all is well."""

    step: Step
    fault: str = ""

    @property
    def is_good(self) -> bool:
        return not self.fault

    @property
    def advice(self) -> str:
        """Return the sentence that says what to do, empty where all is well."""
        return advice_for(self.step.value, self.fault) if self.fault else ""


def storage_findings() -> list[Finding]:
    """Write, read, list, fetch and delete one small object. Nothing of it stays behind.

    Later steps are left out when nothing could be written: they would only repeat its fault.
    """
    key, content = f"{FOLDER}/{secrets.token_hex(16)}.txt", secrets.token_bytes(32)
    written = _finding(Step.WRITE, lambda: _write(key, content))
    if not written.is_good:
        with suppress(*STORE_FAULTS):
            default_storage.delete(key)
        return [written]
    return [written, *_findings_of(key, content), _finding(Step.DELETE, lambda: _delete(key))]


def _findings_of(key: str, content: bytes) -> Iterator[Finding]:
    yield _finding(Step.READ, lambda: _read(key, content))
    yield _finding(Step.LIST, lambda: _list(key))
    store = cast(Any, default_storage)
    if store.serves_itself or settings.PUBLIC_BASE_URL:
        yield _finding(Step.SIGNED_ADDRESS, lambda: _fetch(key, content))
    yield _finding(Step.PRIVACY, lambda: store.privacy_fault(key))


def _finding(step: Step, trial: Callable[[], str]) -> Finding:
    try:
        return Finding(step, trial())
    except (StorageUnavailable, ObjectMissing) as error:
        return Finding(step, _fault_behind(error))
    except requests.RequestException:
        return Finding(step, "NotReached")
    except STORE_FAULTS as error:
        return Finding(step, describe_fault(error))


def _fault_behind(error: DomainError) -> str:
    return describe_fault(error.__cause__) if isinstance(error.__cause__, Exception) else error.code


def _write(key: str, content: bytes) -> str:
    return "" if default_storage.save(key, ContentFile(content)) == key else "OtherName"


def _read(key: str, content: bytes) -> str:
    with default_storage.open(key) as file:
        return "" if file.read() == content else "OtherContent"


def _list(key: str) -> str:
    store = cast(Any, default_storage)
    return "" if key in {entry.key for entry in store.objects(FOLDER)} else "NotListed"


def _fetch(key: str, content: bytes) -> str:
    address = default_storage.url(key)
    if not cast(Any, default_storage).serves_itself:
        return _fetch_from_web(urljoin(settings.PUBLIC_BASE_URL, address), content)
    answer = requests.get(address, timeout=FETCH_SECONDS, allow_redirects=False)
    if answer.status_code != 200:
        return f"Status{answer.status_code}"
    return "" if answer.content == content else "OtherContent"


def _fetch_from_web(address: str, content: bytes) -> str:
    """Fetch a local file, which the web process serves."""
    with suppress(requests.RequestException):
        answer = requests.get(address, timeout=FETCH_SECONDS, allow_redirects=False)
        if answer.status_code == 200 and answer.content == content:
            return ""
    return "NotServed"


def _delete(key: str) -> str:
    default_storage.delete(key)
    return "NotDeleted" if default_storage.exists(key) else ""


class _State:
    """The answer of the last look at the store, for this process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._look: Future[str] | None = None
        self._looked_at = 0.0

    def word(self) -> str:
        """Return the fault of a look that is not older than a minute, empty if there is none."""
        _ = cast(Any, default_storage).place  # asks the database, once, and in this thread
        look = self._recent_look()
        try:
            return look.result(WAIT_SECONDS)
        except TimeoutError:
            return "NoAnswer"

    def forget(self) -> None:
        """Look again at the next question."""
        with self._lock:
            self._look = None

    def _recent_look(self) -> "Future[str]":
        with self._lock:
            is_old = time.monotonic() - self._looked_at > REMEMBER_STATE_SECONDS
            if self._look is None or (is_old and self._look.done()):
                self._look, self._looked_at = Future(), time.monotonic()
                # A daemon: a store that hangs does not hold up the end of the process.
                threading.Thread(target=_look, args=[self._look], name="storage-state", daemon=True).start()
            return self._look


def _look(answer: "Future[str]") -> None:
    try:
        cast(Any, default_storage).look_around()
    except STORE_FAULTS as error:
        answer.set_result(describe_fault(error))
    except BaseException as error:
        answer.set_exception(error)
        raise
    else:
        answer.set_result("")


STATE: Final = _State()


def storage_state() -> str:
    """Return the store's word of refusal, such as ``InvalidAccessKeyId``, or an empty text if it answers."""
    return STATE.word()
