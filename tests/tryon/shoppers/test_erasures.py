"""Erasing all that is kept of a shopper, and the receipt that says when the store was found empty."""

from collections.abc import Callable
from typing import Any, Final
from uuid import UUID

import pytest
from django.db import connection
from pytest_django import Settings

from config.core.http.idempotency.models import IdempotencyKey
from config.shops.models import Shop
from results.models import ResultFeedback
from tests import images
from tests.conftest import Api, Finish, data_of, error_of, requester
from tests.stores import away, stored_keys
from tests.tryon.cleanup.world import clean
from tests.tryon.shoppers.people import send_photo, shopper
from tryon.cleanup import shopper_erasures
from tryon.models import Erasure, JobViewer, Prediction, ProductImage, ShopperPhoto, Status, TryOnJob
from tryon.sandbox import Sandbox
from tryon.services import shoppers

pytestmark = pytest.mark.django_db(transaction=True)

TABLES: Final = [
    *("tryon_jobviewer", "tryon_tryonjob", "tryon_prediction", "tryon_jobevent", "tryon_productimage"),
    *("tryon_shopperphoto", "tryon_erasure", "results_resultfeedback", "idempotency_idempotencykey"),
]


def names_in_rows(name: str) -> list[str]:
    """Return the tables in which a row has this text."""
    found = []
    with connection.cursor() as cursor:
        for table in TABLES:
            cursor.execute(f"SELECT * FROM {table}")  # noqa: S608
            found += [table for row in cursor.fetchall() if name in str(row)]
    return found


@pytest.fixture
def life(
    ada: Api, bea: Api, wish: dict[str, Any], model_id: str, finish: Finish, sandbox: Sandbox
) -> dict[str, str]:
    """All that a shopper leaves behind: pictures of Ada's own, and one that Bea has asked for too."""
    ada.client.defaults["HTTP_IDEMPOTENCY_KEY"] = "once"
    upload = data_of(ada.upload(images.garment_photo(images.SMALL_SQUARE, seed=1)))["id"]
    shared = {"productImageId": wish["productImageId"], "modelImageId": model_id}
    bodies = {"own": wish, "alone": {**shared, "productImageId": upload}, "shared": shared}
    jobs = {}
    for name, body in bodies.items():
        jobs[name] = str(data_of(ada.post("generate", body))["jobId"])
        finish(jobs[name])
        result = data_of(ada.get(f"jobs/{jobs[name]}"))["resultId"]
        ada.post(f"results/{result}/feedback", {"verdict": "no", "comment": "Not me."})
        ada.client.defaults.pop("HTTP_IDEMPOTENCY_KEY", None)
    bea.post("generate", shared)
    return jobs


@pytest.mark.usefixtures("store")
@pytest.mark.parametrize("way", ["the shop by the id", "the shopper"])
def test_all_of_one_shopper_goes_and_the_receipt_says_when_the_store_was_empty(
    life: dict[str, str], ada: Api, bea: Api, owner: Api, stranger: Api, way: str
) -> None:
    name = TryOnJob.objects.get(pk=life["own"]).shopper
    assert len(set(names_in_rows(name))) > 5
    before = stored_keys()
    answer = owner.delete("shoppers/ada") if way == "the shop by the id" else ada.delete("shoppers/me")
    assert answer.status_code == 202
    receipt = data_of(answer)
    assert receipt["state"] == "erased"
    counts = {field: receipt[field] for field in ("photos", "uploads", "jobs", "results", "leftToOthers")}
    assert counts == {"photos": 1, "uploads": 1, "jobs": 2, "results": 2, "leftToOthers": 1}
    assert receipt["objects"] == len(before - stored_keys()) > 8
    assert names_in_rows(name) == []
    assert not IdempotencyKey.objects.exists()
    assert set(ResultFeedback.objects.values_list("comment", flat=True)) == {""}
    assert ResultFeedback.objects.count() == 3
    assert [ada.get(f"jobs/{job}").status_code for job in life.values()] == [404, 404, 404]
    assert data_of(bea.get(f"jobs/{life['shared']}"))["resultImageUrl"]
    assert data_of(owner.get(f"jobs/{life['own']}"))["resultState"] == "deleted"
    assert sum(Prediction.objects.values_list("credits_used", flat=True)) == 3

    clean("shopper_erasures")
    for caller in (owner, ada, bea):
        checked = data_of(caller.get(f"erasures/{receipt['id']}"))
        assert (checked["state"], checked["objects"]) == ("verified", receipt["objects"])
        assert checked["verifiedAt"] > checked["erasedAt"] >= checked["requestedAt"]
    row = Erasure.objects.get()
    assert (row.keys, row.shopper) == ([], "")
    refused = stranger.get(f"erasures/{receipt['id']}")
    assert (refused.status_code, error_of(refused)["code"]) == (404, "erasure_not_found")

    again = data_of(owner.delete("shoppers/ada"))
    assert (again["jobs"], again["objects"], again["state"]) == (0, 0, "erased")


