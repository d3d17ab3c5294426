"""Shoppers of a shop: each sees their own, and the shop sees all of it."""

import pytest

from config.core import clock
from tests import images
from tests.conftest import Api, data_of, error_of, requester
from tests.factories import ModelImageFactory, ProductImageFactory, TryOnJobFactory, TryOnResultFactory
from tests.threads import at_once
from tests.tryon.shoppers.people import shopper
from tryon.models import Status, TryOnJob

pytestmark = pytest.mark.django_db(transaction=True)


def photos() -> dict[str, str]:
    """A product of the catalogue and a model, as a body of ``generate``."""
    product, model = ProductImageFactory.create(), ModelImageFactory.create()
    return {"productImageId": str(product.pk), "modelImageId": str(model.pk)}


def ask(*callers: Api, body: dict[str, str] | None = None) -> str:
    """Ask for one picture as each caller. Return the id of their one job."""
    body = body or photos()
    (job_id,) = {data_of(caller.post("generate", body))["jobId"] for caller in callers}
    return str(job_id)


def sees(job_id: str, *callers: Api) -> list[str | int]:
    """Return the status of the job for each caller, or 404."""
    answers = [caller.get(f"jobs/{job_id}") for caller in callers]
    return [data_of(one)["status"] if one.status_code == 200 else one.status_code for one in answers]


def test_a_shopper_sees_their_own_and_the_shop_sees_all(
    owner: Api, stranger: Api, ada: Api, bea: Api
) -> None:
    body = photos()
    job_id = ask(ada, body=body)
    namesake = shopper("ada", shop="Stranger")
    assert sees(job_id, ada, owner, bea, stranger, namesake) == ["queued", "queued", 404, 404, 404]
    # Twice: the second answers come from snapshots.
    assert sees(job_id, ada, owner, bea, stranger, namesake) == ["queued", "queued", 404, 404, 404]
    job = TryOnJob.objects.get()
    assert job.requester == requester("Owner")
    assert job.shopper.startswith("shopper:")
    assert ask(bea, namesake, body=body) == job_id
    assert sees(job_id, bea, namesake, stranger) == ["queued"] * 3
    assert [len(data_of(one.get("jobs"))) for one in (ada, owner)] == [1, 1]
    assert job.viewers.count() == 5


def test_photos_of_the_shop_are_for_its_shoppers_and_theirs_for_the_shop(
    owner: Api, ada: Api, bea: Api
) -> None:
    square = images.garment_photo(images.SMALL_SQUARE)
    of_shop, of_ada = (data_of(caller.upload(square))["id"] for caller in (owner, ada))
    model = str(ModelImageFactory.create().pk)

    def statuses(photo: str) -> list[int]:
        body = {"productImageId": photo, "modelImageId": model}
        return [caller.post("generate", body).status_code for caller in (owner, ada, bea)]

    assert statuses(of_shop) == [202, 202, 202]
    assert statuses(of_ada) == [202, 202, 404]
    assert [len(data_of(caller.get("uploads"))) for caller in (owner, ada, bea)] == [2, 1, 0]
    assert ada.delete(f"uploads/{of_shop}").status_code == 404
    assert owner.delete(f"uploads/{of_ada}").status_code == 204


def test_the_last_shopper_who_cancels_takes_the_shop_along(owner: Api, ada: Api, bea: Api) -> None:
    job_id = ask(ada, bea)
    assert ada.post(f"jobs/{job_id}/cancel").status_code == 200
    assert sees(job_id, ada, bea, owner) == ["canceled", "queued", "queued"]
    assert ada.post(f"jobs/{job_id}/cancel").status_code == 409
    assert bea.post(f"jobs/{job_id}/cancel").status_code == 200
    assert TryOnJob.objects.get().status == Status.CANCELED


def test_shoppers_who_all_leave_at_once_take_the_shop_along(owner: Api, ada: Api, bea: Api) -> None:
    for _ in range(5):
        job_id, callers = ask(ada, bea), [ada, bea]
        at_once(2, lambda: callers.pop().post(f"jobs/{job_id}/cancel"), threads=2)  # noqa: B023
        assert TryOnJob.objects.get(pk=job_id).status == Status.CANCELED


def test_a_shop_that_cancels_takes_its_shoppers_along_and_leaves_others(
    owner: Api, stranger: Api, ada: Api
) -> None:
    body = photos()
    job_id = ask(ada, owner, stranger, body=body)
    assert owner.post(f"jobs/{job_id}/cancel").status_code == 200
    assert sees(job_id, ada, owner, stranger) == ["canceled", "canceled", "queued"]
    assert TryOnJob.objects.get().requester == requester("Stranger")
    ask(ada, body=body)  # again
    assert sees(job_id, ada, owner) == ["queued", "queued"]
    ada.post(f"jobs/{job_id}/cancel")  # the shop had left, and is back for this shopper only
    assert sees(job_id, ada, owner, stranger) == ["canceled", "canceled", "queued"]


