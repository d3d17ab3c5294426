"""A private bucket on S3 or R2, behind the store's own signed URLs."""

from io import BytesIO
from typing import Any, Final, override

from botocore.exceptions import ClientError
from django.core.cache import cache
from django.core.files.base import File
from storages.backends.s3 import S3Storage

from config.core.storage.keys import StoredObject, content_disposition, content_type
from config.core.upkeep.installation import installation

# A signed URL is remembered so long, and works so much longer: a picture keeps its URL while a job is polled,
# so that browsers can cache it.
REMEMBER_URL_SECONDS: Final = 300


class PrivateS3Storage(S3Storage):  # type: ignore[misc]  # the library has no types
    """Objects that nobody reads without a signature.

    Each says what it is and how it may be kept, for S3 answers the browser without us.
    """

    def __init__(self, *, prefix: str | None = None, **options: Any) -> None:
        """``prefix`` is the folder of the bucket that all keys lie in; None for the installation's own."""
        super().__init__(**options)
        self._prefix = prefix

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
        """An address that works for at least ``expire`` seconds, SIGNED_URL_SECONDS if not given."""
        seconds = (expire or self.querystring_expire) + REMEMBER_URL_SECONDS
        remember = f"signed-url:{self.place}:{name}:{seconds}"
        known: str | None = cache.get(remember)
        if known is None:
            known = str(super().url(name, parameters, seconds, http_method))
            cache.set(remember, known, REMEMBER_URL_SECONDS)
        return known

    @override
    def _open(self, name: str, mode: str = "rb") -> "File[bytes]":
        """Read at once: one GET, where the library sends a HEAD before it.

        A HEAD's 404 has no body, so a missing bucket would look like a missing picture.
        """
        if mode != "rb":
            raise ValueError("Objects are written whole, by save().")
        try:
            content = self.bucket.Object(self._normalize_name(name)).get()["Body"].read()
        except ClientError as error:
            if error.response["Error"]["Code"] == "NoSuchKey":
                raise FileNotFoundError(name) from error
            raise
        return File(BytesIO(content), name)

    def objects(self, folder: str) -> list[StoredObject]:
        """The objects right in a folder. Raises ClientError and BotoCoreError."""
        start = f"{self._normalize_name(folder)}/"
        found = self.bucket.objects.filter(Prefix=start)
        return [
            StoredObject(f"{folder}/{entry.key.removeprefix(start)}", entry.size, entry.last_modified)
            for entry in found
        ]
