"""Calls that several test modules make."""

import pytest

from tests.tryon.fashn.loopback import answer
from tests.waiting import LONGEST_SECONDS
from tryon.fashn.client import FashnClient
from tryon.fashn.download import download
from tryon.fashn.errors import DownloadError, FashnError

KEY = "fa-1234-secret"
INPUTS = {
    "model_image": "https://shop.test/m.jpg?X-Signature=private-signature",
    "garment_image": "data:image/jpeg;base64,private-pixels",
}
WEBHOOK = "https://shop.test/hook/private-token"
FASHN = ("*.fashn.ai",)
STARTED = answer({"id": "3f0c9a52-u1", "error": None})


def client_for(
    base_url: str, *, connect_timeout: float = LONGEST_SECONDS, read_timeout: float = LONGEST_SECONDS
) -> FashnClient:
    """Return a client that times out only where a test wants it to, however slow the machine is."""
    return FashnClient(
        api_key=KEY, base_url=base_url, connect_timeout=connect_timeout, read_timeout=read_timeout
    )


def failed_run(client: FashnClient, inputs: dict[str, str] | None = None) -> FashnError:
    with pytest.raises(FashnError) as caught:
        client.run("tryon-v1.6", inputs or INPUTS, webhook_url=WEBHOOK)
    return caught.value


def failed_read(client: FashnClient) -> FashnError:
    with pytest.raises(FashnError) as caught:
        client.credits()
    return caught.value


def refused_url(url: str, max_bytes: int = 100_000) -> DownloadError:
    with pytest.raises(DownloadError) as caught:
        download(url, allowed_hosts=FASHN, max_bytes=max_bytes)
    return caught.value
