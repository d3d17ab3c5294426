"""The demo shop: who may use it, what it shows, and what it costs."""

import io
import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup, Tag
from django.conf import settings as django_settings
from django.contrib.auth.models import Permission, User
from django.contrib.sessions.models import Session
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from config.core import clock
from tests import images
from tests.conftest import Api, data_of, error_of
from tests.factories import ModelImageFactory, ProductImageFactory, TryOnJobFactory, TryOnResultFactory
from tryon.demo.library import MODELS, PRODUCTS
from tryon.demo.views import PRODUCTS_PER_PAGE
from tryon.models import JobEvent, JobViewer, ProductImage, Status, TryOnJob
from tryon.services.outlook import WaitReason

pytestmark = pytest.mark.django_db

SCRIPTS = Path(django_settings.BASE_DIR) / "templates" / "static" / "demo"


class Visitor:
    """A browser on the demo shop: keeps cookies, and sends the CSRF token where a script would."""

    def __init__(self) -> None:
        self.client = Client(enforce_csrf_checks=True)
        self.page()
        assert self.client.post("/demo/visit", headers=self.token).status_code == 204

    def page(self, path: str = "/demo/") -> BeautifulSoup:
        response = self.client.get(path)
        assert response.status_code == 200
        return BeautifulSoup(response.content, "html.parser")

    @property
    def token(self) -> dict[str, str]:
        return {"X-CSRFToken": self.client.cookies["csrftoken"].value}

    @property
    def requester(self) -> str:
        return f"visitor:{self.client.session['demo_visitor']}"

    def fetch(self, path: str) -> Any:
        return self.client.get(path)

    def generate(self, product: ProductImage, model: Any, headers: dict[str, str] | None = None) -> Any:
        body = {"productImageId": str(product.pk), "modelImageId": str(model.pk)}
        return self.client.post("/api/tryon/generate", body, content_type="application/json", headers=headers)

    def upload(self, content: bytes) -> Any:
        fields = {
            "file": SimpleUploadedFile("mine.jpg", content),
            "productId": "own-garment",
            "metadata": json.dumps({"name": "mine <b>bold</b>"}),
        }
        return self.client.post("/api/tryon/upload", fields, headers=self.token)


@pytest.fixture(autouse=True)
def shop_is_on(settings: Settings) -> None:
    settings.DEMO_SHOP = True


@pytest.fixture
def visitor(shop_is_on: None) -> Visitor:
    return Visitor()


def chosen_from(page: BeautifulSoup, group: str) -> list[str]:
    """The names on a picker's cards."""
    photos = [json.loads(str(radio["data-photo"])) for radio in page.select(f"#{group} .card input")]
    return [photo["name"] for photo in photos]


@pytest.mark.parametrize("path", ["/demo/", "/demo/products"])
def test_there_is_no_shop_and_no_session_when_it_is_switched_off(
    client: Client, settings: Settings, path: str
) -> None:
    settings.DEMO_SHOP = False
    response = client.get(path)
    assert response.status_code == 404
    assert not response.cookies


def test_a_visitor_uploads_generates_and_follows_with_their_session_alone(visitor: Visitor) -> None:
    model = ModelImageFactory.create()
    uploaded = visitor.upload(images.garment_photo())
    assert uploaded.status_code == 201
    own = ProductImage.objects.get(pk=data_of(uploaded)["id"])
    assert own.requester == visitor.requester

    asked = visitor.generate(own, model, visitor.token)
    assert asked.status_code == 202
    job = data_of(visitor.fetch(f"/api/tryon/jobs/{data_of(asked)['jobId']}"))
    assert job["status"] == "queued"


def test_the_api_refuses_a_visitor_without_the_csrf_token(visitor: Visitor) -> None:
    response = visitor.generate(ProductImageFactory.create(), ModelImageFactory.create())
    assert response.status_code == 403
    assert error_of(response)["code"] == "permission_denied"


def test_the_api_refuses_a_browser_that_never_opened_the_shop() -> None:
    response = Client().get("/api/tryon/models")
    assert response.status_code == 401


def test_the_api_refuses_an_earlier_visitor_once_the_shop_is_switched_off(
    visitor: Visitor, settings: Settings
) -> None:
    settings.DEMO_SHOP = False
    assert error_of(visitor.upload(images.garment_photo()))["code"] == "not_authenticated"


def test_who_only_looks_leaves_no_session(client: Client) -> None:
    page = BeautifulSoup(client.get("/demo/").content, "html.parser")

    assert not Session.objects.exists()
    assert page.select("#shop[data-visit-url]")
    assert client.post("/demo/visit").status_code == 204
    assert Session.objects.count() == 1
    assert "data-visit-url" not in client.get("/demo/").text


