"""Requests with an Idempotency-Key: they act once, and a repeat gets the same answer."""

import json
from datetime import timedelta
from typing import Any, Final

import pytest
import requests
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from config.core import clock
from config.core.http.idempotency.models import IdempotencyKey
from config.core.images import ImageMissing
from config.core.storage import local
from config.shops.keys import key_issue
from config.shops.models import ApiKey
from tests import images
from tests.config.core.http.test_database_away import without_database
from tests.conftest import Api, data_of, download, error_of
from tests.threads import at_once
from tests.tryon.cleanup.world import clean
from tests.waiting import LONGEST_SECONDS
from tryon.models import ProductImage, Status, TryOnJob
from tryon.services.products import product_image_create

pytestmark = pytest.mark.django_db(transaction=True)

KEY: Final = "7f0a2c1e"
MODEL_PHOTO: Final = images.model_photo(images.SMALL_PORTRAIT)
PHOTO: Final = images.garment_photo(images.SMALL_SQUARE)


def ask(api: Api, path: str, body: Any = None, *, key: str = KEY) -> Any:
    return api.client.post(
        f"/api/tryon/{path}", body, content_type="application/json", headers={"Idempotency-Key": key}
    )


def upload(api: Api, content: bytes = PHOTO, *, name: str = "shirt.jpg", **fields: Any) -> Any:
    file = SimpleUploadedFile(name, content, content_type="image/jpeg")
    form = {"file": file, "productId": "SKU-1", **fields}
    return api.client.post("/api/tryon/upload", form, headers={"Idempotency-Key": KEY})


def add_model(api: Api) -> Any:
    file = SimpleUploadedFile("model.jpg", MODEL_PHOTO, content_type="image/jpeg")
    form = {"file": file, "name": "Ada", "category": "full_body"}
    return api.client.post("/api/tryon/models", form, headers={"Idempotency-Key": KEY})


@pytest.fixture
def wish(product_id: str, model_id: str) -> dict[str, Any]:
    return {"productImageId": product_id, "modelImageId": model_id}


def fail_all_jobs() -> None:
    """End the jobs, so that the next request for the same picture would start another."""
    TryOnJob.objects.update(status=Status.FAILED, error_code="internal_error", completed_at=clock.now())


def set_row(**changes: Any) -> None:
    """Change the one key's row."""
    assert IdempotencyKey.objects.update(**changes) == 1


def test_a_repeat_gets_the_same_answer_and_starts_nothing(owner: Api, wish: dict[str, Any]) -> None:
    first = ask(owner, "generate", wish)
    fail_all_jobs()
    set_row(leased_until=clock.now())
    again = ask(owner, "generate", dict(reversed(wish.items())))
    assert (first.status_code, again.status_code, again.content) == (202, 202, first.content)
    for name in ("Content-Type", "Retry-After", "Cache-Control"):
        assert again[name] == first[name]
    assert (first.get("Idempotent-Replayed"), again["Idempotent-Replayed"]) == (None, "true")
    assert again["X-Request-ID"] != first["X-Request-ID"]
    assert TryOnJob.objects.count() == 1
    assert data_of(ask(owner, "generate", wish, key="another"))["jobId"] != data_of(first)["jobId"]


def test_quotes_and_blanks_around_it_are_no_part_of_a_key(manager: Api) -> None:
    for first, same in (("a b", '"a b"'), (r"\"x", r'"\\\"x"'), (" padded ", "padded"), ("x" * 64,) * 2):
        assert "Idempotent-Replayed" not in ask(manager, "stats/pause", key=first)
        assert ask(manager, "stats/pause", key=same)["Idempotent-Replayed"] == "true"


def test_other_texts_are_refused(manager: Api) -> None:
    for key in ("", '""', '"', '"a', '"a"b"', "x" * 65, f'"{"x" * 65}"', "\xe9", "a\tb", r'"\a"'):
        refused = ask(manager, "stats/pause", key=key)
        assert (refused.status_code, error_of(refused)["code"]) == (400, "idempotency_key_invalid"), key
    assert not IdempotencyKey.objects.exists()


def test_another_body_or_path_is_refused_and_another_caller_or_route_is_not(
    owner: Api, manager: Api, wish: dict[str, Any]
) -> None:
    job_id = data_of(ask(owner, "generate", wish))["jobId"]
    refused = ask(owner, "generate", {**wish, "options": {"seed": 7}})
    assert (refused.status_code, error_of(refused)["code"]) == (422, "idempotency_key_reused")
    rotated = Api(key_issue(name="Owner's second", shop=ApiKey.objects.get(name="Owner").shop)[1])
    for caller in (manager, rotated):
        assert ask(caller, "generate", {**wish, "options": {"seed": 7}}).status_code == 202
    canceled = ask(owner, f"jobs/{job_id}/cancel")
    assert (canceled.status_code, data_of(canceled)["status"]) == (200, "canceled")
    assert ask(owner, f"jobs/{job_id}/cancel").content == canceled.content
    other = data_of(ask(owner, "generate", wish, key="another"))["jobId"]
    assert error_of(ask(owner, f"jobs/{other}/cancel"))["code"] == "idempotency_key_reused"
    assert TryOnJob.objects.filter(status=Status.CANCELED).count() == 1