def test_a_job_that_is_left_to_a_shopper_counts_for_their_shop(stranger: Api, ada: Api) -> None:
    job_id = ask(stranger, ada)
    stranger.post(f"jobs/{job_id}/cancel")
    assert TryOnJob.objects.get().requester == requester("Owner")


def test_a_shop_that_asked_itself_stays_when_its_shopper_leaves(owner: Api, ada: Api) -> None:
    for callers in ((owner, ada), (ada, owner)):
        job_id = ask(*callers)
        ada.post(f"jobs/{job_id}/cancel")
        assert sees(job_id, ada, owner) == ["canceled", "queued"]


def pictured(caller: Api) -> tuple[str, dict[str, str]]:
    """Return the address of a picture that the caller asked for, and the body that asks for it."""
    body = photos()
    job = TryOnJob.objects.get(pk=ask(caller, body=body))
    TryOnJob.objects.update(status=Status.COMPLETED, progress=100, completed_at=clock.now())
    return f"results/{TryOnResultFactory.create(job=job).pk}", body


def test_a_picture_belongs_to_the_shop_and_to_each_shopper_who_asked(owner: Api, ada: Api, bea: Api) -> None:
    path, body = pictured(ada)
    ask(bea, bea, body=body)

    def seen() -> list[int]:
        return [caller.get(path).status_code for caller in (ada, bea, owner)]

    assert seen() == [200, 200, 200]
    judged = [caller.post(f"{path}/feedback", {"verdict": "yes"}) for caller in (ada, ada, bea, owner)]
    assert [answer.status_code for answer in judged] == [201, 409, 201, 201]
    assert ada.delete(path).status_code == 204
    assert seen() == [404, 200, 200]
    assert bea.delete(path).status_code == 204
    assert seen() == [404, 404, 404]  # nobody is left, so the picture is gone


def test_a_picture_that_the_shop_asked_for_too_stays_when_its_shopper_gives_it_up(
    owner: Api, ada: Api
) -> None:
    path, body = pictured(ada)
    ask(owner, body=body)
    assert ada.delete(path).status_code == 204
    assert [caller.get(path).status_code for caller in (ada, owner)] == [404, 200]
    ask(ada, body=body)
    assert owner.delete(path).status_code == 204
    assert [caller.get(path).status_code for caller in (ada, owner)] == [404, 404]


def test_a_shopper_retries_what_they_see(owner: Api, ada: Api, bea: Api) -> None:
    job = TryOnJobFactory.create(failed=True, requester=requester("Owner"))
    assert [one.post(f"jobs/{job.pk}/retry").status_code for one in (ada, bea)] == [404, 404]
    asked = ask(ada)
    TryOnJob.objects.filter(pk=asked).update(status=Status.FAILED, error_code="pose_not_found")
    assert bea.post(f"jobs/{asked}/retry").status_code == 404
    assert data_of(ada.post(f"jobs/{asked}/retry"))["status"] == "queued"


def test_an_erased_photo_of_one_shopper_leaves_the_shop_the_job_of_another(
    owner: Api, ada: Api, bea: Api
) -> None:
    square, model = images.garment_photo(images.SMALL_SQUARE), str(ModelImageFactory.create().pk)
    mine = [data_of(caller.upload(square))["id"] for caller in (ada, bea)]
    jobs = [
        ask(caller, body={"productImageId": photo, "modelImageId": model})
        for caller, photo in zip((ada, bea), mine, strict=True)
    ]
    assert jobs[0] == jobs[1]

    assert bea.delete(f"uploads/{mine[1]}").status_code == 204

    assert sees(jobs[0], ada, bea, owner) == ["queued", 404, "queued"]
    assert data_of(owner.get(f"jobs/{jobs[0]}"))["productImageId"] == mine[0]
    assert ada.delete(f"uploads/{mine[0]}").status_code == 204
    assert sees(jobs[0], ada, owner) == ["canceled", "canceled"]


@pytest.mark.parametrize("name", ["", "a b", "ä", "x" * 65, "a\tb"])
def test_an_id_that_is_none_is_refused(owner: Api, name: str) -> None:
    job = TryOnJobFactory.create(requester=requester("Owner"))
    for path in ("jobs", f"jobs/{job.pk}"):
        answer = owner.client.get(
            f"/api/tryon/{path}", headers={"X-Shopper-Id": name.encode().decode("latin-1")}
        )
        assert (answer.status_code, error_of(answer)["code"]) == (400, "shopper_id_invalid")


def test_only_a_secret_key_names_a_shopper_and_the_shopper_has_no_more_rights(owner: Api) -> None:
    page = shopper("ada", kind="publishable")
    assert error_of(page.get("models"))["code"] == "secret_key_needed"
    manager = shopper("ada", is_manager=True)
    assert data_of(manager.get("jobs")) == []
    assert manager.get("stats").status_code == 403
    library = shopper("ada", scopes=["library", "operate"])
    assert [library.get(path).status_code for path in ("jobs", "stats")] == [403, 403]
