"""Pictures on disk while the sandbox runs: thousands of predictions must not fill its memory."""

import hashlib
import tempfile
from collections.abc import Iterable
from pathlib import Path


class Store:
    """Bytes by the hash of their content, in a temporary folder that goes with ``close``."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="fashn-sandbox-")
        self._path = Path(self._folder.name)

    def put(self, data: bytes) -> str:
        """Keep the bytes and return their key; the same bytes are kept once."""
        key = hashlib.sha256(data).hexdigest()
        self.put_as(key, data)
        return key

    def put_as(self, key: str, data: bytes) -> None:
        """Keep the bytes under this key (letters, digits, ``-`` and ``_``)."""
        path = self._path / key
        if not path.exists():
            path.write_bytes(data)

    def get(self, key: str) -> bytes | None:
        """Return the bytes, or None when the key is unknown."""
        path = self._path / key
        return path.read_bytes() if path.is_file() else None

    def drop(self, keys: Iterable[str]) -> None:
        """Delete the bytes under these keys, where there are any."""
        for key in keys:
            (self._path / key).unlink(missing_ok=True)

    def close(self) -> None:
        """Delete everything."""
        self._folder.cleanup()