def test_a_form_is_known_by_its_fields_and_the_bytes_of_its_file(owner: Api) -> None:
    first = upload(owner)
    again = upload(owner, name="other.jpg")
    assert (again.status_code, data_of(again)["id"]) == (201, data_of(first)["id"])
    for changed in (
        upload(owner, images.garment_photo(images.SMALL_SQUARE, seed=2)),
        upload(owner, productId="SKU-2"),
        upload(owner, metadata="{}"),
    ):
        assert error_of(changed)["code"] == "idempotency_key_reused"
    assert ProductImage.objects.count() == 1


def test_a_repeat_signs_its_addresses_again_and_takes_no_clients_text_for_one(
    owner: Api, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The metadata name a file as the kept answer does. They stay what they are."""
    stranger = ProductImage.objects.create(product_id="X", original="originals/secret.jpg", width=1, height=1)
    spoof = {"stored_as": str(stranger.original), "addresses": [[["data"], str(stranger.original)]]}
    first = data_of(upload(owner, metadata=json.dumps(spoof)))
    kept = IdempotencyKey.objects.get().answer
    assert "signature" not in kept
    monkeypatch.setattr(local, "EXPIRY_STEP_SECONDS", 300)
    settings.PUBLIC_BASE_URL = ""
    again = data_of(upload(owner, metadata=json.dumps(spoof)))
    addresses = {"originalUrl", "processedUrl", "thumbnailUrl"}
    assert {name for name in first if again[name] != first[name]} == addresses
    assert download(owner, again["processedUrl"])[:2] == b"\xff\xd8"
    assert again["metadata"] == spoof


def test_a_refusal_is_not_kept(owner: Api, model_id: str) -> None:
    wish = {"productImageId": "0e3b1c5e-6f4f-4a57-9d0a-6f1f5c1f3a10", "modelImageId": model_id}
    for body, status in (({}, 400), (wish, 404)):
        assert ask(owner, "generate", body).status_code == status
    assert ask(owner, "jobs/0e3b1c5e-6f4f-4a57-9d0a-6f1f5c1f3a10/cancel").status_code == 404
    assert ask(owner, "stats/pause").status_code == 403
    assert upload(owner, b"no picture").status_code == 415
    assert owner.client.post("/api/tryon/generate", b"{", content_type="application/json").status_code == 400
    assert not IdempotencyKey.objects.exists()
    product = data_of(owner.upload(PHOTO))["id"]
    assert ask(owner, "generate", {**wish, "productImageId": product}).status_code == 202


def test_while_the_first_works_a_repeat_waits(owner: Api, wish: dict[str, Any]) -> None:
    """As it is while the first attempt has its lease, and after its process was killed."""
    first = data_of(ask(owner, "generate", wish))
    set_row(status=None, answer="")
    waits = ask(owner, "generate", wish)
    assert (waits.status_code, waits["Retry-After"]) == (409, "2")
    assert (error_of(waits)["code"], error_of(waits)["retryable"]) == ("idempotency_in_progress", True)
    set_row(leased_until=clock.now() - timedelta(seconds=1))
    assert error_of(ask(owner, "generate", {}))["code"] == "idempotency_key_reused"
    taken = ask(owner, "generate", wish)
    assert (data_of(taken)["jobId"], "Idempotent-Replayed" in taken) == (first["jobId"], False)
    assert ask(owner, "generate", wish)["Idempotent-Replayed"] == "true"
    assert TryOnJob.objects.count() == 1


def test_a_retry_that_was_cut_off_pays_for_no_second_try(owner: Api, wish: dict[str, Any]) -> None:
    job_id = data_of(owner.post("generate", wish))["jobId"]
    fail_all_jobs()
    assert ask(owner, f"jobs/{job_id}/retry").status_code == 202
    for status in (Status.QUEUED, Status.FAILED):
        TryOnJob.objects.update(status=status, error_code="internal_error")
        set_row(status=None, answer="", leased_until=clock.now())
        again = ask(owner, f"jobs/{job_id}/retry")
        assert (again.status_code, data_of(again)["status"]) == (202, status)
    assert ask(owner, f"jobs/{job_id}/retry", key="another one").status_code == 202
    assert TryOnJob.objects.get().status == Status.QUEUED


def test_what_was_cut_off_after_its_photo_was_stored_stores_no_second_one(owner: Api, manager: Api) -> None:
    owner.upload(PHOTO)  # an older one of the same file
    for send, api in ((upload, owner), (add_model, manager)):
        first = send(api)
        past = clock.now() - timedelta(seconds=1)
        set_row(status=None, answer="", leased_until=past)
        again = send(api)
        assert (again.status_code, data_of(again)["id"]) == (201, data_of(first)["id"])
        IdempotencyKey.objects.all().delete()
    assert ProductImage.objects.count() == 2
    assert error_of(add_model(manager))["code"] == "model_image_duplicate"


def test_a_photo_that_has_changed_at_its_address_since_it_was_stored_is_not_stored_again(owner: Api) -> None:
    first = data_of(upload(owner))
    ProductImage.objects.update(checksum="of another picture")
    set_row(status=None, answer="", leased_until=clock.now())
    files = sorted(default_storage.listdir("products")[1])
    assert data_of(upload(owner))["id"] == first["id"]
    assert sorted(default_storage.listdir("products")[1]) == files


def test_an_erased_photo_leaves_no_answer_behind(owner: Api) -> None:
    photo_id = data_of(upload(owner, metadata='{"name": "Linen shirt"}'))["id"]
    assert owner.delete(f"uploads/{photo_id}").status_code == 204
    assert not IdempotencyKey.objects.exists()


def test_after_an_error_of_ours_only_the_same_request_may_have_the_key(
    owner: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The photo may be stored already, as here. Whatever later attempts say, the last one finds it."""

    def fails(*args: Any, **more: Any) -> None:
        product_image_create(*args, **more)
        raise RuntimeError

    def is_refused(*args: Any, **more: Any) -> None:
        raise ImageMissing

    def loses_its_lease(*args: Any, **more: Any) -> None:
        set_row(attempt=1000)
        raise ImageMissing

    for service, status in ((fails, 500), (is_refused, 400), (loses_its_lease, 400)):
        with monkeypatch.context() as patch:
            patch.setattr("tryon.api.uploads.product_image_create", service)
            assert upload(owner).status_code == status
    assert error_of(upload(owner))["code"] == "idempotency_in_progress"  # the thousandth attempt works
    assert error_of(upload(owner, productId="SKU-2"))["code"] == "idempotency_key_reused"
    set_row(leased_until=clock.now())
    photo = ProductImage.objects.get()
    assert data_of(upload(owner))["id"] == str(photo.pk)
    assert ProductImage.objects.count() == 1


def test_keys_end_after_a_day(owner: Api) -> None:
    first = data_of(upload(owner))["id"]
    left = IdempotencyKey.objects.get().kept_until - clock.now()
    assert timedelta(hours=23, minutes=59) < left <= timedelta(hours=24)
    assert "old_idempotency_keys: removed 0," in clean("old_idempotency_keys")
    set_row(kept_until=clock.now())
    assert data_of(upload(owner))["id"] != first
    set_row(kept_until=clock.now())
    assert upload(owner, productId="SKU-2").status_code == 201
    set_row(kept_until=clock.now())
    clean("old_idempotency_keys", dry_run=True)
    assert IdempotencyKey.objects.count() == 1
    assert "old_idempotency_keys: removed 1," in clean("old_idempotency_keys")
    assert not IdempotencyKey.objects.exists()


def test_a_key_costs_two_statements_outside_any_transaction(owner: Api, wish: dict[str, Any]) -> None:
    owner.post("generate", wish)

    def statements(ask_it: Any) -> list[str]:
        with CaptureQueriesContext(
            connection,
        ) as seen:
            assert ask_it().status_code == 202
        return [one["sql"] for one in seen]

    without = statements(lambda: owner.post("generate", wish))
    with_key = statements(lambda: ask(owner, "generate", wish))
    assert not [sql for sql in without if "idempotency" in sql]
    assert len(with_key) == len(without) + 2
    assert with_key[0].lstrip().startswith("INSERT")
    assert with_key[-1].startswith("UPDATE")


def test_without_a_database_it_is_503(owner: Api) -> None:
    owner.get("models")  # the key is remembered
    answer = without_database(lambda: ask(owner, "generate", {}))
    assert (answer.status_code, error_of(answer)["code"]) == (503, "database_unavailable")


def test_fifty_at_once_act_once(
    live_server: LiveServer, owner: Api, manager: Api, wish: dict[str, Any]
) -> None:
    """Over HTTP: a try-on, and a form with a file."""

    def post(path: str, **content: Any) -> Any:
        return requests.post(
            f"{live_server.url}/api/tryon/{path}",
            headers={"Authorization": owner.authorization, "Idempotency-Key": KEY},
            timeout=LONGEST_SECONDS,
            **content,
        )

    def try_on() -> Any:
        return post("generate", json=wish)

    def photo() -> Any:
        return post("upload", data={"productId": "SKU-9"}, files={"file": ("a.jpg", PHOTO)})

    live_server.thread.httpd.socket.listen(64)  # Django's server lets ten connections wait
    for call, status, name in ((try_on, 202, "jobId"), (photo, 201, "id")):
        answers = at_once(50, call, threads=50)
        made = [answer for answer in answers if answer.status_code == status]
        others = [error_of(answer)["code"] for answer in answers if answer.status_code != status]
        assert set(others) <= {"idempotency_in_progress"}
        assert len([answer for answer in made if "Idempotent-Replayed" not in answer.headers]) == 1
        assert len({data_of(answer)[name] for answer in made}) == 1
        assert call().headers["Idempotent-Replayed"] == "true"
    assert ProductImage.objects.filter(product_id="SKU-9").count() == 1
    reuse = data_of(manager.get("stats"))["reuse"]
    assert (reuse["misses"], reuse["joins"], reuse["hits"]) == (1, 0, 0)
