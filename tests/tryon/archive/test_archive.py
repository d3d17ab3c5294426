"""Jobs that ended long ago are archived: found by id as before, in the money as before, erased as before."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from pytest_django import Settings

from config.core import clock
from config.core.upkeep.models import DailyCount
from config.shops.abilities import Ability
from config.shops.callers import person_calling
from config.shops.shoppers import shopper_name
from results.models import Reason, Verdict
from results.services import result_delete
from tests.admin_pages import page, sign_in
from tests.conftest import Api, data_of, error_of, requester
from tests.factories import (
    PredictionFactory,
    ProductImageFactory,
    ResultFeedbackFactory,
    ShopperPhotoFactory,
    TryOnJobFactory,
    TryOnResultFactory,
)
from tests.tryon.cleanup.world import clean
from tests.tryon.shoppers.people import shopper
from tryon.archive.models import ArchivedJob, ArchivedViewer
from tryon.models import JobViewer, PredictionState, ProductImage, ShopperPhoto, Status, TryOnJob
from tryon.money.ledger import COLUMNS
from tryon.money.rollup import rebuild, roll_up
from tryon.money.selectors import complaints, last_days, spending
from tryon.services.erasing import photo_erase

pytestmark = pytest.mark.django_db(transaction=True)

OUTFIT = {"garments": ["bottoms", "tops"], "mode": "quality"}


def ended(settings: Settings, job: TryOnJob, *, more_days: int = 1) -> TryOnJob:
    """Let a job have ended a little longer ago than JOB_ARCHIVE_DAYS."""
    at = clock.now() - timedelta(days=settings.JOB_ARCHIVE_DAYS + more_days)
    end = {"completed_at": at} if job.status == Status.COMPLETED else {}
    TryOnJob.objects.filter(pk=job.pk).update(created_at=at, updated_at=at, **end)
    return TryOnJob.objects.get(pk=job.pk)


def paid(job: TryOnJob, spent: int) -> None:
    state = PredictionState.SUCCEEDED
    PredictionFactory.create(job=job, state=state, credits_used=spent, submitted_at=job.created_at)


def answers(api: Api, jobs: list[TryOnJob]) -> list[Any]:
    return [data_of(api.get(f"jobs/{job.pk}")) for job in jobs]


def test_an_archived_job_answers_those_who_saw_it_as_before(
    settings: Settings, owner: Api, manager: Api, stranger: Api
) -> None:
    mine, theirs = requester("Owner"), requester("Stranger")
    completed = TryOnJobFactory.create(completed=True, viewers=[mine, theirs])
    failed = TryOnJobFactory.create(failed=True, viewers=[mine])
    outfit = TryOnJobFactory.create(status=Status.CANCELED, viewers=[mine], options=OUTFIT)
    outfit.viewers.get().note_garments([outfit.product_image, ProductImageFactory.create()])
    left = TryOnJobFactory.create(failed=True, viewers=[mine, theirs])
    jobs = [ended(settings, job) for job in (completed, failed, outfit, left)]
    own = ProductImageFactory.create()
    JobViewer.objects.filter(job=left, requester=mine).update(left_at=left.created_at, product_image=own)
    before = answers(owner, jobs), answers(manager, jobs), answers(stranger, [completed, left])
    assert "archived_jobs: would remove 4\n" in clean("archived_jobs", dry_run=True)

    assert "archived_jobs: removed 4," in clean("archived_jobs")

    assert not TryOnJob.objects.exists()
    after = answers(owner, jobs), answers(manager, jobs), answers(stranger, [completed, left])
    for seen in before:
        for answer in seen:
            if "retryable" in answer:
                answer["retryable"] = False  # nothing in the archive goes on
    assert after == before
    assert [answer["status"] for answer in after[0]] == ["completed", "failed", "canceled", "canceled"]
    assert len(after[0][2]["garments"]) == 2
    assert stranger.get(f"jobs/{failed.pk}").status_code == 404
    assert error_of(stranger.post(f"jobs/{failed.pk}/cancel"))["code"] == "job_not_found"
    for act in ("cancel", "retry"):
        assert error_of(owner.post(f"jobs/{failed.pk}/{act}"))["code"] == "job_archived"


def test_only_what_nothing_needs_is_archived(settings: Settings) -> None:
    young = TryOnJobFactory.create(failed=True)
    unknown = ended(settings, TryOnJobFactory.create(failed=True))
    PredictionFactory.create(job=unknown, state=PredictionState.UNKNOWN)
    shown = ended(settings, TryOnResultFactory.create().job)
    active = ended(settings, TryOnJobFactory.create())
    of_test = ended(settings, TryOnJobFactory.create(failed=True, account="test"))
    private = TryOnJobFactory.create(
        failed=True, model_image=None, shopper_photo=ShopperPhotoFactory.create()
    )
    stay = {young, unknown, shown, active, of_test, ended(settings, private)}
    clean("archived_jobs")
    assert {*TryOnJob.objects.all()} == stay
    ShopperPhoto.objects.update(processed="")
    clean("archived_jobs")
    assert ArchivedJob.objects.get().pk == private.pk


def test_the_money_does_not_change_by_a_unit(settings: Settings) -> None:
    settings.JOB_ARCHIVE_DAYS = 4
    judged = ended(settings, TryOnResultFactory.create().job, more_days=3)
    ResultFeedbackFactory.create(job=judged, verdict=Verdict.NO, reasons=[Reason.HANDS])
    paid(judged, 2)
    result_delete(judged.result)
    ended(settings, judged)
    rescued = ended(settings, TryOnJobFactory.create(failed=True))
    rescued.events.create(kind="rescued")
    paid(rescued, 3)
    paid(TryOnJobFactory.create(completed=True), 5)
    roll_up()

    def money() -> tuple[Any, ...]:
        scope = last_days(20)
        rows = [{**line.columns, **line.sums} for line in spending(scope, COLUMNS)]
        return sorted(map(str, rows)), [(row["party"], *said) for row, *said in complaints(scope)]

    before = money()
    clean("archived_jobs")
    assert ArchivedJob.objects.count() == 2
    assert sum(ArchivedJob.objects.values_list("credits", flat=True)) == 5
    assert money() == before
    counted = {*DailyCount.objects.values_list("name", "day", "number")}
    rebuild()
    assert money() == before
    settings.JOB_TTL_DAYS = settings.JOB_ARCHIVE_DAYS
    assert "old_archived_jobs: removed 2," in clean("old_archived_jobs")
    assert not ArchivedJob.objects.exists()
    assert money() == before
    assert {*DailyCount.objects.values_list("name", "day", "number")} == counted


def test_an_erased_shopper_is_nowhere_in_the_archive(settings: Settings, owner: Api) -> None:
    shop = requester("Owner")
    ada, bea = shopper_name(shop, "ada"), shopper_name(shop, "bea")
    alone, shared = (
        ended(settings, TryOnJobFactory.create(failed=True, viewers=[shop, ada, *others]))
        for others in ([], [bea])
    )
    JobViewer.objects.exclude(requester=shop).update(shop=shop)
    JobViewer.objects.filter(requester=shop).update(via_shopper=True)
    clean("archived_jobs")
    assert shopper("ada").get(f"jobs/{alone.pk}").status_code == 200

    assert shopper("ada").delete("shoppers/me").status_code == 202

    for client in (owner, shopper("ada")):
        assert client.get(f"jobs/{alone.pk}").status_code == 404
    assert data_of(owner.get(f"jobs/{shared.pk}"))["id"] == str(shared.pk)
    assert {*ArchivedViewer.objects.values_list("requester", flat=True)} == {shop, bea}
    shopper("bea").delete("shoppers/me")
    assert not ArchivedJob.objects.exists()


def test_what_was_asked_for_with_an_erased_photo_goes_from_the_archive(
    settings: Settings, owner: Api, manager: Api, product_id: str
) -> None:
    photo = ProductImage.objects.get(pk=product_id)
    alone = TryOnJobFactory.create(failed=True, product_image=photo, viewers=[requester("Owner")])
    shared = TryOnJobFactory.create(failed=True, product_image=photo, viewers=[requester("Owner"), "shop:1"])
    JobViewer.objects.filter(requester="shop:1").update(product_image=ProductImageFactory.create())
    model = ended(settings, TryOnJobFactory.create(failed=True)).model_image
    for job in (alone, shared):
        ended(settings, job)
    clean("archived_jobs")

    assert owner.delete(f"uploads/{product_id}").status_code == 204

    assert owner.get(f"jobs/{alone.pk}").status_code == 404
    assert owner.get(f"jobs/{shared.pk}").status_code == 404
    assert data_of(manager.get(f"jobs/{shared.pk}"))["productId"] == ""
    assert ArchivedJob.objects.count() == 2
    assert model is not None
    photo_erase(model, person_calling(User.objects.create_superuser("ada")))
    assert [job.pk for job in ArchivedJob.objects.all()] == [shared.pk]


def test_staff_find_an_archived_job_by_its_id(settings: Settings) -> None:
    job = ended(settings, TryOnJobFactory.create(failed=True, options={"mode": "quality"}))
    clean("archived_jobs")
    staff = sign_in(Ability.SEE_ALL_JOBS)
    address = f"/admin/archive/archivedjob/{job.pk}/change/"
    assert address in page(staff, f"/admin/search/?q={str(job.pk)[:8]}")
    assert address in page(staff, f"/admin/archive/archivedjob/?q={job.pk}")
    assert address not in page(staff, "/admin/archive/archivedjob/?q=SKU-1")
    assert job.product_image.product_id in page(staff, address)
    assert staff.get(f"/admin/tryon/tryonjob/{job.pk}/change/").headers["Location"] == address
