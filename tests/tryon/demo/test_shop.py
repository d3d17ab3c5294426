"""The demo shop: who may use it, what it shows, and what it costs."""

import io
import json
from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.core.cache import cache
from django.core.management import call_command
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from config.shops.keys import key_forget
from config.shops.models import ApiKey, Shop
from models_library.models import ModelImage
from tests.conftest import Api, data_of, error_of
from tests.factories import ModelImageFactory, ProductImageFactory
from tryon.demo.library import MODELS, PRODUCTS
from tryon.demo.storefront import MOST_ORIGINS
from tryon.demo.views import PRODUCTS_PER_PAGE
from tryon.models import ProductImage

pytestmark = pytest.mark.django_db

ORIGIN = "http://testserver"


class Page(Api):
    """A browser on the page of the demo shop: it opens a session as the widget does."""

    def __init__(self) -> None:
        if not ProductImage.objects.exists():
            ProductImageFactory.create()
        self.opened = page()
        [self.key] = {str(room["key"]) for room in self.opened.select("try-on")}
        answer = self.call("sessions", f"Api-Key {self.key}")
        assert answer.status_code == 201, answer.content
        self.authorization = f"Bearer {data_of(answer)['token']}"
        self.client = Client(headers={"Authorization": self.authorization, "Sec-Fetch-Site": "same-origin"})

    def call(self, path: str, authorization: str) -> Any:
        headers = {"Authorization": authorization, "Origin": ORIGIN}
        return Client().post(f"/api/tryon/{path}", {}, content_type="application/json", headers=headers)

    def generate(self, product: ProductImage, model: Any) -> Any:
        return self.post("generate", {"productImageId": str(product.pk), "modelImageId": str(model.pk)})


def page(path: str = "/demo/") -> BeautifulSoup:
    response = Client().get(path)
    assert response.status_code == 200
    assert not response.cookies
    return BeautifulSoup(response.content, "html.parser")


@pytest.fixture(autouse=True)
def shop_is_on(settings: Settings) -> None:
    settings.DEMO_SHOP = True


@pytest.fixture
def visitor(shop_is_on: None) -> Page:
    return Page()


def names_on(opened: BeautifulSoup) -> list[str]:
    """The names of the products on a page."""
    return [name.get_text() for name in opened.select("#products h2")]


def test_there_is_no_shop_and_no_session_when_it_is_switched_off(client: Client, settings: Settings) -> None:
    settings.DEMO_SHOP = False
    response = client.get("/demo/")
    assert response.status_code == 404
    assert not response.cookies


def test_the_page_does_what_any_shops_page_does(visitor: Page) -> None:
    product = visitor.opened.select_one("try-on")
    assert product is not None
    [photo] = data_of(visitor.get("product-photos", productId=product["product"]))
    wanted = {"productImageId": photo["id"], "modelImageId": str(ModelImageFactory.create().pk)}
    job_id = data_of(visitor.post("generate", wanted))["jobId"]
    assert data_of(visitor.get(f"jobs/{job_id}"))["status"] == "queued"
    assert [job["id"] for job in data_of(visitor.get("jobs"))] == [job_id]

    other = Page()
    assert other.key == visitor.key
    assert data_of(other.get("jobs")) == []
    assert error_of(other.get(f"jobs/{job_id}"))["code"] == "job_not_found"


def test_the_first_page_makes_a_shop_with_limits_and_later_ones_leave_it(visitor: Page) -> None:
    shop, key = Shop.objects.get(), ApiKey.objects.get()
    assert (shop.name, shop.allowed_origins, shop.shopper_daily_credits) == ("Demo shop", [ORIGIN], 30)
    assert (key.shop, key.is_publishable, key.is_test) == (shop, True, False)

    Shop.objects.update(name="Linden", shopper_daily_credits=1)
    ApiKey.objects.update(daily_credits=2)
    garments, model = ProductImageFactory.create_batch(3), ModelImageFactory.create()
    assert visitor.generate(garments[0], model).status_code == 202
    assert error_of(visitor.generate(garments[1], model))["code"] == "shopper_limit_reached"
    assert Page().generate(garments[1], model).status_code == 202
    assert error_of(Page().generate(garments[2], model))["code"] == "key_budget_reached"
    assert (Shop.objects.get().name, ApiKey.objects.get().daily_credits) == ("Linden", 2)


def test_a_key_that_was_deactivated_stays_so(visitor: Page) -> None:
    key = ApiKey.objects.get()
    ApiKey.objects.update(is_active=False)
    key_forget(key)
    assert page().select("try-on")
    assert visitor.call("sessions", f"Api-Key {visitor.key}").status_code == 401
    assert visitor.get("models").status_code == 401


