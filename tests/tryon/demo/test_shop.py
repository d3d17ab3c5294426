"""The demo shop: who may use it, what it shows, and what it costs."""

import io
import json
import re
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup, Tag
from django.conf import settings as django_settings
from django.core.cache import cache
from django.core.management import call_command
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from config.shops.keys import key_forget
from config.shops.models import ApiKey, Shop
from tests.conftest import Api, data_of, error_of
from tests.factories import ModelImageFactory, ProductImageFactory
from tryon.demo.library import MODELS, PRODUCTS
from tryon.demo.storefront import MOST_ORIGINS
from tryon.demo.views import PRODUCTS_PER_PAGE
from tryon.models import ProductImage, Status
from tryon.services.outlook import WaitReason

pytestmark = pytest.mark.django_db

ORIGIN = "http://testserver"
SCRIPTS = Path(django_settings.BASE_DIR) / "templates" / "static" / "demo"


class Page(Api):
    """A browser on the page of the demo shop: it opens a session as the page's script does."""

    def __init__(self) -> None:
        self.opened = page()
        form = self.opened.select_one("#shop")
        assert form is not None
        assert form["data-api"] == "/api/tryon/"
        self.key = str(form["data-publishable-key"])
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


def chosen_from(opened: BeautifulSoup, group: str) -> list[str]:
    """The names on a picker's cards."""
    photos = [json.loads(str(radio["data-photo"])) for radio in opened.select(f"#{group} .card input")]
    return [photo["name"] for photo in photos]


@pytest.mark.parametrize("path", ["/demo/", "/demo/products"])
def test_there_is_no_shop_and_no_session_when_it_is_switched_off(
    client: Client, settings: Settings, path: str
) -> None:
    settings.DEMO_SHOP = False
    response = client.get(path)
    assert response.status_code == 404
    assert not response.cookies


def test_the_page_does_what_any_shops_page_does(visitor: Page) -> None:
    photos = ProductImageFactory.create(), ModelImageFactory.create()
    wanted = {"productImageId": str(photos[0].pk), "modelImageId": str(photos[1].pk)}
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
    assert page().select("#shop")
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
def test_the_page_costs_three_queries_however_full_the_shop_is(
    number: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    ProductImageFactory.create_batch(number)
    ModelImageFactory.create_batch(number)
    page()  # it makes the shop and the key
    with django_assert_num_queries(3):  # key, catalogue, model photos
        page()


def test_the_catalogue_continues_page_by_page_until_its_end() -> None:
    ProductImageFactory.create_batch(PRODUCTS_PER_PAGE + 2)
    first = page()
    assert len(first.select("#garments .card")) == PRODUCTS_PER_PAGE
    [marker] = first.select(".more-follow")

    rest = page(str(marker["data-next"]))
    assert len(rest.select(".card")) == 2
    assert rest.select(".more-follow") == []
    names = {str(radio["value"]) for part in (first, rest) for radio in part.select("input[name=garment]")}
    assert names >= {str(pk) for pk in ProductImage.objects.values_list("pk", flat=True)}


@pytest.mark.parametrize("number", ["0", "-1", "two", "", "²", "1" * 30])
def test_an_unusable_page_number_is_not_found(client: Client, number: str) -> None:
    assert client.get("/demo/products", {"page": number}).status_code == 404


def test_the_pickers_show_the_catalogue_and_models_in_use() -> None:
    ProductImageFactory.create(product_id="SKU-7", metadata={"name": "Linen tee", "price": "€ 39"})
    ProductImageFactory.create(product_id="SKU-8", metadata={"name": ["no", "text"]})
    ProductImageFactory.create(product_id="SKU-9", metadata=["not", "an", "object"])
    ProductImageFactory.create(product_id="private", requester="shopper:somebody")
    ModelImageFactory.create(name="Ada")
    ModelImageFactory.create(name="Retired", is_active=False)

    opened = page()
    assert chosen_from(opened, "garments") == ["SKU-9", "SKU-8", "Linen tee"]
    assert chosen_from(opened, "models") == ["Ada"]
    assert "€ 39" in opened.select("#garments .card")[-1].get_text()


def test_the_demos_library_fills_both_pickers_once(monkeypatch: pytest.MonkeyPatch) -> None:
    keys = {"apiKey": "tos_demo", "testApiKey": "tos_demo_test"}
    handout = json.dumps({"adminUser": "admin", "adminPassword": "secret", **keys})
    for _ in range(2):
        monkeypatch.setattr("sys.stdin", io.StringIO(handout))
        call_command("demo_library", stdout=io.StringIO())
    opened = page()
    assert chosen_from(opened, "garments") == [photo.name for photo in reversed(PRODUCTS)]
    assert sorted(chosen_from(opened, "models")) == sorted(photo.name for photo in MODELS)


def test_every_control_has_a_name_and_every_picture_a_text() -> None:
    ProductImageFactory.create()
    ModelImageFactory.create()
    opened = page()
    controls = opened.select("input, button, select, textarea, progress, a")
    assert len(controls) > 10
    assert [str(control) for control in controls if not name_of(control, opened)] == []
    assert [str(picture) for picture in opened.select("img:not([alt])")] == []
    assert [str(group) for group in opened.select("fieldset") if not group.find("legend")] == []


def name_of(control: Tag, opened: BeautifulSoup) -> str:
    """Return a control's name for a screen reader. A label that is filled later counts."""
    if labelled_by := control.get("aria-labelledby"):
        return "named" if opened.find(id=str(labelled_by)) else ""
    label = control.find_parent("label") if control.name == "input" else control
    return label.get_text(strip=True) if label else ""


def test_the_page_says_that_its_pictures_are_made_with_ai() -> None:
    opened = page()
    assert opened.select(".masthead .made-with-ai")
    badge = opened.select_one("#room figcaption")
    assert badge is not None
    assert badge.get_text() == "Made with AI"


def test_an_empty_shop_says_what_to_do() -> None:
    opened = page()
    notes = [note.get_text() for note in opened.select(".empty:not([hidden])")]
    assert len(notes) == 2
    assert all("in the admin" in note for note in notes)


def test_nothing_on_the_page_needs_an_exception_from_the_content_security_policy() -> None:
    opened = page()
    assert all(script.get("src") and not script.string for script in opened.select("script"))
    inline = [tag for tag in opened.find_all(True) if any(name.startswith("on") for name in tag.attrs)]
    assert inline == []
    assert opened.select("[style], style") == []


def test_every_sentence_that_a_script_says_is_on_the_page() -> None:
    code = "\n".join(script.read_text() for script in SCRIPTS.glob("*.js"))
    said = set(re.findall(r'say\("([\w-]+)"', code)) | set(re.findall(r'show\w+\([^()]*"(\w+Alt)"', code))
    said |= {f"status-{status}" for status in Status.values} | {f"wait-{why}" for why in WaitReason.values}
    found = page().find(id="texts")
    assert isinstance(found, Tag)
    texts = {str(text["data-text"]): text.decode_contents().strip() for text in found.find_all("p")}
    assert said == texts.keys()
    assert all(texts.values())
