"""A server that speaks S3's protocol, as a process of its own, and buckets on it."""

import functools
import secrets
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import boto3
import requests
from pytest_django import Settings

from config.s3_options import client_config, s3_storage
from tests.waiting import LONGEST_SECONDS, eventually
from tryon.demo.broker import LOOPBACK, free_port

ACCESS_KEY: Final = "test-access-key"
SECRET_KEY: Final = "test-secret-key"
REGION: Final = "eu-central-1"


@contextmanager
def s3_server(*, address: str = LOOPBACK) -> Iterator[str]:
    """Run moto's S3 for the block and yield its address."""
    port = free_port()
    command = [sys.executable, "-m", "moto.server", "-H", address, "-p", str(port)]
    quiet: Any = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(command, **quiet) as process:
        try:
            eventually(lambda: _answers(f"http://{address}:{port}"))
            yield f"http://{address}:{port}"
        finally:
            process.kill()


def use(settings: Settings, storage: object) -> None:
    """Keep pictures in this storage, as STORAGES describes it."""
    settings.STORAGES = {**settings.STORAGES, "default": storage}


@functools.cache
def client_for(endpoint: str) -> Any:
    """A client of the server, for what tests look at behind the product's back."""
    return boto3.client(
        "s3",
        endpoint_url=endpoint,
        region_name=REGION,
        aws_access_key_id=ACCESS_KEY,
        aws_secret_access_key=SECRET_KEY,
        config=client_config(endpoint),
    )


def new_bucket(endpoint: str) -> str:
    """Make an empty bucket and return its name."""
    name = f"tryon-{secrets.token_hex(6)}"
    client_for(endpoint).create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    return name


def storage_on(endpoint: str, bucket: str, **changes: Any) -> dict[str, Any]:
    """The product's own storage settings for a bucket of the server."""
    options: dict[str, Any] = {
        "bucket": bucket,
        "region": REGION,
        "access_key": ACCESS_KEY,
        "secret_key": SECRET_KEY,
        "endpoint": endpoint,
        "url_seconds": 3600,
        "prefix": "shop",
    }
    return s3_storage(**{**options, **changes})


def _answers(address: str) -> bool:
    try:
        requests.get(f"{address}/moto-api/", timeout=LONGEST_SECONDS)
    except requests.ConnectionError:
        return False
    return True