def test_the_page_works_at_each_address_of_the_service(visitor: Page, settings: Settings) -> None:
    settings.ALLOWED_HOSTS = [".example"]
    for number in range(MOST_ORIGINS):
        Client().get("/demo/", headers={"Host": f"{number}.example"})
    origins = Shop.objects.get().allowed_origins
    assert len(origins) == MOST_ORIGINS
    assert ORIGIN not in origins
    settings.ALLOWED_HOSTS = ["testserver"]
    assert Page().get("models").status_code == 200


def test_a_read_without_an_origin_is_known_by_its_page(visitor: Page) -> None:
    client = Client(headers={"Authorization": visitor.authorization})
    asked = [{"Referer": f"{ORIGIN}/demo/"}, {"Referer": f"{ORIGIN}.example/"}, {}]
    answers = [client.get("/api/tryon/models", headers=headers) for headers in asked]
    assert [answer.status_code for answer in answers] == [200, 403, 403]


def test_once_the_shop_is_switched_off_its_key_and_sessions_are_refused(
    visitor: Page, settings: Settings
) -> None:
    settings.DEMO_SHOP = False
    cache.clear()
    assert error_of(visitor.get("jobs"))["code"] == "session_invalid"
    assert visitor.call("sessions", f"Api-Key {visitor.key}").status_code == 401


@pytest.mark.parametrize("number", [1, PRODUCTS_PER_PAGE + 5])
def test_the_page_costs_two_queries_however_full_the_shop_is(
    number: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    ProductImageFactory.create_batch(number)
    page()  # it makes the shop and the key
    with django_assert_num_queries(2):  # key, catalogue
        page()


def test_the_catalogue_continues_page_by_page_until_its_end() -> None:
    ProductImageFactory.create_batch(PRODUCTS_PER_PAGE + 2)
    first = page()
    [onwards] = first.select(".pages a")
    second = page(f"/demo/{onwards['href']}")
    assert [link["rel"] for link in second.select(".pages a")] == [["prev"]]
    assert (len(names_on(first)), len(names_on(second))) == (PRODUCTS_PER_PAGE, 2)
    assert {*names_on(first), *names_on(second)} == {
        *ProductImage.objects.values_list("product_id", flat=True)
    }


@pytest.mark.parametrize("number", ["0", "-1", "two", "", "²", "1" * 30])
def test_an_unusable_page_number_is_not_found(client: Client, number: str) -> None:
    assert client.get("/demo/", {"page": number}).status_code == 404


def test_the_page_shows_the_catalogue() -> None:
    ProductImageFactory.create(product_id="SKU-7", metadata={"name": "Linen tee", "price": "€ 39"})
    ProductImageFactory.create(product_id="SKU-7", view="back")
    ProductImageFactory.create(product_id="SKU-8", metadata={"name": ["no", "text"]})
    ProductImageFactory.create(product_id="SKU-9", metadata=["not", "an", "object"])
    ProductImageFactory.create(product_id="private", requester="shopper:somebody")
    ProductImageFactory.create(product_id="retired", is_active=False)

    opened = page()
    assert names_on(opened) == ["SKU-9", "SKU-8", "Linen tee"]
    assert [room["product"] for room in opened.select("try-on")] == ["SKU-9", "SKU-8", "SKU-7"]
    assert [price.get_text() for price in opened.select(".price")] == ["", "", "€ 39"]


def test_the_demos_library_fills_the_shop_once(monkeypatch: pytest.MonkeyPatch) -> None:
    keys = {"apiKey": "tos_demo", "testApiKey": "tos_demo_test"}
    handout = json.dumps({"adminUser": "admin", "adminPassword": "secret", **keys})
    for _ in range(2):
        monkeypatch.setattr("sys.stdin", io.StringIO(handout))
        call_command("demo_library", stdout=io.StringIO())
    assert names_on(page()) == [photo.name for photo in reversed(PRODUCTS)]
    assert sorted(ModelImage.objects.values_list("name", flat=True)) == sorted(photo.name for photo in MODELS)


def test_the_page_has_what_any_shops_page_has() -> None:
    ProductImageFactory.create()
    opened = page()
    own, widget = (script["src"] for script in reversed(opened.select("script")))
    assert (widget, own) == ("/static/widget/v1/tryon.js", "/static/demo/shop.js")
    assert all(script["type"] == "module" and not script.string for script in opened.select("script"))
    assert opened.select("img:not([alt]), [style], style") == []


def test_an_empty_shop_says_what_to_do() -> None:
    [note] = page().select(".empty")
    assert "in the admin" in note.get_text()
