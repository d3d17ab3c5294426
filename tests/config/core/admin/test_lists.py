"""The lists of the admin take the filters and searches that they offer, and nothing dearer."""

from typing import Any

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from tests.admin_pages import page
from tests.factories import ModelImageFactory, TryOnJobFactory

JOBS = "/admin/tryon/tryonjob/"
PRODUCTS = "/admin/tryon/productimage/"

pytestmark = pytest.mark.django_db


def addresses() -> list[str]:
    """The lists of all rows that the admin shows."""
    shown: list[Any] = [*admin.site._registry.values()]
    own_pages = {"governor", "dashboard"}  # they show no rows
    return [
        reverse(f"admin:{one.opts.app_label}_{one.opts.model_name}_changelist")
        for one in shown
        if one.opts.model_name not in own_pages
    ]


def test_no_list_filters_by_what_an_address_makes_up(staff: Client) -> None:
    lists = addresses()
    assert len(lists) > 9
    for address in lists:
        for lookup in ("pk__regex", "pk", "id__gt", "nothing"):
            answer = staff.get(address, {lookup: "1"})
            assert (answer.status_code, answer["Location"]) == (302, f"{address}?e=1"), (address, lookup)


@pytest.mark.parametrize(
    "address",
    [
        f"{PRODUCTS}?product_id__regex=(",
        f"{PRODUCTS}?product_id=%00",
        f"{PRODUCTS}?created_at__year=99999999",
        f"{PRODUCTS}?created_at__gte=0001-01-01%2000:00:00%2B14:00",
        f"{JOBS}?requester=%00",
        f"{JOBS}?product_image=%00",
        f"{JOBS}?error_code=%00",
        f"{JOBS}?status__exact=%00",
        f"{JOBS}?{'&'.join(['status__exact=failed'] * 1000)}",
        "/admin/auth/user/?username=%00",
        "/admin/auth/user/?groups__id__exact=" + "9" * 30,
    ],
)
def test_a_filter_with_any_value_is_no_crash(staff: Client, address: str) -> None:
    TryOnJobFactory.create()
    assert staff.get(address).status_code in {200, 302}


def test_the_offered_filters_and_our_links_still_filter(staff: Client) -> None:
    job, _other = TryOnJobFactory.create_batch(2)
    for query in (f"product_image={job.product_image_id}", f"model_image={job.model_image_id}"):
        assert page(staff, f"{JOBS}?{query}").count('action-select"') == 1
    assert page(staff, f"{JOBS}?status__exact=queued&lane__exact={job.lane}").count('action-select"') == 2
    assert page(staff, "/admin/auth/user/?is_staff__exact=1&is_active__exact=0").count('action-select"') == 0


@pytest.mark.parametrize("words", ["w " * 1500, "x" * 101])
def test_a_search_is_as_short_as_the_apis(staff: Client, words: str) -> None:
    ModelImageFactory.create()
    for address in addresses():
        text = staff.get(address, {"q": words}).content.decode()
        assert "Use at most ten words and 100 characters." in text, address