def test_a_visit_begins_with_a_token_of_the_page_only() -> None:
    assert Client(enforce_csrf_checks=True).post("/demo/visit").status_code == 403


@pytest.mark.parametrize("window", ["HOUR", "DAY"])
def test_a_visitor_starts_only_so_many_try_ons(visitor: Visitor, settings: Settings, window: str) -> None:
    setattr(settings, f"DEMO_TRYONS_PER_{window}", 2)
    hours = 1 if window == "HOUR" else 24
    garments, model = ProductImageFactory.create_batch(3), ModelImageFactory.create()
    first, second = (visitor.generate(one, model, visitor.token) for one in garments[:2])
    TryOnJob.objects.filter(pk=data_of(second)["jobId"]).update(status=Status.FAILED, error_code="unknown")
    assert visitor.generate(garments[0], model, visitor.token).status_code == 202  # it joins the first

    refused = visitor.generate(garments[2], model, visitor.token)
    assert (refused.status_code, error_of(refused)["code"]) == (429, "visitor_limit_reached")
    assert error_of(refused)["details"]["limit"] == 2
    assert hours * 3600 - 60 < int(refused["Retry-After"]) <= hours * 3600
    again = visitor.client.post(
        f"/api/tryon/jobs/{data_of(second)['jobId']}/retry",
        content_type="application/json",
        headers=visitor.token,
    )
    assert error_of(again)["code"] == "visitor_limit_reached"
    other = Visitor()
    assert other.generate(garments[2], model, other.token).status_code == 202

    old = JobEvent.objects.filter(job=data_of(first)["jobId"])
    old.update(at=clock.now() - timedelta(hours=hours, seconds=1))
    assert visitor.generate(ProductImageFactory.create(), model, visitor.token).status_code == 202


def test_a_retry_counts_for_the_visitor_who_asks_for_it(visitor: Visitor, settings: Settings) -> None:
    settings.DEMO_TRYONS_PER_HOUR = 2
    garments, model = ProductImageFactory.create_batch(2), ModelImageFactory.create()
    job = data_of(visitor.generate(garments[0], model, visitor.token))["jobId"]
    other = Visitor()
    assert data_of(other.generate(garments[0], model, other.token))["jobId"] == job

    def retry() -> int:
        TryOnJob.objects.filter(pk=job).update(status=Status.FAILED, error_code="unknown")
        path = f"/api/tryon/jobs/{job}/retry"
        answer: Any = other.client.post(path, content_type="application/json", headers=other.token)
        return int(answer.status_code)

    assert [retry() for _ in range(3)] == [202, 202, 429]
    assert visitor.generate(garments[1], model, visitor.token).status_code == 202
    assert other.generate(garments[1], model, other.token).status_code == 202  # it joins
    assert other.generate(ProductImageFactory.create(), model, other.token).status_code == 429


def test_a_start_counts_for_the_visitor_who_left_it_to_another(visitor: Visitor, settings: Settings) -> None:
    settings.DEMO_TRYONS_PER_HOUR = 1
    garments, model = ProductImageFactory.create_batch(2), ModelImageFactory.create()
    job = data_of(visitor.generate(garments[0], model, visitor.token))["jobId"]
    other = Visitor()
    assert data_of(other.generate(garments[0], model, other.token))["jobId"] == job
    path = f"/api/tryon/jobs/{job}/cancel"
    assert (
        visitor.client.post(path, content_type="application/json", headers=visitor.token).status_code == 200
    )
    assert visitor.generate(garments[1], model, visitor.token).status_code == 429
    assert other.generate(garments[1], model, other.token).status_code == 202


def test_another_visitor_sees_neither_job_nor_photo(visitor: Visitor) -> None:
    own = ProductImageFactory.create(requester=visitor.requester)
    asked = visitor.generate(own, ModelImageFactory.create(), visitor.token)
    job_path = f"/api/tryon/jobs/{data_of(asked)['jobId']}"

    other = Visitor()
    page = other.page()
    assert other.requester != visitor.requester
    assert page.select("#garments .card") == []
    assert page.select("#tryons > ul > li") == []
    assert error_of(other.fetch(job_path))["code"] == "job_not_found"
    refused = other.generate(own, ModelImageFactory.create(), other.token)
    assert error_of(refused)["code"] == "product_image_not_found"
    assert visitor.fetch(job_path).status_code == 200


