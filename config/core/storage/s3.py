"""A private bucket on S3 or R2, behind the store's own signed URLs."""

from collections.abc import Iterable, Iterator
from io import BytesIO
from typing import Any, Final, override

import boto3
import requests
import structlog
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.loaders import create_loader
from botocore.session import get_session
from django.core.cache import cache
from django.core.files.base import File
from storages.backends.s3 import S3Storage

from config.core.storage.errors import STORE_FAULTS, ObjectArchived, unavailable
from config.core.storage.keys import StoredObject, content_disposition, content_type
from config.core.storage.signing import Signer, Signing
from config.core.upkeep.installation import installation

logger = structlog.stdlib.get_logger(__name__)

# A signed URL is remembered so long, and works so much longer: a picture keeps its URL while a job is polled,
# so that browsers can cache it.
REMEMBER_URL_SECONDS: Final = 300
# S3's word for an object that a life-cycle rule has moved to Glacier. It can't be read until it is restored.
ARCHIVED: Final = "InvalidObjectState"
ANONYMOUS_SECONDS: Final = 10.0
# Each thread has a client of its own, because boto3's resources are not made for several. The descriptions of
# S3 are the same for all: reading them takes 65 ms of a new client's 74 ms, and other threads wait.
DESCRIPTIONS: Final = create_loader()


class PrivateS3Storage(S3Storage):  # type: ignore[misc]  # the library has no types
    """Objects that nobody reads without a signature.

    Each says what it is and how it may be kept, for S3 answers the browser without us.
    """

    def __init__(
        self,
        *,
        prefix: str | None = None,
        public_endpoint: str | None = None,
        public_config: Config | None = None,
        **options: Any,
    ) -> None:
        """``prefix`` is the folder of the bucket that all keys lie in; None for the installation's own.

        ``public_endpoint`` and ``public_config`` are for signed URLs. Without them, those of the store count.
        """
        super().__init__(**options)
        self._prefix = prefix
        self._signer = Signer(
            self._create_session,
            region=self.region_name,
            endpoint=public_endpoint or self.endpoint_url,
            config=public_config or self.client_config,
        )

    @override
    def _create_session(self) -> boto3.Session:
        session = get_session()
        session.register_component("data_loader", DESCRIPTIONS)
        return boto3.Session(
            aws_access_key_id=self.access_key,
            aws_secret_access_key=self.secret_key,
            aws_session_token=self.security_token,
            botocore_session=session,
        )

    @property
    def prefix(self) -> str:
        """The folder, without a slash at its end; empty for the bucket's root."""
        return installation().prefix if self._prefix is None else self._prefix

    @property
    def place(self) -> str:
        """The place of the objects, to tell it from others."""
        return f"{self.endpoint_url}/{self.bucket_name}/{self.prefix}"

    @override
    def _normalize_name(self, name: str) -> str:
        self.location = self.prefix  # read here, not at the start: the database has it
        return str(super()._normalize_name(name))

    @override
    def get_object_parameters(self, name: str) -> dict[str, Any]:
        return {
            "ContentType": content_type(name),
            "ContentDisposition": content_disposition(name),
            "CacheControl": f"private, max-age={self.querystring_expire}, immutable",
        }

    @override
    def url(
        self,
        name: str | None,
        parameters: dict[str, Any] | None = None,
        expire: int | None = None,
        http_method: str | None = None,
    ) -> str:
        """An address that works for at least ``expire`` seconds, SIGNED_URL_SECONDS if not given.

        It works for less where the token of the machine's role ends sooner. Raise StorageUnavailable.
        """
        seconds = (expire or self.querystring_expire) + REMEMBER_URL_SECONDS
        wanted = {**(parameters or {}), **self._wanted(name)}
        try:
            signing = self._signer.signing_for(seconds)
            remember = self._remembered(signing, wanted, http_method, seconds)
            known: str | None = cache.get(remember)
            if known is None:
                life = min(seconds, signing.seconds_left)
                known = signing.url(wanted, http_method, life)
                # At the end of its time in the cache it still works for three quarters of its life.
                cache.set(remember, known, min(REMEMBER_URL_SECONDS, life // 4))
        except STORE_FAULTS as error:
            raise unavailable(error) from error
        return known

    def urls(self, names: Iterable[str]) -> dict[str, str]:
        """The addresses of several objects. One question to the cache finds all that are remembered."""
        seconds = self.querystring_expire + REMEMBER_URL_SECONDS
        try:
            signing = self._signer.signing_for(seconds)
        except STORE_FAULTS as error:
            raise unavailable(error) from error
        keys = {self._remembered(signing, self._wanted(name), None, seconds): name for name in names}
        known: dict[str, str] = cache.get_many(keys)
        return {name: known.get(key) or self.url(name) for key, name in keys.items()}

    def _wanted(self, name: str | None) -> dict[str, Any]:
        """The object that an address names."""
        return {"Bucket": self.bucket_name, "Key": self._normalize_name(str(name))}

    def _remembered(
        self, signing: Signing, wanted: dict[str, Any], http_method: str | None, seconds: int
    ) -> str:
        """The name of an address in the cache."""
        return f"signed-url:{signing.name_of(wanted, http_method, seconds)}"

    @override
    def _open(self, name: str, mode: str = "rb") -> "File[bytes]":
        """Read at once: one GET, where the library sends a HEAD before it.

        A HEAD's 404 has no body, so a missing bucket would look like a missing picture.
        """
        if mode != "rb":
            raise ValueError("Objects are written whole, by save().")
        return File(BytesIO(self._read(name)), name)

    def pieces(self, name: str, size: int) -> Iterator[bytes]:
        """Yield an object in pieces of at most ``size`` bytes, as they come. Raise as ``_open``."""
        yield from self._body(name).iter_chunks(size)

    def look_at(self, name: str) -> None:
        """Read one byte. Raise what reading all of it would raise."""
        self._read(name, Range="bytes=0-0")

    def _read(self, name: str, **options: str) -> bytes:
        return bytes(self._body(name, **options).read())

    def _body(self, name: str, **options: str) -> Any:
        """Return the open body of an object."""
        try:
            return self.bucket.Object(self._normalize_name(name)).get(**options)["Body"]
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code == "NoSuchKey":
                raise FileNotFoundError(name) from error
            if code == ARCHIVED:
                logger.exception("picture_archived", object=name)
                raise ObjectArchived from error
            raise

    # Browsers fetch from the store, not from us.
    serves_itself: Final = True

    def look_around(self) -> None:
        """Ask for one key, the cheapest call that needs the key, the bucket and the region to be right."""
        self.connection.meta.client.list_objects_v2(
            Bucket=self.bucket_name, Prefix=self._normalize_name(""), MaxKeys=1
        )

    def privacy_fault(self, key: str) -> str:
        """Return ``PublicObjects`` if a stranger without a signature gets one. Raise RequestException."""
        address = self.url(key).partition("?")[0]
        answer = requests.get(address, timeout=ANONYMOUS_SECONDS, allow_redirects=False)
        return "PublicObjects" if answer.status_code == 200 else ""

    def objects(self, folder: str) -> list[StoredObject]:
        """The objects right in a folder. Raise ClientError and BotoCoreError."""
        start = f"{self._normalize_name(folder)}/"
        found = self.bucket.objects.filter(Prefix=start)
        return [
            StoredObject(f"{folder}/{entry.key.removeprefix(start)}", entry.size, entry.last_modified)
            for entry in found
        ]
