"""The options of the S3 storage, from plain values: for the settings, and for tests with another bucket."""

from typing import Any, Final, Literal
from urllib.parse import urlsplit

from botocore.config import Config
from django.core.exceptions import ImproperlyConfigured

CONNECT_SECONDS: Final = 5
READ_SECONDS: Final = 20
ATTEMPTS: Final = 2

type Addressing = Literal["auto", "path", "virtual"]
ADDRESSING: Final[tuple[Addressing, ...]] = ("auto", "path", "virtual")

AWS: Final = ("amazonaws.com", "amazonaws.com.cn")
# They refuse a bucket in the path.
ONLY_VIRTUAL: Final = ("aliyuncs.com", "myqcloud.com")
# Their hosts can begin with the bucket's name, and their dashboards show it so.
SHOWN_WITH_BUCKET: Final = (
    *AWS,
    *ONLY_VIRTUAL,
    "r2.cloudflarestorage.com",
    "digitaloceanspaces.com",
    "backblazeb2.com",
    "wasabisys.com",
    "linodeobjects.com",
    "scw.cloud",
    "storage.googleapis.com",
)


def check_store(*, bucket: str, region: str, endpoints: dict[str, str]) -> None:
    """Refuse settings that contradict each other. ``endpoints`` are the addresses by the settings' names."""
    if not bucket:
        return
    for name, endpoint in endpoints.items():
        if _names_bucket(endpoint, bucket):
            raise ImproperlyConfigured(
                f"{name} must not have the bucket in it: S3_BUCKET names it already. "
                "Leave out the bucket's name at the end or at the beginning."
            )
    if region == "auto" and _is_at(endpoints["S3_ENDPOINT"], AWS, without_endpoint=True):
        raise ImproperlyConfigured(
            "S3_REGION must be the bucket's region on AWS, such as eu-central-1: auto works on R2."
        )


def s3_storage(
    *,
    bucket: str,
    region: str,
    access_key: str,
    secret_key: str,
    endpoint: str,
    url_seconds: int,
    public_endpoint: str = "",
    addressing: Addressing = "auto",
    prefix: str | None = None,
) -> dict[str, Any]:
    """Return the entry of ``STORAGES`` for a private bucket on S3, R2 or a server with their protocol.

    A signed URL works for ``url_seconds``. Without keys the machine's own role is used. ``public_endpoint``
    is the store's address in signed URLs, where browsers reach it by another. ``prefix`` is the folder of the
    bucket; None for the one that the database keeps for this installation.
    """
    outer = public_endpoint or endpoint
    return {
        "BACKEND": "config.core.storage.s3.PrivateS3Storage",
        "OPTIONS": {
            "bucket_name": bucket,
            "prefix": prefix,
            "region_name": region,
            "access_key": access_key or None,
            "secret_key": secret_key or None,
            "endpoint_url": endpoint or None,
            "client_config": client_config(endpoint, addressing),
            "public_endpoint": outer or None,
            "public_config": client_config(outer, addressing),
            "default_acl": None,
            "querystring_auth": True,
            "querystring_expire": url_seconds,
            # Keys are random, so nothing is ever overwritten: no HEAD before each PUT.
            "file_overwrite": True,
        },
    }


def client_config(endpoint: str, addressing: Addressing = "auto") -> Config:
    """Return short timeouts: a request or a step waits for each call, and a job's step is retried anyway."""
    return Config(
        signature_version="s3v4",
        s3={"addressing_style": style_of(endpoint, addressing)},
        connect_timeout=CONNECT_SECONDS,
        read_timeout=READ_SECONDS,
        retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
        # R2 refuses the checksums that boto3 has added since 1.36: https://github.com/boto/boto3/issues/4392
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
    )


def style_of(endpoint: str, addressing: Addressing) -> Addressing:
    """Return the place of the bucket's name in addresses: the path, or the host."""
    if addressing != "auto" or _is_at(endpoint, AWS, without_endpoint=True):
        return addressing
    # A private server, such as MinIO, seldom has a host name for each bucket.
    return "virtual" if _is_at(endpoint, ONLY_VIRTUAL) else "path"


def picture_origin(bucket: str, endpoint: str, addressing: Addressing) -> str:
    """Return the source of signed URLs as a page's policy names it: scheme and host, without a path."""
    if not endpoint:
        return "https:"
    parts = urlsplit(endpoint)
    style = style_of(endpoint, addressing)
    if style == "auto":
        return "https:"  # boto3 chooses
    host = f"{bucket}.{parts.netloc}" if style == "virtual" else parts.netloc
    return f"{parts.scheme}://{host}"


def _names_bucket(endpoint: str, bucket: str) -> bool:
    parts = urlsplit(endpoint)
    host = (parts.hostname or "").lower()
    in_host = host.startswith(f"{bucket.lower()}.") and _is_at(endpoint, SHOWN_WITH_BUCKET)
    return in_host or parts.path.rpartition("/")[2] == bucket


def _is_at(endpoint: str, domains: tuple[str, ...], *, without_endpoint: bool = False) -> bool:
    if not endpoint:
        return without_endpoint
    host = (urlsplit(endpoint).hostname or "").lower().rstrip(".")
    return any(host == domain or host.endswith(f".{domain}") for domain in domains)
