"""Test keys: the same API in a world of its own, which costs nothing and is gone after a day."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db.models import Model
from pytest_django import Settings

from config.core import clock
from config.core.storage import folders, objects_in
from config.shops.keys import key_issue
from results.models import ResultFeedback, TryOnResult
from tests import images
from tests.admin_pages import page, sign_in
from tests.conftest import Api, Finish, data_of, error_of
from tests.tryon.cleanup.world import clean
from tryon.engine import governor
from tryon.models import Account, JobEvent, JobViewer, Prediction, ProductImage, Status, TryOnJob
from tryon.sandbox import Sandbox

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def test_manager() -> Api:
    return Api(key_issue(name="Test manager", is_manager=True, is_test=True)[1])


def pictures() -> set[str]:
    """Return the names of all stored files."""
    return {found.key for folder in folders() for found in objects_in(folder)}


def start(api: Api, model_id: str, **options: Any) -> Any:
    """Upload a photo and ask for a try-on. Return the photo's id and the answer."""
    photo = data_of(api.upload(images.garment_photo(images.SMALL_SQUARE)))
    body = {"productImageId": photo["id"], "modelImageId": model_id, "options": options}
    return photo, api.post("generate", body)


def test_a_test_key_changes_no_model_photo_of_the_live_library(test_manager: Api, model_id: str) -> None:
    library = Api(key_issue(name="Test library", scopes=["library"], is_test=True)[1])
    for key in (test_manager, library):
        assert key.add_model(images.model_photo(images.SMALL_PORTRAIT)).status_code == 403
        assert key.patch(f"models/{model_id}", {"isActive": False}).status_code == 403
        assert data_of(key.get(f"models/{model_id}"))["isActive"] is True


def test_a_try_on_of_a_test_key_is_the_sandboxs_and_says_so_everywhere(
    tester: Api, owner: Api, model_id: str, finish: Finish, sandbox: Sandbox, sandbox_of_tests: Sandbox
) -> None:
    photo, started = start(tester, model_id)
    assert (started.status_code, data_of(started)["test"], photo["test"]) == (202, True, True)
    job = finish(data_of(started)["jobId"])
    assert (job.status, job.account, job.is_test) == (Status.COMPLETED, Account.TEST, True)
    assert sandbox_of_tests.ledger()["requests"]["run"] == 1
    assert not sandbox.ledger()["requests"]
    result = data_of(tester.get("results"))[0]
    for answer in (
        data_of(tester.get(f"jobs/{job.pk}")),
        *data_of(tester.get("jobs")),
        result,
        data_of(tester.get(f"results/{result['id']}")),
        *data_of(tester.get("uploads")),
        data_of(tester.get(f"uploads/{photo['id']}")),
    ):
        assert answer["test"] is True
    staff = sign_in()
    for path in ("results/tryonresult/?job__account__exact", "tryon/tryonjob/?account__exact"):
        found = page(staff, f"/admin/{path}=test"), page(staff, f"/admin/{path}=live")
        assert ["SKU-1" in text for text in found] == [True, False]
    assert "Owner (test)" in page(staff, f"/admin/tryon/tryonjob/{job.pk}/change/")
    _photo, again = start(tester, model_id)
    assert (again.status_code, data_of(again)["test"]) == (200, True)
    assert data_of(owner.upload(images.garment_photo(images.SMALL_SQUARE)))["test"] is False


def test_no_picture_of_one_world_answers_for_the_other(
    tester: Api,
    owner: Api,
    model_id: str,
    finish: Finish,
    settings: Settings,
    sandbox: Sandbox,
    sandbox_of_tests: Sandbox,
) -> None:
    finish(data_of(start(tester, model_id)[1])["jobId"])
    live = start(owner, model_id)[1]
    assert live.status_code == 202
    assert TryOnJob.objects.get(pk=data_of(live)["jobId"]).account == Account.LIVE
    assert data_of(start(owner, model_id)[1])["jobId"] == data_of(live)["jobId"]
    assert TryOnJob.objects.count() == 2


def test_neither_world_sees_the_other(
    tester: Api,
    owner: Api,
    manager: Api,
    test_manager: Api,
    model_id: str,
    finish: Finish,
    sandbox: Sandbox,
    sandbox_of_tests: Sandbox,
) -> None:
    worlds = {}
    for caller in (tester, owner):
        photo, started = start(caller, model_id)
        job = finish(data_of(started)["jobId"])
        worlds[caller] = photo["id"], str(job.pk), str(TryOnResult.objects.get(job=job).pk)
    for callers, (photo_id, job_id, result_id) in (
        ((owner, manager), worlds[tester]),
        ((tester, test_manager), worlds[owner]),
    ):
        for caller in callers:
            for path in (f"jobs/{job_id}", f"results/{result_id}", f"uploads/{photo_id}"):
                assert caller.get(path).status_code == 404, (caller, path)
            for path in (f"jobs/{job_id}/cancel", f"jobs/{job_id}/retry"):
                assert caller.post(path).status_code == 404, (caller, path)
            judged = caller.post(f"results/{result_id}/feedback", {"verdict": "yes"})
            assert judged.status_code == 404
            for path in (f"results/{result_id}", f"uploads/{photo_id}"):
                assert caller.delete(path).status_code == 404, (caller, path)
            wanted = {"productImageId": photo_id, "modelImageId": model_id}
            assert caller.post("generate", wanted).status_code == 404
            for path in ("jobs", "results", "uploads"):
                assert {photo_id, job_id, result_id}.isdisjoint(
                    row["id"] for row in data_of(caller.get(path))
                )
    for caller, (photo_id, job_id, result_id) in ((manager, worlds[owner]), (test_manager, worlds[tester])):
        for path in (f"jobs/{job_id}", f"results/{result_id}", f"uploads/{photo_id}"):
            assert caller.get(path).status_code == 200


