"""Try-ons on shoppers' own photos: made within the calls, seen by the shopper only, gone with the photo."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from pytest_django import Settings

from config.core import clock
from results.models import Review, TryOnResult
from results.services import result_review
from tests import images
from tests.admin_pages import page, sign_in
from tests.conftest import Api, Finish, data_of, download, error_of
from tests.stores import away, stored_keys
from tests.tryon.cleanup.world import clean
from tests.tryon.shoppers.people import send_photo, shopper
from tests.waiting import eventually
from tryon import tasks
from tryon.fashn.client import FashnClient
from tryon.fashn.types import Phase, PredictionStatus
from tryon.models import JobEvent, Prediction, PredictionState, ShopperPhoto, Status, TryOnJob
from tryon.sandbox import Sandbox

pytestmark = pytest.mark.django_db(transaction=True)

type Ask = Callable[..., str]


@pytest.fixture
def ask(ada: Api, wish: dict[str, Any], sandbox: Sandbox) -> Ask:
    """Ask as Ada for the product on her own photo; returns the job's id."""

    def generate(**options: Any) -> str:
        return str(data_of(ada.post("generate", {**wish, "options": options}))["jobId"])

    return generate


@pytest.fixture
def done(ask: Ask, finish: Finish) -> TryOnJob:
    job = finish(ask())
    assert job.status == Status.COMPLETED
    return job


def runs(sandbox: Sandbox) -> list[Any]:
    """Return the bodies of the runs."""
    return [entry["body"] for entry in sandbox.ledger()["log"] if entry["target"].startswith("/v1/run")]


@pytest.mark.usefixtures("store")
@pytest.mark.parametrize("options", [{}, {"background": "white"}])
def test_photo_and_picture_travel_within_the_calls(
    ask: Ask, finish: Finish, ada: Api, sandbox: Sandbox, settings: Settings, options: dict[str, str]
) -> None:
    settings.PUBLIC_BASE_URL = "https://shop.example"
    job = finish(ask(**options))
    assert job.status == Status.COMPLETED
    asked = runs(sandbox)
    assert len(asked) == 1 + len(options)
    for run in asked:
        assert run["inputs"]["return_base64"] is True
        pictures = {name: value for name, value in run["inputs"].items() if "image" in name}
        assert set(pictures.values()) == {"<base64>"}
    # No news of FASHN's, which would have the picture in it.
    assert not any("webhook_url" in entry["target"] for entry in sandbox.ledger()["log"])
    for call in Prediction.objects.all():
        assert (call.output, call.credits_used) == ("<base64>", 1)
    assert not any("base64," in str(event.data) for event in JobEvent.objects.all())
    settings.PUBLIC_BASE_URL = ""
    shown = data_of(ada.get(f"jobs/{job.pk}"))
    assert (shown["shopperPhotoId"], shown["modelImageId"]) == (str(job.shopper_photo_id), None)
    assert download(ada, shown["resultImageUrl"]).startswith(b"\x89PNG")
    result = data_of(ada.get(f"results/{shown['resultId']}"))
    assert result["recipe"]["shopperPhotoId"] == shown["shopperPhotoId"]
    assert result["expiresAt"] == data_of(ada.get(f"shopper-photos/{job.shopper_photo_id}"))["expiresAt"]


def test_an_outfit_is_put_on_the_shopper_too(
    ask: Ask, ada: Api, owner: Api, wish: dict[str, Any], finish: Finish, sandbox: Sandbox
) -> None:
    second = data_of(owner.upload(images.garment_photo(images.SMALL_SQUARE, seed=1)))["id"]
    garments = [
        {"productImageId": wish["productImageId"], "category": "tops"},
        {"productImageId": second, "category": "bottoms"},
    ]
    asked = ada.post("generate", {"garments": garments, "shopperPhotoId": wish["shopperPhotoId"]})
    assert finish(data_of(asked)["jobId"]).status == Status.COMPLETED
    assert [run["inputs"]["return_base64"] for run in runs(sandbox)] == [True, True]


def test_the_same_wish_of_its_shopper_meets_its_picture_and_no_other(
    done: TryOnJob, ask: Ask, ada: Api, bea: Api, wish: dict[str, Any], sandbox: Sandbox
) -> None:
    assert ask() == str(done.pk)
    theirs = {**wish, "shopperPhotoId": data_of(send_photo(bea))["id"]}
    mine = {**wish, "shopperPhotoId": data_of(send_photo(ada))["id"]}
    jobs = {data_of(caller.post("generate", body))["jobId"] for caller, body in ((bea, theirs), (ada, mine))}
    assert len(jobs | {str(done.pk)}) == 3
    assert bea.get(f"jobs/{done.pk}").status_code == 404


