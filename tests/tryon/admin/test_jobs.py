"""Jobs in the admin: found, followed and explained, never edited."""

import pytest
from django.test import Client

from config.core import clock
from tests.admin_pages import count_queries, page, run_action, sign_in
from tests.factories import (
    PredictionFactory,
    ProductImageFactory,
    TryOnJobFactory,
    TryOnResultFactory,
    model_of,
)
from tryon.engine import lifecycle
from tryon.models import EventKind, Lane, Prediction, PredictionState, Status, TryOnJob

LIST = "/admin/tryon/tryonjob/"

pytestmark = pytest.mark.django_db


def address(job: TryOnJob) -> str:
    """The job's page."""
    return f"{LIST}{job.pk}/change/"


def test_list_shows_both_photos_and_the_result(staff: Client) -> None:
    result = TryOnResultFactory.create()
    job = result.job

    text = page(staff, LIST)

    for picture in (job.product_image.thumbnail, model_of(job).thumbnail, result.thumbnail):
        assert f'src="{picture.url.split("?")[0]}?' in text
    assert "studio-badge-completed" in text
    assert address(job) in text


def test_list_names_the_cause_of_a_failure_and_the_progress_of_a_job_under_way(staff: Client) -> None:
    TryOnJobFactory.create(failed=True)
    TryOnJobFactory.create(status=Status.PROCESSING, progress=40)

    text = page(staff, LIST)

    assert "<code>pose_not_found</code>" in text
    assert '<progress max="100" value="40">' in text


def test_list_needs_no_more_queries_for_more_jobs(staff: Client) -> None:
    TryOnResultFactory.create_batch(3)
    TryOnJobFactory.create_batch(3, failed=True)
    before = count_queries(staff, LIST)
    TryOnResultFactory.create_batch(3)
    TryOnJobFactory.create_batch(3, failed=True)

    assert count_queries(staff, LIST) == before


@pytest.mark.parametrize("term", ["id", "product", "requester", "provider"])
def test_search_finds_a_job_by_what_people_have_at_hand(staff: Client, term: str) -> None:
    found = TryOnJobFactory.create(requester="user:42", product_image__product_id="SHIRT")
    PredictionFactory.create(job=found, provider_id="123a-u1")
    PredictionFactory.create(job=found, provider_id="456b-u1", state=PredictionState.FAILED)
    other = TryOnJobFactory.create()
    at_hand = {"id": str(found.pk), "product": "shirt", "requester": "user:42", "provider": "123a-u1"}

    text = page(staff, f"{LIST}?q={at_hand[term]}")

    assert address(found) in text
    assert address(other) not in text
    assert "1 result" in text


@pytest.mark.parametrize("lookup", ["status__exact=failed", "lane__exact=bulk", "error_code=pose_not_found"])
def test_jobs_are_filtered(staff: Client, lookup: str) -> None:
    found = TryOnJobFactory.create(failed=True, lane=Lane.BULK)
    other = TryOnJobFactory.create()

    text = page(staff, f"{LIST}?{lookup}")

    assert address(found) in text
    assert address(other) not in text


def test_a_job_shows_garment_model_and_result_side_by_side_with_their_pages(staff: Client) -> None:
    result = TryOnResultFactory.create()
    job = result.job

    text = page(staff, address(job))

    for picture in (job.product_image.processed, model_of(job).image, result.image):
        assert f'src="{picture.url.split("?")[0]}?' in text
    assert f"/admin/tryon/productimage/{job.product_image_id}/change/" in text
    assert f"/admin/models_library/modelimage/{job.model_image_id}/change/" in text
    assert f"/admin/results/tryonresult/{result.pk}/change/" in text


def test_an_outfit_shows_all_its_garments(staff: Client) -> None:
    garments = ProductImageFactory.create_batch(3)
    job = TryOnJobFactory.create(
        product_image=garments[0], options={"garments": ["bottoms", "tops", "shoes"], "seed": 7}
    )
    job.viewers.get().note_garments(garments)

    text = page(staff, address(job))

    positions = [text.index(f"/admin/tryon/productimage/{garment.pk}/change/") for garment in garments]
    assert positions == sorted(positions)
    assert "garments:" not in text
    assert " +2" in page(staff, LIST)
    assert str(job.pk) in page(staff, f"{LIST}?q={garments[2].product_id}")


def test_a_failed_job_says_why_in_plain_words(staff: Client) -> None:
    job = TryOnJobFactory.create(failed=True)

    text = page(staff, address(job))

    assert "No person could be found in the model photo. Choose another model photo." in text


def test_a_job_shows_what_was_paid_and_what_happened_but_no_address_and_no_token(staff: Client) -> None:
    job = TryOnJobFactory.create()
    lifecycle.start(job, Prediction(job=job, model_name="tryon-v1.6", speed="balanced"))
    call = job.predictions.get()
    lifecycle.mark_sending(call)
    lifecycle.mark_running(call, provider_id="123a-u1", expected_at=clock.now(), next_check_at=clock.now())
    lifecycle.mark_succeeded(call, output="https://cdn.example/secret.png", credits_used=1)

    text = page(staff, address(job))

    assert "studio-badge-succeeded" in text
    assert "<code>123a-u1</code>" in text
    happened = [
        "Started, with a slot reserved",
        "Sending to FASHN",
        "Accepted by FASHN",
        "Picture ready at FASHN",
    ]
    places = [text.index(f"<strong>{name}</strong>") for name in happened]
    assert places == sorted(places)
    assert "secret.png" not in text
    assert call.callback_token not in text


def test_a_long_history_needs_no_more_queries_and_is_cut(staff: Client) -> None:
    job = TryOnJobFactory.create()
    lifecycle.record(job.pk, EventKind.QUEUED, lane="bulk")
    before = count_queries(staff, address(job))
    for number in range(301):
        lifecycle.record(job.pk, EventKind.CHECKED, number=number)

    assert count_queries(staff, address(job)) == before
    text = page(staff, address(job))
    assert "This list has only the latest events." in text
    assert "number: 300" in text
    assert "lane: bulk" not in text


def test_nobody_can_add_change_or_delete_a_job(staff: Client) -> None:
    job = TryOnJobFactory.create()

    assert staff.get(f"{LIST}add/").status_code == 403
    assert staff.post(address(job), {"status": "completed"}).status_code == 403
    assert staff.post(f"{LIST}{job.pk}/delete/", {"post": "yes"}).status_code == 403
    run_action(staff, LIST, "delete_selected", [job.pk], post="yes")

    job.refresh_from_db()
    assert job.status == Status.QUEUED


def test_a_job_that_is_not_there_says_so(staff: Client) -> None:
    text = page(staff, f"{LIST}nonsense/change/")

    assert "Perhaps it was deleted?" in text


def test_jobs_need_the_permission_to_see_them(db: None) -> None:
    stranger = sign_in("api.view_apikey")

    assert stranger.get(LIST).status_code == 403
