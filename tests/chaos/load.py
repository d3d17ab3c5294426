"""The shopper: uploads photos, asks for try-ons and follows them, through the public HTTP API.

Following matters: while Redis is away, a request for a job's status moves the job on, beside the workers.
"""

import random
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final

import requests

from tests.chaos.verdict import ENDED
from tests.chaos.world import World
from tests.images import garment_photo

JOBS_PER_PHOTO: Final = 5
OUTFIT: Final = ("bottoms", "tops", "bags")
POLL_SECONDS: Final = 0.3
# Asking is spread over this share of the time; then the shopper only follows.
ASKING_SHARE: Final = 0.8
PATIENCE_SECONDS: Final = 180.0
# What people do: cancel at a look, ask again for what did not come, or retry a failed job.
CANCEL_SHARE: Final = 0.04
ASK_AGAIN_SHARE: Final = 0.6
RETRY_SHARE: Final = 0.2


@dataclass
class Shopper:
    """``asked`` has the ids of the jobs that were promised, ``unanswered`` how many requests met no answer.

    ``stop`` ends the shopper early.
    """

    world: World
    seed: int
    asked: set[str] = field(default_factory=set)
    wishes: dict[str, Any] = field(default_factory=dict)
    unanswered: int = 0
    stop: threading.Event = field(default_factory=threading.Event)

    def shop(self, options: Sequence[dict[str, Any]], seconds: float) -> None:
        """Ask for all the try-ons in about ``seconds``. Raise what the API refuses for good."""
        dice, started = random.Random(self.seed + 2), time.monotonic()
        models = [photo["id"] for photo in self._call("GET", "models")]
        products: list[str] = []
        for number, chosen in enumerate(options):
            if number % JOBS_PER_PHOTO == 0:
                products.append(self._upload(garment_photo(seed=number), f"chaos-{number}"))
            # Fewer jobs a photo than models: no two wishes are alike, even with the same fault.
            wish = {
                **clothes(number, products),
                "modelImageId": models[number % len(models)],
                "options": chosen,
            }
            self._ask(wish)
            self._follow(dice, until=started + seconds * ASKING_SHARE * (number + 1) / len(options))
        self._follow(dice, until=started + seconds)

    def _upload(self, photo: bytes, product_id: str) -> str:
        files = {"file": ("shirt.jpg", photo, "image/jpeg")}
        return str(self._call("POST", "upload", files=files, data={"productId": product_id})["id"])

    def _ask(self, wish: Any) -> None:
        job_id = str(self._call("POST", "generate", wish)["jobId"])
        self.asked.add(job_id)
        self.wishes[job_id] = wish

    def _follow(self, dice: random.Random, *, until: float) -> None:
        """Look at one open job after another, and change one's mind about some."""
        while time.monotonic() < until and not self.stop.wait(POLL_SECONDS):
            if not self.wishes:
                continue
            job_id = dice.choice(sorted(self.wishes))
            status = self._call("GET", f"jobs/{job_id}")["status"]
            if status in ENDED:
                self._react(dice, self.wishes.pop(job_id), job_id, status)
            elif dice.random() < CANCEL_SHARE:
                self._change(f"jobs/{job_id}/cancel")

    def _react(self, dice: random.Random, wish: Any, job_id: str, status: str) -> None:
        """Ask for the same again, or have a failed job retried, or leave it."""
        if status == "completed":
            return
        chance = dice.random()
        if chance < ASK_AGAIN_SHARE:
            self._ask(wish)
        elif status == "failed" and chance < ASK_AGAIN_SHARE + RETRY_SHARE:
            self._change(f"jobs/{job_id}/retry")
            self.wishes[job_id] = wish

    def _change(self, path: str) -> None:
        """A thing that has changed under the shopper's eyes is refused, which is an answer too."""
        try:
            self._call("POST", path)
        except requests.HTTPError as error:
            if error.response.status_code != HTTPStatus.CONFLICT:
                raise

    def _call(self, method: str, path: str, body: Any = None, **form: Any) -> Any:
        """A request that met an outage is sent again, for a while."""
        return self._persist(lambda: self.world.api(method, path, body, **form))

    def _persist(self, call: Callable[[], Any]) -> Any:
        give_up = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                return call()
            except requests.RequestException as error:
                if time.monotonic() > give_up or self.stop.is_set() or not _may_pass(error):
                    raise
                self.unanswered += 1
                time.sleep(POLL_SECONDS)


def clothes(number: int, products: Sequence[str]) -> dict[str, Any]:
    """The latest photo, in every fifth wish with those before it as an outfit of two or three garments."""
    if number % JOBS_PER_PHOTO or len(products) < len(OUTFIT):
        return {"productImageId": products[-1]}
    worn = OUTFIT[: 2 + number // JOBS_PER_PHOTO % 2]
    garments = zip(products[: -len(worn) - 1 : -1], worn, strict=True)
    return {"garments": [{"productImageId": product, "category": category} for product, category in garments]}


def _may_pass(error: requests.RequestException) -> bool:
    """No answer, or one that speaks of an outage; not a refusal."""
    return error.response is None or error.response.status_code >= 500