@pytest.mark.usefixtures("store")
def test_what_the_store_kept_is_removed_before_the_receipt_says_that_it_is_gone(
    life: dict[str, str], owner: Api, settings: Settings
) -> None:
    before = stored_keys()
    with away(settings):
        receipt = data_of(owner.delete("shoppers/ada"))
    assert receipt["state"] == "erased"
    assert stored_keys() == before
    clean("shopper_erasures")
    assert data_of(owner.get(f"erasures/{receipt['id']}"))["state"] == "erased"
    assert len(before - stored_keys()) == receipt["objects"]
    clean("shopper_erasures")
    assert data_of(owner.get(f"erasures/{receipt['id']}"))["state"] == "verified"


@pytest.mark.parametrize("stage", ["queued", "at FASHN", "ready at FASHN"])
def test_a_job_under_way_is_canceled_and_its_picture_is_not_kept(
    ada: Api,
    wish: dict[str, Any],
    work: Callable[[], None],
    rescue_now: Callable[[], None],
    sandbox: Sandbox,
    stage: str,
) -> None:
    job_id = data_of(ada.post("generate", wish))["jobId"]
    if stage != "queued":
        work()
    if stage == "ready at FASHN":
        sandbox.advance(60)
    receipt = data_of(ada.delete("shoppers/me"))
    assert (receipt["jobs"], receipt["canceled"]) == (1, 1)
    sandbox.advance(60)
    rescue_now()
    rescue_now()
    assert TryOnJob.objects.get(pk=job_id).status == Status.CANCELED
    assert not [key for key in stored_keys() if key.startswith(("shoppers/", "results/"))]
    for call in Prediction.objects.all():
        assert (call.kept.name, call.shopper.partition(":")[0]) == ("", "erased")


def test_an_erasure_that_is_cut_off_goes_on(
    life: dict[str, str], owner: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shoppers, "ERASE_SECONDS", -1.0)
    name = TryOnJob.objects.get(pk=life["own"]).shopper
    receipt = data_of(owner.delete("shoppers/ada"))
    assert (receipt["state"], receipt["photos"], receipt["jobs"]) == ("erasing", 1, 0)
    monkeypatch.setattr(shopper_erasures, "SECONDS", -1.0)
    clean("shopper_erasures")
    checked = data_of(owner.get(f"erasures/{receipt['id']}"))
    assert (checked["state"], checked["jobs"], checked["uploads"]) == ("verified", 2, 1)
    assert names_in_rows(name) == []


def test_only_a_secret_key_erases_by_an_id_and_only_a_shopper_itself(
    ada: Api, owner: Api, stranger: Api, photo_id: str
) -> None:
    page = shopper("ada", kind="publishable")
    page.client.defaults.pop("HTTP_X_SHOPPER_ID")
    for caller, path, code in (
        (page, "shoppers/ada", "permission_denied"),
        (ada, "shoppers/bea", "secret_key_needed"),
        (owner, "shoppers/me", "shopper_needed"),
    ):
        answer = caller.delete(path)
        assert (answer.status_code, error_of(answer)["code"]) == (403, code)
    answer = owner.delete("shoppers/" + "x" * 65)
    assert (answer.status_code, error_of(answer)["code"]) == (400, "shopper_id_invalid")
    assert data_of(stranger.delete("shoppers/ada"))["photos"] == 0
    assert ShopperPhoto.objects.filter(pk=photo_id).exclude(processed="").exists()


def test_the_shops_own_wish_for_a_shoppers_upload_goes_with_the_upload(
    life: dict[str, str], owner: Api
) -> None:
    assert JobViewer.objects.filter(job=UUID(life["alone"]), requester=requester("Owner")).exists()
    owner.delete("shoppers/ada")
    upload = ProductImage.objects.get(jobs__pk=life["alone"])
    assert (upload.requester, upload.processed.name, upload.product_id) == ("erased", "", "")


def test_a_visitor_of_a_page_erases_what_they_uploaded(owner: Api, ada: Api) -> None:
    token = data_of(owner.post("sessions", {"shopperId": "ada"}))["token"]
    visitor = Api("")
    visitor.client.defaults["HTTP_AUTHORIZATION"] = f"Bearer {token}"
    visitor.client.headers = {}
    photo = data_of(send_photo(visitor))["id"]
    assert ada.get(f"shopper-photos/{photo}").status_code == 200
    assert data_of(visitor.delete("shoppers/me"))["photos"] == 1
    assert not ShopperPhoto.objects.exists()


@pytest.mark.usefixtures("sandbox")
def test_erasing_gives_nobody_a_new_limit_for_the_day(
    ada: Api, bea: Api, product_id: str, model_id: str, finish: Finish
) -> None:
    Shop.objects.filter(name="Owner").update(shopper_daily_credits=1)

    def asked(api: Api, seed: int) -> Any:
        photos = {"productImageId": product_id, "modelImageId": model_id}
        return api.post("generate", {**photos, "options": {"seed": seed}})

    finish(data_of(asked(ada, 1))["jobId"])
    ada.delete("shoppers/me")
    assert error_of(asked(ada, 2))["code"] == "shopper_limit_reached"
    assert asked(bea, 3).status_code == 202
