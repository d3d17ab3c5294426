"""The options of the S3 storage, from plain values: for the settings, and for tests with another bucket."""

from typing import Any, Final

from botocore.config import Config

CONNECT_SECONDS: Final = 5
READ_SECONDS: Final = 20
ATTEMPTS: Final = 2


def s3_storage(
    *,
    bucket: str,
    region: str,
    access_key: str,
    secret_key: str,
    endpoint: str,
    url_seconds: int,
    prefix: str | None = None,
) -> dict[str, Any]:
    """Return the entry of ``STORAGES`` for a private bucket on S3, R2 or a server with their protocol.

    A signed URL works for ``url_seconds``. Without keys the machine's own role is used. ``prefix`` is the
    folder of the bucket; None for the one that the database keeps for this installation.
    """
    return {
        "BACKEND": "config.core.storage.s3.PrivateS3Storage",
        "OPTIONS": {
            "bucket_name": bucket,
            "prefix": prefix,
            "region_name": region,
            "access_key": access_key or None,
            "secret_key": secret_key or None,
            "endpoint_url": endpoint or None,
            "client_config": client_config(has_endpoint=bool(endpoint)),
            "default_acl": None,
            "querystring_auth": True,
            "querystring_expire": url_seconds,
            # Keys are random, so nothing is ever overwritten: no HEAD before each PUT.
            "file_overwrite": True,
        },
    }


def client_config(*, has_endpoint: bool) -> Config:
    """Return short timeouts: a request or a step waits for each call, and a job's step is retried anyway."""
    return Config(
        signature_version="s3v4",
        # A private server, such as MinIO, seldom has a host name for each bucket.
        s3={"addressing_style": "path" if has_endpoint else "auto"},
        connect_timeout=CONNECT_SECONDS,
        read_timeout=READ_SECONDS,
        retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
        # R2 refuses the checksums that boto3 has added since 1.36: https://github.com/boto/boto3/issues/4392
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
    )
