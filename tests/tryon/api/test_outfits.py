"""Outfits: several garments on one person, as the steps of one job."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any, Final

import pytest

from config.core import clock
from config.shops.keys import key_issue
from config.shops.models import Shop
from models_library.models import ModelImage
from tests import images
from tests.conftest import Api, Finish, data_of, download, error_of
from tests.factories import ModelImageFactory, ProductImageFactory
from tests.stores import stored_keys
from tests.tryon.cleanup.world import clean
from tryon import tasks
from tryon.fashn.options import Recipe
from tryon.models import Account, JobViewer, Prediction, ProductImage, Status, TryOnJob, ViewerGarment
from tryon.sandbox import Sandbox
from tryon.services.generate import cache_key

pytestmark = pytest.mark.django_db

PINNED: Final = ["415bcdba6d9f3a48", "5bac4b3b04015e34", "5130537e987a2e8c"]
DRAWN: Final = [images.garment_photo(images.SMALL_SQUARE, seed=seed) for seed in range(3)]

type Dress = Callable[..., Any]


def uploaded(api: Api) -> list[str]:
    """Return the ids of three photos that the caller has just uploaded, of SKU-0, SKU-1 and SKU-2."""
    return [data_of(api.upload(photo, productId=f"SKU-{n}"))["id"] for n, photo in enumerate(DRAWN)]


@pytest.fixture
def photos(owner: Api) -> list[str]:
    return uploaded(owner)


@pytest.fixture
def dress(owner: Api, photos: list[str], model_id: str) -> Dress:
    """Ask for an outfit of garments of these categories. Returns the answer's data."""

    def ask(*categories: str | None, **options: Any) -> Any:
        return data_of(owner.post("generate", wish(photos, model_id, *categories, **options)))

    return ask


def wish(photos: Sequence[str], model_id: str, *categories: str | None, **options: Any) -> dict[str, Any]:
    """Return the body of a request: the first photo with the first category, and so on."""
    garments = [
        {"productImageId": photo} | ({"category": category} if category else {})
        for photo, category in zip(photos, categories, strict=False)
    ]
    return {"garments": garments, "modelImageId": model_id, "options": options}


def paid(sandbox: Sandbox) -> list[tuple[str, int]]:
    """Return the models that FASHN was asked for in order, each with the credits that it took."""
    return [(row["modelName"], row["credits"]) for row in sandbox.ledger()["predictions"]]


@pytest.mark.django_db(transaction=True)
def test_garments_go_on_one_after_another(
    dress: Dress, photos: list[str], owner: Api, finish: Finish, sandbox: Sandbox
) -> None:
    asked = dress("shoes", None, "bottoms", background="white")
    assert (asked["status"], asked["credits"]) == ("queued", 5)
    assert asked["estimatedWaitTime"] == 8 + 8 + 25 + 2

    assert finish(asked["jobId"]).status == Status.COMPLETED

    assert paid(sandbox) == [("tryon-v1.6", 1), ("tryon-v1.6", 1), ("tryon-max", 2), ("background-remove", 1)]
    sent = [call["body"]["inputs"] for call in sandbox.ledger()["log"] if call["target"] == "/v1/run"]
    assert [inputs.get("category") for inputs in sent] == ["bottoms", "auto", None, None]
    before = Prediction.objects.order_by("step").values_list("output", flat=True)
    assert [sent[1]["model_image"], sent[2]["model_image"], sent[3]["image"]] == list(before)[:3]

    job = data_of(owner.get(f"jobs/{asked['jobId']}"))
    garments = [
        {"productImageId": photos[2], "productId": "SKU-2", "category": "bottoms"},
        {"productImageId": photos[1], "productId": "SKU-1"},
        {"productImageId": photos[0], "productId": "SKU-0", "category": "shoes"},
    ]
    assert (job["garments"], job["productImageId"]) == (garments, photos[2])
    assert job["options"] == {"background": "#ffffff"}
    result = data_of(owner.get(f"results/{job['resultId']}"))
    assert (result["creditsUsed"], result["recipe"]["garments"]) == (5, garments)
    assert result["recipe"]["options"] == {"background": "#ffffff"}
    assert download(owner, result["imageUrl"])
    for number, photo in enumerate(photos):
        wanted = {"productImageId": photo, "productId": f"SKU-{number}"}
        assert data_of(owner.get("jobs", **wanted))[0]["id"] == asked["jobId"]
        for query in (wanted, {"productId": f"SKU-{number}"}, {"productImageId": photo}):
            assert [row["id"] for row in data_of(owner.get("results", **query))] == [job["resultId"]]
        assert data_of(owner.get("results", **{**wanted, "productId": "SKU-9"})) == []


