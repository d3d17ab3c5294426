"""Shops in the admin."""

import pytest
from django.test import Client

from config.shops.keys import key_issue
from config.shops.models import Shop
from config.shops.origins import origin_in
from tests.admin_pages import count_queries, page, sign_in
from tests.conftest import Api
from tests.factories import ProductImageFactory, ShopFactory, TryOnJobFactory, TryOnResultFactory

LIST = "/admin/api/shop/"

pytestmark = pytest.mark.django_db


def test_a_shop_is_made_with_its_origins_and_limits(staff: Client) -> None:
    lines = "https://Shop.example/\n\nhttps://shop.example:443\nhttps://shop.example:8443"
    filled = {"name": "Linden", "allowed_origins": lines, "languages": "ko", "daily_credits": "9"}

    assert staff.post(f"{LIST}add/", {**filled, "is_active": "on"}).status_code == 302

    shop = Shop.objects.get()
    assert shop.allowed_origins == ["https://shop.example", "https://shop.example:8443"]
    assert (shop.languages, shop.daily_credits, shop.shopper_daily_credits) == (["ko"], 9, None)
    assert "https://shop.example\nhttps://shop.example:8443" in page(staff, f"{LIST}{shop.pk}/change/")


def test_a_line_that_is_no_origin_is_named(staff: Client) -> None:
    refused = staff.post(f"{LIST}add/", {"name": "Linden", "allowed_origins": "shop.example/page"})
    assert "shop.example/page is no origin." in refused.content.decode()


@pytest.mark.parametrize(
    "text",
    [
        "http://shop.example",
        "https://shop.example/page",
        "https://?",
        "https://user@shop.example",
        "https://shop.example:99999",
        "*",
        "null",
        "https://*.shop.example",
    ],
)
def test_what_is_no_origin_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"\S"):
        origin_in(text)


def test_a_developers_own_machine_may_be_http() -> None:
    assert origin_in("http://LOCALHOST:3000") == "http://localhost:3000"
    assert origin_in("http://[::1]:80") == "http://[::1]"


@pytest.mark.django_db(transaction=True)
def test_a_shop_that_is_switched_off_stops_its_keys_at_once() -> None:
    api = Api(key_issue(name="Linden")[1])
    shop = Shop.objects.get()
    assert api.get("jobs").status_code == 200

    sign_in().post(f"{LIST}{shop.pk}/change/", {"name": "Linden", "allowed_origins": ""})

    assert api.get("jobs").status_code == 401


def test_the_list_needs_no_more_queries_for_more_shops(staff: Client) -> None:
    ShopFactory.create_batch(2)
    before = count_queries(staff, LIST)
    ShopFactory.create_batch(3)
    assert count_queries(staff, LIST) == before


def test_lists_name_the_shop_and_filter_by_it(staff: Client) -> None:
    shops = [ShopFactory.create(name=name) for name in ("Linden", "Ahorn")]
    for shop in shops:
        name = f"shop:{shop.pk}"
        photo = ProductImageFactory.create(requester=name, product_id=f"Shirt of {shop.name}")
        job = TryOnJobFactory.create(completed=True, requester=name, product_image=photo)
        TryOnResultFactory.create(job=job)

    for path in ("tryon/tryonjob", "tryon/productimage", "results/tryonresult"):
        both, one = (page(staff, f"/admin/{path}/{query}") for query in ("", f"?shop=shop:{shops[0].pk}"))
        assert [("Shirt of Linden" in shown, "Shirt of Ahorn" in shown) for shown in (both, one)] == [
            (True, True),
            (True, False),
        ]
    assert '<td class="field-asked_by">Ahorn</td>' in page(staff, "/admin/tryon/tryonjob/")
    job_page = page(staff, f"/admin/tryon/tryonjob/{job.pk}/change/")
    assert "<dd>Ahorn</dd>" in job_page
