"""Results in the admin: look, approve, reject, delete."""

import pytest
from django.contrib.admin import ActionLocation
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import Client

from results.models import Review, ReviewDecision, TryOnResult
from tests.admin_pages import count_queries, is_stored, page, run_action, sign_in
from tests.factories import TryOnResultFactory

LIST = "/admin/results/tryonresult/"

pytestmark = pytest.mark.django_db


def stored_result() -> TryOnResult:
    """A result whose files exist."""
    image = default_storage.save("results/admin/picture.png", ContentFile(b"picture"))
    small = default_storage.save("results/admin/small.webp", ContentFile(b"small"))
    return TryOnResultFactory.create(image=image, thumbnail=small)


def test_list_shows_thumbnails_and_leads_to_job_product_and_model(staff: Client) -> None:
    result = TryOnResultFactory.create()

    text = page(staff, LIST)

    assert f'src="{result.thumbnail.url.split("?")[0]}?' in text
    assert f"/admin/tryon/tryonjob/{result.job_id}/change/" in text
    assert f"/admin/tryon/productimage/{result.job.product_image_id}/change/" in text
    assert f"/admin/models_library/modelimage/{result.job.model_image_id}/change/" in text


def test_list_needs_no_more_queries_for_more_results(staff: Client) -> None:
    TryOnResultFactory.create_batch(4)
    before = count_queries(staff, LIST)
    TryOnResultFactory.create_batch(4)

    assert count_queries(staff, LIST) == before


def test_search_finds_the_product(staff: Client) -> None:
    found, other = TryOnResultFactory.create_batch(2)

    text = page(staff, f"{LIST}?q={found.job.product_image.product_id}")

    assert str(found.pk) in text
    assert str(other.pk) not in text


def test_the_page_of_a_result_has_its_flags_and_all_decisions(staff: Client) -> None:
    result = TryOnResultFactory.create(flags=[{"name": "blank", "score": 41.2}])
    run_action(staff, LIST, "reject", [result.pk])
    run_action(staff, LIST, "approve", [result.pk])
    decisions = ReviewDecision.objects.order_by("at").values_list("verdict", "before", "person__username")
    assert list(decisions) == [("rejected", "pending", "staff"), ("approved", "rejected", "staff")]
    text = page(staff, f"{LIST}{result.pk}/change/")
    assert "Nearly black or blank (41.2)" in text
    assert text.count("studio-badge-rejected") == 1


def test_a_result_is_shown_large_and_cannot_be_edited(staff: Client) -> None:
    result = TryOnResultFactory.create()
    address = f"{LIST}{result.pk}/change/"

    assert f'src="{result.image.url.split("?")[0]}?' in page(staff, address)
    assert staff.post(address, {"review": "approved"}).status_code == 403
    assert staff.get(f"{LIST}add/").status_code == 403


@pytest.mark.parametrize(("action", "review"), [("approve", Review.APPROVED), ("reject", Review.REJECTED)])
def test_results_are_reviewed_in_bulk(staff: Client, action: str, review: Review) -> None:
    results = TryOnResultFactory.create_batch(2)

    text = run_action(staff, LIST, action, [result.pk for result in results])

    assert "2 results were " in text
    assert set(TryOnResult.objects.values_list("review", flat=True)) == {review}


def test_a_result_is_approved_on_its_own_page(staff: Client) -> None:
    result = TryOnResultFactory.create()

    staff.post(
        f"{LIST}{result.pk}/change/",
        {
            f"{ActionLocation.CHANGE_FORM.value}-action": "approve",
            "_selected_action": str(result.pk),
            "index": "0",
        },
    )

    result.refresh_from_db()
    assert result.review == Review.APPROVED


def test_reviewing_needs_the_permission() -> None:
    viewer = sign_in("results.view_tryonresult")
    result = TryOnResultFactory.create()

    run_action(viewer, LIST, "approve", [result.pk])

    result.refresh_from_db()
    assert result.review == Review.PENDING


@pytest.mark.django_db(transaction=True)
def test_a_deleted_result_takes_its_files_and_leaves_its_job(staff: Client) -> None:
    result = stored_result()
    job = result.job

    staff.post(f"{LIST}{result.pk}/delete/", {"post": "yes"})

    assert not TryOnResult.objects.exists()
    assert not is_stored(result.image)
    assert page(staff, f"/admin/tryon/tryonjob/{job.pk}/change/")


@pytest.mark.django_db(transaction=True)
def test_results_are_deleted_in_bulk_with_their_files(staff: Client) -> None:
    results = [stored_result(), stored_result()]

    run_action(staff, LIST, "delete_selected", [result.pk for result in results], post="yes")

    assert not TryOnResult.objects.exists()
    assert not any(is_stored(result.thumbnail) for result in results)