@pytest.mark.django_db(transaction=True)
def test_progress_and_wait_run_over_all_steps(
    dress: Dress, owner: Api, work: Callable[[], None], sandbox: Sandbox
) -> None:
    dress("bottoms", "tops", "shoes")
    seen = []
    for step in range(3):
        work()
        began = clock.now() - timedelta(seconds=8 * step)
        TryOnJob.objects.update(started_at=began, next_check_at=clock.now() - timedelta(minutes=1))
        job = data_of(owner.get("jobs"))[0]
        seen.append((job["progress"], job["estimatedWaitTime"]))
        sandbox.advance(60)
        tasks.sweep()
    # In units of a classic step: a slow machine counts a few seconds as gone.
    assert [round(wait / 8) for _progress, wait in seen] == [5, 4, 3]
    first, second, third = [progress for progress, _wait in seen]
    assert 10 == first < second < third < 60


@pytest.mark.django_db(transaction=True)
def test_a_paid_step_is_not_paid_again(dress: Dress, owner: Api, finish: Finish, sandbox: Sandbox) -> None:
    sandbox.inject("prediction", "ContentModerationError", model="tryon-max")
    job_id = dress("bottoms", "tops", "shoes")["jobId"]
    assert finish(job_id).error_code == "content_refused"
    assert dress("bottoms", "tops", "shoes")["credits"] == 2  # another attempt, which inherits
    assert owner.post(f"jobs/{job_id}/retry").status_code == 202
    assert finish(str(TryOnJob.objects.latest("created_at").pk)).status == Status.COMPLETED
    assert paid(sandbox) == [("tryon-v1.6", 1), ("tryon-v1.6", 1), ("tryon-max", 0), ("tryon-max", 2)]
    assert dress("tops", "bottoms", "shoes")["credits"] == 4  # other garments on the same photos


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("lost", "again"), [(0, ["tryon-max"]), (1, ["tryon-v1.6", "tryon-max"])])
def test_a_retry_goes_on_from_the_latest_picture_that_is_left(
    dress: Dress, finish: Finish, owner: Api, sandbox: Sandbox, lost: int, again: list[str]
) -> None:
    """The picture of the first step has no second garment. Nobody sees the third garment on it."""
    sandbox.inject("prediction", "ContentModerationError", model="tryon-max")
    job = finish(dress("bottoms", "tops", "shoes")["jobId"])
    Prediction.objects.filter(step=lost).update(output="", kept="")
    assert owner.post(f"jobs/{job.pk}/retry").status_code == 202
    assert finish(str(job.pk)).status == Status.COMPLETED
    assert [model for model, _credits in paid(sandbox)] == ["tryon-v1.6", "tryon-v1.6", "tryon-max", *again]


@pytest.mark.parametrize(
    ("categories", "options", "field"),
    [
        (["tops", "tops"], {}, "garments.1.category"),
        (["shoes", "tops", "shoes"], {}, "garments.2.category"),
        (["one-pieces", "bottoms"], {}, "garments.1.category"),
        (["tops", "one-pieces"], {}, "garments.1.category"),
        (["one-pieces", None], {}, "garments.1.category"),
        (["tops", "hats"], {}, "garments.1.category"),
        (["tops", "bottoms"], {"category": "tops"}, "options.category"),
        (["tops"], {"category": "auto"}, "options.category"),
        (["shoes", "bags"], {"garmentPhotoType": "flat-lay"}, "options.garmentPhotoType"),
        (["tops", "shoes"], {"garmentPhotoType": "flat-lay", "resolution": "1k"}, "options.garmentPhotoType"),
        (["tops", "shoes"], {"mode": "fast"}, "options.mode"),
        (["tops", "shoes"], {"mode": "performance", "resolution": "1k"}, "options.mode"),
        (["tops", "shoes"], {"garments": ["tops", "shoes"]}, "options.garments"),
    ],
)
def test_what_does_not_go_together_is_named(
    owner: Api, model_id: str, categories: list[str | None], options: dict[str, Any], field: str
) -> None:
    body = wish(["1" * 8 + f"-2222-4333-8444-55555555555{n}" for n in range(3)], model_id, *categories)
    for path in ("generate", "generate/price"):
        response = owner.post(path, {**body, "options": options})
        assert (response.status_code, list(error_of(response)["details"]["fields"])) == (400, [field])


