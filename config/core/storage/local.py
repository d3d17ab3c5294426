"""Local files behind signed URLs.

The promise is S3's: an address works for everyone who has it until it expires, and for nothing else.
"""

import functools
import math
import os
import stat
import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, override
from urllib.parse import quote

from django.conf import settings
from django.core.files.storage import FileSystemStorage, default_storage
from django.http import FileResponse, Http404, HttpRequest
from django.utils.crypto import constant_time_compare, salted_hmac
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from config.core.storage.keys import StoredObject, content_disposition, content_type

# Expiry times are rounded up to this many seconds: a picture keeps its URL while a job is polled, so that
# browsers can cache it.
EXPIRY_STEP_SECONDS: Final = 300
OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


class SignedFileSystemStorage(FileSystemStorage):
    """Files under MEDIA_ROOT."""

    @property
    def place(self) -> str:
        """The place of the files, to tell it from others."""
        return str(self.location)

    @override
    def url(self, name: str | None) -> str:
        """A path under MEDIA_URL that works for at least SIGNED_URL_SECONDS."""
        return self.urls([str(name)])[str(name)]

    def urls(self, names: Iterable[str]) -> dict[str, str]:
        """The addresses of several files."""
        latest = time.time() + settings.SIGNED_URL_SECONDS
        expires = math.ceil(latest / EXPIRY_STEP_SECONDS) * EXPIRY_STEP_SECONDS
        base = self.base_url or ""
        return {name: signed_path(base, name, expires) for name in names}

    def pieces(self, name: str, size: int) -> Iterator[bytes]:
        """Yield a file in pieces of at most ``size`` bytes. Raise OSError."""
        with self.open(name) as file:
            while piece := file.read(size):
                yield piece

    def look_at(self, name: str) -> None:
        """Read one byte. Raise what reading all of it would raise."""
        with self.open(name) as file:
            file.read(1)

    # Our own view serves the files.
    serves_itself: Final = False

    def look_around(self) -> None:
        """Find out whether files can be written. Raise PermissionError."""
        place = Path(self.location)
        while not place.exists():
            place = place.parent
        if not (place.is_dir() and os.access(place, os.W_OK | os.X_OK)):
            raise PermissionError(str(place))

    def privacy_fault(self, key: str) -> str:
        """Return ``OthersMayRead`` if neither the folder nor one above it is closed to other users."""
        folder = Path(self.location)
        is_closed = any(path.stat().st_mode & OTHERS == 0 for path in (folder, *folder.parents))
        return "" if is_closed else "OthersMayRead"

    def objects(self, folder: str) -> list[StoredObject]:
        """The files right in a folder, without those below. Raise OSError."""
        try:
            entries = list(Path(self.path(folder)).iterdir())
        except FileNotFoundError:
            return []
        return [
            StoredObject(
                f"{folder}/{entry.name}", found.st_size, datetime.fromtimestamp(found.st_mtime, tz=UTC)
            )
            for entry in entries
            if entry.is_file() and (found := entry.stat())
        ]


def sign(key: str, expires: int) -> str:
    """The signature that lets anyone read ``key`` until ``expires`` (Unix seconds)."""
    return salted_hmac("tryon-studio.media", f"{key}\n{expires}", algorithm="sha256").hexdigest()


@functools.lru_cache(maxsize=10_000)
def signed_path(base: str, key: str, expires: int) -> str:
    """A file's address below ``base``. The same pictures are listed again and again."""
    return f"{base}{quote(key)}?expires={expires}&signature={sign(key, expires)}"


@csrf_exempt  # nothing is changed here, and a refusal would be logged with the signature in the address
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
    response = FileResponse(file, content_type=content_type(key))
    response["Cache-Control"] = f"private, max-age={max(0, int(expires - time.time()))}, immutable"
    response["Content-Disposition"] = content_disposition(key)
    return response