def test_the_shop_and_the_staff_see_that_it_exists_and_no_picture(
    done: TryOnJob, ada: Api, owner: Api, manager: Api, stranger: Api
) -> None:
    result = TryOnResult.objects.get()
    result_review([result], Review.APPROVED)
    for other in (owner, manager):
        for shown in (data_of(other.get(f"jobs/{done.pk}")), data_of(other.get("jobs"))[0]):
            assert (shown["status"], shown["resultState"]) == ("completed", "private")
            assert not {"resultId", "resultImageUrl", "thumbnailUrl"} & shown.keys()
        assert other.get(f"results/{result.pk}").status_code == 404
        assert other.delete(f"results/{result.pk}").status_code == 404
        assert other.post(f"results/{result.pk}/feedback", {"verdict": "yes"}).status_code == 404
        assert data_of(other.get("results")) == []
    assert stranger.get(f"jobs/{done.pk}").status_code == 404
    assert [one["id"] for one in data_of(ada.get("results"))] == [str(result.pk)]
    keys = {str(result.image), str(result.thumbnail), *(key for key in stored_keys() if "shoppers/" in key)}
    staff = sign_in()
    for address in (
        "tryon/tryonjob/",
        f"tryon/tryonjob/{done.pk}/change/",
        "results/tryonresult/",
        f"tryon/productimage/{done.product_image_id}/change/",
        f"tryon/productimage/{done.product_image_id}/erase/",
    ):
        text = page(staff, f"/admin/{address}")
        assert not any(key in text for key in keys), address
    assert "only the shopper sees it" in page(staff, f"/admin/tryon/tryonjob/{done.pk}/change/")
    assert staff.get(f"/admin/results/tryonresult/{result.pk}/change/").status_code == 302


def test_no_picture_of_a_shopper_is_shown_in_place_of_another(
    done: TryOnJob, ada: Api, owner: Api, manager: Api, model_id: str
) -> None:
    result_review(TryOnResult.objects.all(), Review.APPROVED)
    manager.post("stats/pause")
    product = str(done.product_image_id)
    for caller in (ada, owner):
        asked = data_of(caller.post("generate", {"productImageId": product, "modelImageId": model_id}))
        assert asked["fallbacks"] == []


def test_a_picture_that_the_store_does_not_take_is_asked_for_again(
    ask: Ask, finish: Finish, work: Callable[[], None], settings: Settings, sandbox: Sandbox
) -> None:
    job_id = ask()
    work()
    sandbox.advance(60)
    TryOnJob.objects.update(next_check_at=clock.now())
    with away(settings):
        tasks.sweep()
        work()
    assert Prediction.objects.get().state == PredictionState.RUNNING
    assert finish(job_id).status == Status.COMPLETED
    assert len(runs(sandbox)) == 1


def test_a_rescue_has_an_hour(
    ask: Ask,
    work: Callable[[], None],
    past_deadline: Callable[[], None],
    rescue_now: Callable[[], None],
    ada: Api,
    sandbox: Sandbox,
) -> None:
    job_id = ask()
    work()
    sandbox.inject("status", "InternalServerError")
    past_deadline()
    assert TryOnJob.objects.get().error_code == "deadline_passed"
    rescue_now()
    assert data_of(ada.get(f"jobs/{job_id}"))["status"] == "completed"
    assert len(runs(sandbox)) == 1


def test_after_an_hour_nobody_asks_any_more_and_a_retry_pays(
    ask: Ask,
    work: Callable[[], None],
    past_deadline: Callable[[], None],
    rescue_now: Callable[[], None],
    finish: Finish,
    ada: Api,
    sandbox: Sandbox,
) -> None:
    job_id = ask()
    work()
    sandbox.inject("status", "InternalServerError")
    past_deadline()
    Prediction.objects.update(submitted_at=clock.now() - timedelta(minutes=61))
    sandbox.inject("status", "InternalServerError")
    rescue_now()
    assert Prediction.objects.get().rescue_at is None
    assert ada.post(f"jobs/{job_id}/retry").status_code == 202
    assert finish(job_id).status == Status.COMPLETED
    assert len(runs(sandbox)) == 2