def test_a_request_names_one_garment_or_an_outfit_of_three_at_most(
    owner: Api, photos: list[str], model_id: str
) -> None:
    first = {"productImageId": photos[0]}
    for wrong, field in (
        ({"garments": [first], **first}, "productImageId"),
        ({}, "productImageId"),
        ({"garments": []}, "garments"),
        ({"garments": [first] * 4}, "garments"),
        ({"garments": photos}, "garments.0"),
        ({"garments": [first, {"category": "tops"}]}, "garments.1.productImageId"),
        ({"garments": [first, {**first, "category": "tops"}]}, "garments.1.productImageId"),
        ({"garments": [{**first, "colour": "red"}]}, "garments.0.colour"),
    ):
        response = owner.post("generate", {"modelImageId": model_id, **wrong})
        assert response.status_code == 400
        assert field in {
            name.removesuffix(".nonFieldErrors") for name in error_of(response)["details"]["fields"]
        }
    assert not TryOnJob.objects.exists()


@pytest.mark.parametrize(
    ("category", "options", "short"),
    [
        (None, {}, {}),
        ("tops", {"seed": 7}, {"category": "tops", "seed": 7}),
        ("tops", {"resolution": "2k"}, {"resolution": "2k"}),
        ("shoes", {"mode": "performance"}, {"resolution": "1k", "mode": "fast"}),
        ("bags", {"resolution": "2k"}, {"resolution": "2k"}),
    ],
)
def test_one_garment_is_the_short_form(
    dress: Dress, owner: Api, photos: list[str], model_id: str, category: Any, options: Any, short: Any
) -> None:
    job_id = dress(category, **options)["jobId"]
    body = {"productImageId": photos[0], "modelImageId": model_id, "options": short}
    assert data_of(owner.post("generate", body))["jobId"] == job_id
    assert not ViewerGarment.objects.exists()


def test_the_order_of_the_request_does_not_matter(
    owner: Api, dress: Dress, photos: list[str], model_id: str
) -> None:
    job_id = dress("shoes", "tops", "bottoms")["jobId"]
    turned = wish(photos[::-1], model_id, "bottoms", "tops", "shoes")
    again = data_of(owner.post("generate", turned))
    assert (again["jobId"], again["credits"]) == (job_id, 0)


def test_the_keys_of_stored_results_do_not_change(settings: Any) -> None:
    """A key that changed would make shops pay again for every picture that they have."""
    settings.FASHN_API_URL = "https://api.fashn.ai"
    product = ProductImageFactory.build(checksum="a" * 64)
    model = ModelImageFactory.build(checksum="b" * 64)
    recipes: list[Recipe] = [
        {},
        {"category": "tops", "seed": 7},
        {"resolution": "2k", "background": "#ffffff"},
    ]
    keys = [cache_key([product], model, recipe, Account.LIVE) for recipe in recipes]
    assert [key[:16] for key in keys] == PINNED


def test_everyone_sees_the_photos_that_they_asked_with(
    dress: Dress, photos: list[str], stranger: Api, manager: Api, model_id: str
) -> None:
    job_id = dress("bottoms", "tops", "shoes")["jobId"]
    own = uploaded(stranger)
    joined = data_of(stranger.post("generate", wish(own, model_id, "bottoms", "tops", "shoes")))
    assert joined["jobId"] == job_id
    for caller, shown in ((stranger, own), (manager, photos)):
        job = data_of(caller.get(f"jobs/{job_id}"))
        assert [garment["productImageId"] for garment in job["garments"]] == shown


@pytest.mark.django_db(transaction=True)
def test_a_shop_sees_the_outfits_of_its_shoppers_with_their_photos(
    owner: Api, dress: Dress, photos: list[str], model_id: str
) -> None:
    """The shop's row goes on with the photos of another shopper when one erases a garment."""
    ada, bea = (Api(key_issue(name="Till", shop=Shop.objects.get(name="Owner"))[1]) for _ in range(2))
    ada.client.defaults["HTTP_X_SHOPPER_ID"], bea.client.defaults["HTTP_X_SHOPPER_ID"] = "ada", "bea"
    copies = {api: uploaded(api) for api in (ada, bea)}
    (job_id,) = {
        data_of(api.post("generate", wish(own, model_id, "bottoms", "tops")))["jobId"]
        for api, own in copies.items()
    }

    def shown(api: Api) -> list[str]:
        return [garment["productImageId"] for garment in data_of(api.get(f"jobs/{job_id}"))["garments"]]

    assert shown(ada) == copies[ada][:2]
    assert shown(owner) == copies[bea][:2]
    assert bea.delete(f"uploads/{copies[bea][1]}").status_code == 204
    assert shown(owner) == shown(ada) == copies[ada][:2]
    assert bea.get(f"jobs/{job_id}").status_code == 404


