"""One try-on through the public HTTP API, as a storefront would make it."""

import secrets
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import requests

from config.core.private import make_private_file
from tryon.demo.console import Console, bar
from tryon.demo.errors import TryOnFailed

REQUEST_SECONDS: Final = 30.0
POLL_SECONDS: Final = 0.4
GIVE_UP_SECONDS: Final = 120.0
LARGEST_SEED: Final = 2**32 - 1
FINISHED: Final = ("completed", "failed", "canceled")


class Storefront:
    """The few calls that a shop makes."""

    def __init__(self, url: str, api_key: str) -> None:
        """``url`` is where the product is served, without a slash at the end."""
        self._api = f"{url}/api/tryon"
        self._session = requests.Session()
        # Neither a proxy nor a .netrc of the person at the terminal concerns this machine's own server.
        self._session.trust_env = False
        self._session.headers["Authorization"] = f"Api-Key {api_key}"

    def upload(self, picture: Path, product_id: str) -> str:
        """Upload a product photo (WebP) and return its id."""
        files = {"file": (picture.name, picture.read_bytes(), "image/webp")}
        uploaded = self._call("POST", "/upload", files=files, data={"productId": product_id})
        return str(uploaded["id"])

    def a_model(self, category: str) -> str:
        """The id of a model photo of this category."""
        models = self._call("GET", "/models", params={"category": category})
        if not models:
            raise TryOnFailed(
                "The library has no model photo left. Add one in the admin, or use another --var."
            )
        return str(models[0]["id"])

    def generate(self, product_image_id: str, model_image_id: str, options: dict[str, Any]) -> str:
        """Ask for a try-on and return the job's id."""
        wanted = {"productImageId": product_image_id, "modelImageId": model_image_id, "options": options}
        return str(self._call("POST", "/generate", json=wanted)["jobId"])

    def job(self, job_id: str) -> Any:
        """The job as it is now."""
        return self._call("GET", f"/jobs/{job_id}")

    def download(self, address: str) -> bytes:
        """A picture's bytes."""
        return self._answer("GET", address).content

    def _call(self, method: str, path: str, **arguments: Any) -> Any:
        return self._answer(method, self._api + path, **arguments).json()["data"]

    def _answer(self, method: str, address: str, **arguments: Any) -> requests.Response:
        try:
            response = self._session.request(method, address, timeout=REQUEST_SECONDS, **arguments)
        except requests.RequestException as error:
            raise TryOnFailed(f"The web server did not answer ({type(error).__name__}).") from error
        if not response.ok:
            raise TryOnFailed(f"{method} {urlsplit(address).path} answered {_refusal(response)}.")
        return response


def _refusal(response: requests.Response) -> str:
    """The status, and the product's error code where the answer is the product's own."""
    try:
        return f"{response.status_code} {response.json()['error']['code']}"
    except (ValueError, LookupError, TypeError):
        return str(response.status_code)


def run_tryon(
    shop: Storefront, picture: Path, target: Path, console: Console, pause: Callable[[float], None]
) -> Path:
    """Upload the picture (WebP), dress a model of the library in it, and save the result as ``target``.

    ``pause`` waits for some seconds. Raise TryOnFailed, and OSError when a file can't be read or written.
    """
    product = shop.upload(picture, "demo-first-try-on")
    # A new seed is a new picture: an earlier start's result would otherwise be reused without any work.
    options = {"mode": "performance", "seed": secrets.randbelow(LARGEST_SEED)}
    job_id = shop.generate(product, shop.a_model("full_body"), options)
    started = time.monotonic()
    while (job := shop.job(job_id))["status"] not in FINISHED:
        console.live(f"Try-on  {bar(job['progress'])} {job['progress']:3d} %  {job['status']}")
        if time.monotonic() - started > GIVE_UP_SECONDS:
            raise TryOnFailed(f"The try-on was not finished after {GIVE_UP_SECONDS:.0f} s.")
        pause(POLL_SECONDS)
    if job["status"] != "completed":
        raise TryOnFailed(f"The try-on ended as {job['status']}: {job.get('errorCode', 'no code')}.")
    console.live(f"Try-on  {bar(100)} 100 %  completed in {time.monotonic() - started:.1f} s")
    make_private_file(target)
    target.write_bytes(shop.download(job["resultImageUrl"]))
    return target
