"""Signed addresses of a store, with the keys of the settings or the token of the machine's role."""

import hashlib
import json
import math
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from botocore.config import Config
from botocore.exceptions import NoCredentialsError

# A role is asked for another token at most this often.
ASK_AGAIN_SECONDS: Final = 300
NO_END: Final = 10**9


@dataclass(frozen=True, slots=True)
class Signing:
    """A client of the store that signs, and the credentials that it signs with."""

    client: Any
    credentials: Any

    @property
    def seconds_left(self) -> int:
        """The life of the credentials: a signature ends with the token that made it."""
        self.credentials.get_frozen_credentials()  # botocore gets a new token shortly before the old one ends
        ends: datetime | None = getattr(self.credentials, "_expiry_time", None)  # keys have no end
        if ends is None:
            return NO_END
        return max(1, math.floor((ends - datetime.now(UTC)).total_seconds()))

    def name_of(self, wanted: Mapping[str, str], method: str | None, seconds: int) -> str:
        """A name for the address in a cache. It changes with everything that the address depends on."""
        keys = self.credentials.get_frozen_credentials()
        meta = self.client.meta
        parts = [
            meta.endpoint_url,
            meta.region_name,
            meta.config.s3,
            keys.access_key,
            keys.secret_key,
            keys.token,
            method,
            seconds,
            sorted(wanted.items()),
        ]
        return hashlib.sha256(json.dumps(parts, default=str).encode()).hexdigest()

    def url(self, wanted: Mapping[str, str], method: str | None, seconds: int) -> str:
        """An address that works for ``seconds``. Raise BotoCoreError."""
        return str(
            self.client.generate_presigned_url(
                "get_object", Params=dict(wanted), ExpiresIn=seconds, HttpMethod=method
            )
        )


class Signer:
    """Makes the ``Signing`` of a process, and another where its token would end too soon."""

    def __init__(
        self, session: Callable[[], Any], *, region: str | None, endpoint: str | None, config: Config
    ) -> None:
        """``session`` makes a new session, which asks the role again."""
        self._session = session
        self._client_options: Final = {"region_name": region, "endpoint_url": endpoint, "config": config}
        self._lock = threading.Lock()
        self._signing: Signing | None = None
        self._asked_at = -math.inf

    def signing_for(self, seconds: int) -> Signing:
        """A signing that lasts ``seconds``, or else the longest one there is. Raise BotoCoreError."""
        with self._lock:
            signing = self._signing
            if signing is None or (signing.seconds_left < seconds and self._may_ask_again()):
                self._asked_at = time.monotonic()
                signing = self._signing = self._made()
            return signing

    def _may_ask_again(self) -> bool:
        return time.monotonic() - self._asked_at > ASK_AGAIN_SECONDS

    def _made(self) -> Signing:
        session = self._session()
        credentials = session.get_credentials()
        if credentials is None:
            raise NoCredentialsError
        return Signing(session.client("s3", **self._client_options), credentials)