def test_a_stranger_cannot_use_an_uploaded_photo_as_a_further_garment(
    stranger: Api, photos: list[str], model_id: str
) -> None:
    shared = str(ProductImageFactory.create(requester="").pk)
    body = wish([shared, photos[1]], model_id, "bottoms", "tops")
    for path in ("generate", "generate/price"):
        response = stranger.post(path, body)
        assert (response.status_code, error_of(response)["code"]) == (404, "product_image_not_found")


@pytest.mark.django_db(transaction=True)
def test_a_price_is_told_and_nothing_is_started(
    owner: Api, photos: list[str], model_id: str, dress: Dress, finish: Finish, sandbox: Sandbox
) -> None:
    body = wish(photos, model_id, "bottoms", "tops", "shoes", mode="performance")
    told = data_of(owner.post("generate/price", body))
    assert told == {"credits": 3, "estimatedWaitTime": 5 + 5 + 12, "test": True}
    assert not TryOnJob.objects.exists()
    job_id = data_of(owner.post("generate", body))["jobId"]
    assert data_of(owner.post("generate/price", body)) == {**told, "credits": 0}  # it would join
    finish(job_id)
    assert data_of(owner.post("generate/price", body)) == {**told, "credits": 0, "estimatedWaitTime": 0}
    assert sum(credits for _model, credits in paid(sandbox)) == 3


@pytest.mark.django_db(transaction=True)
def test_an_erased_garment_takes_the_whole_outfit_along(
    dress: Dress, photos: list[str], owner: Api, finish: Finish, sandbox: Sandbox
) -> None:
    job = finish(dress("bottoms", "tops", "shoes")["jobId"])
    assert owner.delete(f"uploads/{photos[2]}").status_code == 204
    job.refresh_from_db()
    assert job.is_erased
    assert not hasattr(TryOnJob.objects.get(), "result")
    assert not any(key.startswith("results/") for key in stored_keys())


@pytest.mark.django_db(transaction=True)
def test_an_outfit_goes_on_with_the_copies_of_others(
    dress: Dress,
    photos: list[str],
    owner: Api,
    stranger: Api,
    model_id: str,
    finish: Finish,
    sandbox: Sandbox,
) -> None:
    job_id = dress("bottoms", "tops", "shoes")["jobId"]
    stranger.post("generate", wish(uploaded(stranger), model_id, "bottoms", "tops", "shoes"))
    assert owner.delete(f"uploads/{photos[1]}").status_code == 204
    assert finish(job_id).status == Status.COMPLETED
    assert owner.get(f"jobs/{job_id}").status_code == 404
    assert [viewer.garments.count() for viewer in JobViewer.objects.all()] == [2]


@pytest.mark.django_db(transaction=True)
def test_cleanup_leaves_the_photos_of_an_outfit_as_long_as_it_is_of_use(
    dress: Dress, finish: Finish, sandbox: Sandbox
) -> None:
    job = finish(dress("bottoms", "tops", "shoes")["jobId"])
    long_ago = clock.now() - timedelta(days=400)
    ProductImage.objects.update(created_at=long_ago)
    TryOnJob.objects.update(updated_at=long_ago)
    assert "removed 0" in clean("abandoned_uploads")
    assert "removed 0" in clean("spent_uploads")
    job.result.delete()
    assert "removed 0" in clean("abandoned_uploads")
    assert "spent_uploads: removed 3" in clean("spent_uploads")
    Prediction.objects.update(kept="", rescue_at=None)
    assert "old_jobs: removed 1" in clean("old_jobs")
    assert not ViewerGarment.objects.exists()


def test_the_category_of_the_model_photo_is_for_one_garment(dress: Dress) -> None:
    ModelImage.objects.update(category="upper_body")
    dress("tops", "shoes")
    assert TryOnJob.objects.get().options == {"garments": ["tops", "shoes"]}