@pytest.mark.parametrize("number", [1, PRODUCTS_PER_PAGE + 5])
def test_the_page_costs_five_queries_however_full_the_shop_is(
    visitor: Visitor, number: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    ProductImageFactory.create_batch(number)
    ModelImageFactory.create_batch(number)
    for job in TryOnJobFactory.create_batch(min(number, 10)):
        JobViewer.objects.create(job=job, requester=visitor.requester)
    with django_assert_num_queries(5):  # session, own photos, catalogue, model photos, earlier try-ons
        visitor.page()


def test_the_catalogue_continues_page_by_page_until_its_end(visitor: Visitor) -> None:
    ProductImageFactory.create_batch(PRODUCTS_PER_PAGE + 2)
    page = visitor.page()
    assert len(page.select("#garments .card")) == PRODUCTS_PER_PAGE
    [marker] = page.select(".more-follow")

    rest = visitor.page(str(marker["data-next"]))
    assert len(rest.select(".card")) == 2
    assert rest.select(".more-follow") == []
    names = {str(radio["value"]) for part in (page, rest) for radio in part.select("input[name=garment]")}
    assert names >= {str(pk) for pk in ProductImage.objects.values_list("pk", flat=True)}


@pytest.mark.parametrize("number", ["0", "-1", "two", "", "²", "1" * 30])
def test_an_unusable_page_number_is_not_found(client: Client, number: str) -> None:
    assert client.get("/demo/products", {"page": number}).status_code == 404


def test_the_pickers_show_the_catalogue_own_photos_and_models_in_use(visitor: Visitor) -> None:
    ProductImageFactory.create(product_id="SKU-7", metadata={"name": "Linen tee", "price": "€ 39"})
    ProductImageFactory.create(product_id="SKU-8", metadata={"name": ["no", "text"]})
    ProductImageFactory.create(product_id="SKU-9", metadata=["not", "an", "object"])
    ProductImageFactory.create(product_id="private", requester="visitor:somebody-else")
    ProductImageFactory.create(product_id="my own", requester=visitor.requester)
    ModelImageFactory.create(name="Ada")
    ModelImageFactory.create(name="Retired", is_active=False)

    page = visitor.page()
    assert chosen_from(page, "garments") == ["my own", "SKU-9", "SKU-8", "Linen tee"]
    assert chosen_from(page, "models") == ["Ada"]
    assert "€ 39" in page.select("#garments .card")[-1].get_text()


def test_the_demos_library_fills_both_pickers_once(visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = {"apiKey": "tos_demo", "testApiKey": "tos_demo_test"}
    handout = json.dumps({"adminUser": "admin", "adminPassword": "secret", **keys})
    for _ in range(2):
        monkeypatch.setattr("sys.stdin", io.StringIO(handout))
        call_command("demo_library", stdout=io.StringIO())
    page = visitor.page()
    assert chosen_from(page, "garments") == [photo.name for photo in reversed(PRODUCTS)]
    assert sorted(chosen_from(page, "models")) == sorted(photo.name for photo in MODELS)


def test_what_a_visitor_calls_their_photo_is_shown_as_text(visitor: Visitor) -> None:
    visitor.upload(images.garment_photo())
    page = visitor.page()
    assert chosen_from(page, "garments") == ["mine <b>bold</b>"]
    assert page.select("#garments .card b") == []


def test_photos_whose_files_have_been_cleaned_up_are_not_shown(visitor: Visitor) -> None:
    gone = ProductImageFactory.create(original="", processed="", thumbnail="", requester=visitor.requester)
    TryOnJobFactory.create(product_image=gone, viewers=[visitor.requester])
    page = visitor.page()
    assert chosen_from(page, "garments") == []
    assert page.select("#tryons > ul a") == []


def test_earlier_try_ons_are_found_again(visitor: Visitor) -> None:
    waiting = TryOnJobFactory.create(viewers=[visitor.requester], options={"mode": "quality"})
    done = TryOnResultFactory.create(job__completed=True, job__viewers=[visitor.requester])
    TryOnJobFactory.create(viewers=["visitor:somebody-else"])

    newest, oldest = visitor.page().select("#tryons > ul a")
    assert (newest["href"], newest["data-status"]) == (f"#job={done.job_id}", Status.COMPLETED)
    assert str(done.thumbnail.name) in str(newest.select_one("img"))
    assert (oldest["href"], oldest["data-status"]) == (f"#job={waiting.pk}", Status.QUEUED)
    choice = json.loads(str(oldest["data-choice"]))
    assert choice["mode"] == "quality"
    assert choice["garment"]["id"] == str(waiting.product_image_id)
    assert choice["model"]["id"] == str(waiting.model_image_id)


@pytest.mark.parametrize("still_has_own_copy", [True, False])
def test_a_shared_try_on_does_not_show_what_somebody_else_called_their_photo(
    visitor: Visitor, still_has_own_copy: bool
) -> None:
    other = {"requester": "visitor:somebody-else", "metadata": {"name": "secret"}, "checksum": "5" * 64}
    shared = ProductImageFactory.create(**other)
    TryOnJobFactory.create(product_image=shared, viewers=[shared.requester, visitor.requester])
    if still_has_own_copy:
        own = ProductImageFactory.create(requester=visitor.requester, product_id="mine", checksum="5" * 64)

    page = visitor.page()
    [entry] = page.select("#tryons > ul a")
    garment = json.loads(str(entry["data-choice"]))["garment"]
    assert "secret" not in str(page)
    assert garment["name"] == ("mine" if still_has_own_copy else "Your garment")
    if still_has_own_copy:
        assert garment["id"] == str(own.pk)


def merchandiser() -> User:
    """A person who may start try-ons."""
    staff = User.objects.create_user("merchandiser", is_staff=True)
    staff.user_permissions.add(Permission.objects.get(codename="add_tryonjob"))
    return staff


def test_staff_who_may_start_no_try_ons_have_a_visitors_limit(visitor: Visitor, settings: Settings) -> None:
    settings.DEMO_TRYONS_PER_HOUR = 1
    garments, model = ProductImageFactory.create_batch(3), ModelImageFactory.create()
    visitor.client.force_login(User.objects.create_user("clerk", is_staff=True))
    assert visitor.generate(garments[0], model, visitor.token).status_code == 202
    assert error_of(visitor.generate(garments[1], model, visitor.token))["code"] == "visitor_limit_reached"
    visitor.client.force_login(merchandiser())
    for garment in garments[1:]:
        assert visitor.generate(garment, model, visitor.token).status_code == 202


def test_a_visitors_session_ends_after_a_day(visitor: Visitor) -> None:
    life = Session.objects.get().expire_date - clock.now()
    assert timedelta(hours=23) < life <= timedelta(days=1)


def test_staff_see_their_own_try_ons_and_not_everybody_elses(visitor: Visitor) -> None:
    staff = merchandiser()
    visitor.client.force_login(staff)
    own = TryOnJobFactory.create(viewers=[f"user:{staff.pk}"])
    TryOnJobFactory.create(viewers=["visitor:somebody-else"])
    assert [entry["data-job"] for entry in visitor.page().select("#tryons > ul a")] == [str(own.pk)]


def test_every_control_has_a_name_and_every_picture_a_text(visitor: Visitor) -> None:
    ProductImageFactory.create()
    ModelImageFactory.create()
    page = visitor.page()
    controls = page.select("input, button, select, textarea, progress, a")
    assert len(controls) > 10
    assert [str(control) for control in controls if not name_of(control, page)] == []
    assert [str(picture) for picture in page.select("img:not([alt])")] == []
    assert [str(group) for group in page.select("fieldset") if not group.find("legend")] == []


def name_of(control: Tag, page: BeautifulSoup) -> str:
    """Return a control's name for a screen reader. A label that is filled later counts."""
    if labelled_by := control.get("aria-labelledby"):
        return "named" if page.find(id=str(labelled_by)) else ""
    label = control.find_parent("label") if control.name == "input" else control
    return label.get_text(strip=True) if label else ""


def test_the_page_says_that_its_pictures_are_made_with_ai(visitor: Visitor) -> None:
    page = visitor.page()
    assert page.select(".masthead .made-with-ai")
    badge = page.select_one("#room figcaption")
    assert badge is not None
    assert badge.get_text() == "Made with AI"


def test_an_empty_shop_says_what_to_do(visitor: Visitor) -> None:
    page = visitor.page()
    notes = [note.get_text() for note in page.select(".empty:not([hidden])")]
    assert len(notes) == 2
    assert all("in the admin" in note for note in notes)


def test_nothing_on_the_page_needs_an_exception_from_the_content_security_policy(visitor: Visitor) -> None:
    TryOnJobFactory.create(viewers=[visitor.requester])
    page = visitor.page()
    assert all(script.get("src") and not script.string for script in page.select("script"))
    inline = [tag for tag in page.find_all(True) if any(name.startswith("on") for name in tag.attrs)]
    assert inline == []
    assert page.select("[style], style") == []


def test_every_sentence_that_a_script_says_is_on_the_page(visitor: Visitor) -> None:
    code = "\n".join(script.read_text() for script in SCRIPTS.glob("*.js"))
    said = set(re.findall(r'say\("([\w-]+)"', code)) | set(re.findall(r'show\w+\([^()]*"(\w+Alt)"', code))
    said |= {f"status-{status}" for status in Status.values} | {f"wait-{why}" for why in WaitReason.values}
    found = visitor.page().find(id="texts")
    assert isinstance(found, Tag)
    texts = {str(text["data-text"]): text.decode_contents().strip() for text in found.find_all("p")}
    assert said == texts.keys()
    assert all(texts.values())


def test_a_shop_key_sees_nothing_of_a_visitor(visitor: Visitor, owner: Api) -> None:
    job = TryOnJobFactory.create(viewers=[visitor.requester])
    assert error_of(owner.get(f"jobs/{job.pk}"))["code"] == "job_not_found"
