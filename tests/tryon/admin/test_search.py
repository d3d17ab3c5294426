"""The search from anywhere: by what people have at hand, and only what they may see."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from tests.admin_pages import count_queries, page, sign_in
from tests.factories import (
    BatchFactory,
    ModelImageFactory,
    PredictionFactory,
    ProductFactory,
    ProductImageFactory,
    ShopperPhotoFactory,
    TryOnJobFactory,
    TryOnResultFactory,
)

SEARCH = "/admin/search/"

pytestmark = pytest.mark.django_db


def found(client: Client, term: str) -> str:
    """The part of the page with the hits."""
    answer = client.get(SEARCH, {"q": term})
    assert answer.status_code == 200
    return answer.content.decode().split('id="content"')[1]


def address(row: Any) -> str:
    """The row's page."""
    meta = row._meta
    return reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=[row.pk])


def test_each_kind_is_found_by_what_people_have_at_hand(staff: Client) -> None:
    product = ProductFactory.create(product_id="COAT-9", name="Winter coat")
    garment = ProductImageFactory.create(product_id="BOOT-7")
    model = ModelImageFactory.create(name="Amina standing")
    call = PredictionFactory.create(provider_id="987f-u1")
    result = TryOnResultFactory.create()
    batch = BatchFactory.create(name="Autumn, first part")
    for term, row in [
        ("coat-9", product),
        ("winter", product),
        ("boot", garment),
        ("amina", model),
        (str(call.job.pk), call.job),
        (call.job.pk.hex[:8], call.job),
        ("987f-u1", call.job),
        (str(result.pk)[:8].upper(), result),
        (str(result.job.pk), result),
    ]:
        assert address(row) in found(staff, term), term
    assert batch.name in found(staff, "autumn")


def test_nobody_is_shown_what_they_may_not_see() -> None:
    call = PredictionFactory.create(provider_id="987f-u1")
    result = TryOnResultFactory.create()
    reviewer = sign_in("results.view_tryonresult")
    assert "Nothing was found" in found(reviewer, "987f-u1")
    text = found(reviewer, str(result.job.pk))
    assert address(result) in text
    assert address(result.job) not in text
    assert str(call.job.pk) not in found(reviewer, str(call.job.pk)).replace(f"“{call.job.pk}”", "")


def test_shoppers_are_not_found_and_their_pictures_are_not_shown(staff: Client) -> None:
    photo = ShopperPhotoFactory.create()
    job = TryOnJobFactory.create(
        completed=True, model_image=None, shopper_photo=photo, requester="shop:owner", shopper="shopper:ada"
    )
    result = TryOnResultFactory.create(job=job)
    for term in ("shopper:ada", "ada", str(photo.pk), str(result.pk)):
        assert "Nothing was found" in found(staff, term), term
    text = found(staff, str(job.pk))
    assert address(job) in text
    assert "<img" not in text


@pytest.mark.parametrize("term", ["word " * 11, "x" * 101, "\0", "%", "12345", "g" * 32, "0" * 33])
def test_any_text_is_answered(staff: Client, term: str) -> None:
    TryOnResultFactory.create()
    assert "studio-found" not in found(staff, term)


def test_it_is_bounded_and_needs_no_more_queries_for_more_rows(staff: Client) -> None:
    TryOnResultFactory.create_batch(2, job__product_image__product_id="SAME-1")
    before = count_queries(staff, f"{SEARCH}?q=same")
    TryOnResultFactory.create_batch(12, job__product_image__product_id="SAME-1")
    assert count_queries(staff, f"{SEARCH}?q=same") == before
    text = found(staff, "same")
    assert text.count("studio-thumbnail") == 10
    [link] = [part.split('"')[0] for part in text.split('href="') if "?q=same" in part]
    assert "14 product photos" in page(staff, link)
