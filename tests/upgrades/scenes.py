"""Scenes of a release, played by a process of its own in the folder of the release.

It uses only what both releases have. ``[["begin", "1"], …]`` names scenes with their words. The outcomes are
printed as JSON.
"""

import json
import sys
import time
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import django

django.setup()

from django.core.cache import cache  # noqa: E402
from django.core.files.uploadedfile import SimpleUploadedFile  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.test import Client  # noqa: E402

from config.core import clock  # noqa: E402
from config.shops.keys import key_issue  # noqa: E402
from tests import images  # noqa: E402
from tryon import tasks  # noqa: E402
from tryon.models import ACTIVE, TryOnJob  # noqa: E402

MOST_TRIES: Final = 600


def ask(seed: str) -> dict[str, str]:
    """Ask for a try-on of new photos, and return the job and the key."""
    _, text = key_issue(name=f"Key {seed}", is_manager=True)
    client = Client(headers={"Authorization": f"Api-Key {text}"})
    shirt = images.garment_photo(images.SMALL_SQUARE, seed=int(seed))
    product = _sent(client, "upload", file=_file(shirt), productId=f"SKU-{seed}")
    person = images.model_photo(images.SMALL_PORTRAIT, seed=int(seed))
    model = _sent(client, "models", file=_file(person), name="Ada", category="full_body")
    wish = {"productImageId": product["id"], "modelImageId": model["id"]}
    return {"key": text, "wish": json.dumps(wish), "job": _wished(client, wish)["jobId"]}


def again(key: str, wish: str) -> Any:
    """Ask for the same once more, and return the answer."""
    return _wished(Client(headers={"Authorization": f"Api-Key {key}"}), json.loads(wish))


def begin(seed: str) -> dict[str, str]:
    """Ask for a try-on, send it to FASHN, and leave it there."""
    asked = ask(seed)
    tasks.dispatch()
    tasks.advance_job(asked["job"])
    return {**asked, "status": TryOnJob.objects.get(pk=asked["job"]).status}


def alone(seed: str) -> dict[str, str]:
    """Ask for a try-on, and make it."""
    asked = ask(seed)
    return {**asked, **finish(asked["job"])}


def finish(job_id: str) -> dict[str, str]:
    """Move a job on, as workers and timers do, until it has ended."""
    for _ in range(MOST_TRIES):
        job = TryOnJob.objects.get(pk=UUID(job_id))
        if job.status not in ACTIVE:
            return {"status": job.status}
        past = clock.now() - timedelta(minutes=1)
        TryOnJob.objects.filter(next_check_at__isnull=False).update(next_check_at=past)
        tasks.sweep()
        tasks.dispatch()
        tasks.advance_job(job_id)
        time.sleep(0.01)
    raise AssertionError(f"{job_id} does not end: {list(job.events.values('kind', 'data'))}")


def show(key: str, job_id: str) -> dict[str, Any]:
    """Open a job's picture by its address, and return its status and size."""
    client = Client(headers={"Authorization": f"Api-Key {key}"})
    job = client.get(f"/api/tryon/jobs/{job_id}").json()["data"]
    if "resultImageUrl" not in job:
        return {"status": job["status"], "bytes": 0}
    picture: Any = client.get(job["resultImageUrl"].removeprefix("http://testserver"))
    return {"status": job["status"], "bytes": len(b"".join(picture.streaming_content))}


def migrate(label: str, name: str) -> None:
    """Bring the tables of an app to a migration."""
    call_command("migrate", label, name, verbosity=0)


def _sent(client: Client, path: str, **fields: Any) -> Any:
    return client.post(f"/api/tryon/{path}", fields).json()["data"]


def _wished(client: Client, wish: dict[str, str]) -> Any:
    return client.post("/api/tryon/generate", wish, content_type="application/json").json()["data"]


def _file(content: bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile("photo.jpg", content, content_type="image/jpeg")


SCENES: Final = {scene.__name__: scene for scene in (again, begin, alone, finish, migrate, show)}

if __name__ == "__main__":
    cache.clear()
    outcomes = [SCENES[name](*words) for name, *words in json.loads(sys.argv[1])]
    sys.stdout.write(json.dumps(outcomes, default=str) + "\n")