def test_a_picture_that_fashn_has_forgotten_is_not_waited_for(
    ask: Ask, finish: Finish, work: Callable[[], None], sandbox: Sandbox
) -> None:
    job_id = ask()
    work()
    eventually(lambda: sandbox.ledger()["predictions"][0]["status"] == "completed")  # its hour begins then
    sandbox.advance(2 * 3600)
    job = finish(job_id)
    assert (job.status, job.error_code) == (Status.FAILED, "result_not_usable")


def test_all_goes_with_the_photo(done: TryOnJob, ada: Api, owner: Api) -> None:
    ShopperPhoto.objects.update(expires_at=clock.now())
    TryOnResult.objects.update(expires_at=clock.now())
    clean("expired_shopper_photos")
    assert not [key for key in stored_keys() if key.startswith(("shoppers/", "results/"))]
    assert data_of(ada.get(f"jobs/{done.pk}"))["resultState"] == "expired"
    assert data_of(owner.get(f"jobs/{done.pk}"))["resultState"] == "expired"
    assert not TryOnResult.objects.exists()
    call = Prediction.objects.get()
    assert (call.kept.name, call.output, call.credits_used) == ("", "", 1)


def test_a_failed_try_on_is_not_tried_again_on_a_photo_that_has_gone(
    ask: Ask, finish: Finish, ada: Api, sandbox: Sandbox
) -> None:
    sandbox.inject("prediction", "PoseError")
    job = finish(ask())
    ShopperPhoto.objects.update(expires_at=clock.now())
    answer = ada.post(f"jobs/{job.pk}/retry")
    assert (answer.status_code, error_of(answer)["code"]) == (404, "shopper_photo_not_found")


@pytest.mark.parametrize("stage", ["queued", "at FASHN", "completed"])
def test_an_erased_photo_takes_its_try_on_along(
    ask: Ask,
    finish: Finish,
    work: Callable[[], None],
    rescue_now: Callable[[], None],
    ada: Api,
    owner: Api,
    photo_id: str,
    sandbox: Sandbox,
    stage: str,
) -> None:
    job_id = ask()
    if stage == "at FASHN":
        work()
    if stage == "completed":
        finish(job_id)
    assert ada.delete(f"shopper-photos/{photo_id}").status_code == 204
    sandbox.advance(60)
    rescue_now()
    assert not [key for key in stored_keys() if key.startswith(("shoppers/", "results/"))]
    shown = data_of(owner.get(f"jobs/{job_id}"))
    assert (shown["status"], shown["resultState"]) == (
        ("completed", "deleted") if stage == "completed" else ("canceled", "none")
    )
    row = ShopperPhoto.objects.get()
    assert (row.requester, row.checksum, row.consent_version, row.api_key) == ("", "", "", None)
    assert [call.kept.name for call in Prediction.objects.all()] == [""] * Prediction.objects.count()


def test_another_shops_namesake_is_another_person(done: TryOnJob) -> None:
    namesake = shopper("ada", shop="Stranger")
    assert namesake.get(f"jobs/{done.pk}").status_code == 404
    assert namesake.get(f"shopper-photos/{done.shopper_photo_id}").status_code == 404


@pytest.mark.parametrize(
    ("output", "options"),
    [("<base64>_expired", {"background": "white"}), ("data:image/png;base64,AAAA", {})],
    ids=["forgotten, before the second step", "no picture"],
)
def test_a_picture_that_is_lost_is_paid_again_only_when_a_person_retries(
    ask: Ask,
    ada: Api,
    finish: Finish,
    sandbox: Sandbox,
    monkeypatch: pytest.MonkeyPatch,
    output: str,
    options: dict[str, str],
) -> None:
    with monkeypatch.context() as patch:
        lost = PredictionStatus("", "completed", Phase.SUCCEEDED, (output,), error=None, credits_used=1)
        patch.setattr(FashnClient, "status", lambda self, provider_id: lost)
        assert finish(ask(**options)).error_code == "result_not_usable"
    again = finish(ask(**options))
    assert again.error_code == "result_not_usable"
    assert len(runs(sandbox)) == 1
    assert ada.post(f"jobs/{again.pk}/retry").status_code == 202
    assert finish(str(again.pk)).status == Status.COMPLETED
    assert len(runs(sandbox)) == 2 + len(options)
