"""Private picture storage: random object keys and signed URLs that expire.

S3 signs its own URLs. Local files are served by ``serve_signed_file``, which checks the same two things: that
the signature is ours, and that it has not expired.
"""

import math
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, BinaryIO, ClassVar, Final, override
from urllib.parse import urlencode

from botocore.exceptions import BotoCoreError, ClientError
from django.conf import settings
from django.core.files.base import ContentFile, File
from django.core.files.storage import FileSystemStorage, default_storage
from django.db import transaction
from django.http import FileResponse, Http404, HttpRequest
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from config.errors import DomainError

# Expiry times are rounded up to this many seconds: a picture keeps its URL while a job is polled, so that
# browsers can cache it.
EXPIRY_STEP_SECONDS: Final = 300

# What a local disk and S3 raise when they can't serve.
STORE_FAULTS: Final = (OSError, BotoCoreError, ClientError)


class StorageUnavailable(DomainError):
    code: ClassVar[str] = "storage_unavailable"
    status: ClassVar[int] = 503
    retryable: ClassVar[bool] = True
    message: Any = _("Pictures can't be stored or read right now. Try again in a minute.")


class ObjectMissing(DomainError):
    code: ClassVar[str] = "picture_missing"
    status: ClassVar[int] = 404
    message: Any = _("The picture's file is gone. Upload the photo again.")


def random_key(kind: str, extension: str) -> str:
    """A new object key, ``<kind>/<2 hex>/<32 hex>.<extension>``: nothing in it comes from a client."""
    name = secrets.token_hex(16)
    return f"{kind}/{name[:2]}/{name}.{extension}"


class SignedFileSystemStorage(FileSystemStorage):
    """Local files behind signed URLs."""

    @override
    def url(self, name: str | None) -> str:
        """A path under MEDIA_URL that works for at least SIGNED_URL_SECONDS."""
        latest = time.time() + settings.SIGNED_URL_SECONDS
        expires = math.ceil(latest / EXPIRY_STEP_SECONDS) * EXPIRY_STEP_SECONDS
        key = str(name)
        query = urlencode({"expires": expires, "signature": sign(key, expires)})
        return f"{super().url(key)}?{query}"


def sign(key: str, expires: int) -> str:
    """The signature that lets anyone read ``key`` until ``expires`` (Unix seconds)."""
    return salted_hmac("tryon-studio.media", f"{key}\n{expires}", algorithm="sha256").hexdigest()


@require_safe
def serve_signed_file(request: HttpRequest, key: str) -> FileResponse:
    """Serve one local file; 404 for a wrong signature, an expired one, and a missing file alike."""
    signature = request.GET.get("signature", "")
    expires_text = request.GET.get("expires", "")
    if not (expires_text.isascii() and expires_text.isdigit() and len(expires_text) < 12):
        raise Http404
    expires = int(expires_text)
    if not constant_time_compare(signature, sign(key, expires)) or expires < time.time():
        raise Http404
    try:
        file = default_storage.open(key)
    except FileNotFoundError as missing:
        raise Http404 from missing
    response = FileResponse(file)
    response["Cache-Control"] = f"private, max-age={max(0, int(expires - time.time()))}, immutable"
    response["Content-Disposition"] = "inline"
    return response


@contextmanager
def new_files() -> Iterator[Callable[[str, bytes | BinaryIO, str], str]]:
    """Write objects that a row is about to name. An exception in the block takes them back.

    Yields ``store(kind, content, extension)``, which returns the new object's key and raises
    StorageUnavailable. Writing may be slow: the row's transaction goes inside the block, not around it.
    """
    with ExitStack() as taking_back:

        def store(kind: str, content: bytes | BinaryIO, extension: str) -> str:
            file = ContentFile(content) if isinstance(content, bytes) else File(content)
            try:
                key = default_storage.save(random_key(kind, extension), file)
            except STORE_FAULTS as error:
                raise StorageUnavailable from error
            taking_back.callback(discard, key)
            return key

        yield store
        taking_back.pop_all()


def read(key: str) -> bytes:
    """An object's bytes. Raises ObjectMissing and StorageUnavailable. May be slow."""
    try:
        with default_storage.open(key) as file:
            return bytes(file.read())
    except FileNotFoundError as error:
        raise ObjectMissing from error
    except STORE_FAULTS as error:
        raise StorageUnavailable from error


def discard(*keys: str) -> None:
    """Delete objects that no row names. Raises StorageUnavailable."""
    for key in filter(None, keys):
        try:
            default_storage.delete(key)
        except STORE_FAULTS as error:
            raise StorageUnavailable from error


def discard_after_commit(*keys: str) -> None:
    """Delete objects once the deletion of their rows is final.

    ``robust``: a store that is away must not turn a finished deletion into an error. Django logs it, and the
    sweep that compares storage with rows finds what is left.
    """
    transaction.on_commit(lambda: discard(*keys), robust=True)