def test_the_numbers_and_the_buttons_of_a_test_key_are_those_of_tests(
    manager: Api,
    test_manager: Api,
    tester: Api,
    model_id: str,
    finish: Finish,
    sandbox: Sandbox,
    sandbox_of_tests: Sandbox,
) -> None:
    start(tester, model_id)
    job = finish(data_of(start(tester, model_id)[1])["jobId"])
    tester.post(f"results/{TryOnResult.objects.get(job=job).pk}/feedback", {"verdict": "yes"})
    mine, theirs = data_of(test_manager.get("stats")), data_of(manager.get("stats"))
    assert (mine["test"], theirs["test"]) == (True, False)
    for part, expected in (
        ("jobs", {"completed": 1}),
        ("governor", {"creditsSpentToday": 1}),
        ("reuse", {"joins": 1, "misses": 1, "creditsSaved": 1}),
        ("feedback", {"yes": 1}),
    ):
        assert {name: mine[part][name] for name in expected} == expected
        assert not any(theirs[part][name] for name in expected)
    assert data_of(test_manager.post("stats/pause"))["governor"]["pause"] == "operator"
    assert data_of(manager.get("stats"))["governor"]["pause"] == ""
    test_manager.post("stats/resume")
    assert governor.current(Account.TEST).pause == ""


def test_without_a_sandbox_a_test_key_is_told_what_to_do(
    tester: Api, model_id: str, work: Callable[[], None], settings: Settings, sandbox_of_tests: Sandbox
) -> None:
    sandbox_of_tests.inject("prediction", "ContentModerationError")
    _photo, started = start(tester, model_id)
    work()
    TryOnJob.objects.update(status=Status.FAILED, error_code="content_refused")
    settings.TEST_FASHN_URL = ""
    refused = start(tester, model_id)[1]
    assert (refused.status_code, error_of(refused)["code"]) == (409, "test_mode_off")
    assert "TEST_FASHN_URL" in error_of(refused)["message"]
    retried = tester.post(f"jobs/{data_of(started)['jobId']}/retry")
    assert (retried.status_code, error_of(retried)["code"]) == (409, "test_mode_off")


def test_what_a_test_key_made_goes_after_a_day_and_nothing_else(
    tester: Api,
    owner: Api,
    model_id: str,
    finish: Finish,
    sandbox: Sandbox,
    sandbox_of_tests: Sandbox,
) -> None:
    live = finish(data_of(start(owner, model_id)[1])["jobId"])
    kept = pictures()
    done = finish(data_of(start(tester, model_id)[1])["jobId"])
    tester.post(f"results/{TryOnResult.objects.get(job=done).pk}/feedback", {"verdict": "no"})
    start(tester, model_id, seed=7)
    tester.upload(images.garment_photo(images.SMALL_SQUARE, seed=1))
    clean("test_jobs", "test_uploads")
    assert (TryOnJob.objects.count(), ProductImage.objects.count()) == (3, 4)

    yesterday = clock.now() - timedelta(hours=25)
    for table in (TryOnJob, ProductImage):
        table.objects.update(created_at=yesterday)
    moved = TryOnJob.objects.filter(account=Account.TEST, status=Status.QUEUED)
    moved.update(lease="0e3b1c5e-6f4f-4a57-9d0a-6f1f5c1f3a10", lease_until=clock.now() + timedelta(minutes=1))
    assert "test_jobs: would remove 2\n" in clean("test_jobs", dry_run=True)
    assert "test_jobs: removed 1," in clean("test_jobs")
    moved.update(lease=None, lease_until=None)
    assert "test_jobs: removed 1," in clean("test_jobs")
    assert "test_uploads: would remove 3\n" in clean("test_uploads", dry_run=True)
    assert "test_uploads: removed 3," in clean("test_uploads")
    tables: tuple[type[Model], ...] = (TryOnJob, TryOnResult, ProductImage, JobViewer)
    assert [table._default_manager.count() for table in tables] == [1, 1, 1, 1]
    assert owner.get(f"jobs/{live.pk}").status_code == 200
    assert not ResultFeedback.objects.exists()
    assert not Prediction.objects.filter(account=Account.TEST).exists()
    assert not JobEvent.objects.exclude(job=live).exists()
    assert pictures() == kept
    assert tester.get(f"jobs/{done.pk}").status_code == 404
