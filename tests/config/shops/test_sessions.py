"""Sessions of visitors: a page of the shop acts for one shopper, and for no more."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from config.core import clock
from config.shops.keys import key_forget, key_issue, shop_forget
from config.shops.models import ApiKey, Shop
from config.shops.sessions import Session, session_in
from tests import images
from tests.conftest import Api, data_of, error_of
from tests.factories import (
    ModelImageFactory,
    ProductImageFactory,
    ShopFactory,
    TryOnJobFactory,
    TryOnResultFactory,
)
from tryon.models import Status, TryOnJob

pytestmark = pytest.mark.django_db(transaction=True)

PAGE = "https://shop.example"
OTHER = "https://other.example"


class Page(Api):
    """A page in a browser: what it sends has its origin. ``token`` is its session's, if it has one."""

    token = ""

    def __init__(self, authorization: str, origin: str | None = PAGE) -> None:
        headers = {"Authorization": authorization} | ({} if origin is None else {"Origin": origin})
        self.client = Client(headers=headers, raise_request_exception=False)

    @classmethod
    def of(cls, token: str, origin: str | None = PAGE) -> "Page":
        page = cls(f"Bearer {token}", origin)
        page.token = token
        return page


@pytest.fixture
def shop() -> Shop:
    made: Shop = ShopFactory.create(name="Linden", allowed_origins=[PAGE, OTHER])
    return made


@pytest.fixture
def key(shop: Shop) -> str:
    """The publishable key of the shop."""
    return key_issue(name="Page", shop=shop, kind="publishable")[1]


@pytest.fixture
def secret(shop: Shop) -> Api:
    return Api(key_issue(name="Server", shop=shop)[1])


def opened(key: str, origin: str | None = PAGE, body: Any = None) -> Any:
    return Page(f"Api-Key {key}", origin).post("sessions", body or {})


def visitor(key: str) -> Page:
    return Page.of(data_of(opened(key))["token"])


def photos() -> dict[str, str]:
    product, model = ProductImageFactory.create(), ModelImageFactory.create()
    return {"productImageId": str(product.pk), "modelImageId": str(model.pk)}


def refused(answer: Any) -> tuple[int, str]:
    return answer.status_code, error_of(answer)["code"]


def as_of(session: Session, *, begun: int, until: int) -> Page:
    """Return the page with a session whose times are these seconds from now."""
    now = int(clock.now().timestamp())
    return Page.of(session._replace(begun=now + begun, until=now + until).token)


def test_a_visitor_does_all_for_themselves_and_the_shop_sees_it(key: str, secret: Api) -> None:
    ada, bea = visitor(key), visitor(key)
    assert len(data_of(ada.get("models"))) == 0
    job_id = data_of(ada.post("generate", photos()))["jobId"]

    for caller, status in ((ada, 200), (secret, 200), (bea, 404), (ada, 200), (bea, 404)):
        assert caller.get(f"jobs/{job_id}").status_code == status
    assert [len(data_of(caller.get("jobs"))) for caller in (ada, bea, secret)] == [1, 0, 1]
    assert bea.post(f"jobs/{job_id}/cancel").status_code == 404
    assert data_of(ada.post(f"jobs/{job_id}/cancel"))["status"] == "canceled"

    TryOnJob.objects.update(status=Status.COMPLETED, progress=100, completed_at=clock.now())
    result = TryOnResultFactory.create(job=TryOnJob.objects.get())
    assert bea.get(f"results/{result.pk}").status_code == 404
    assert [row["id"] for row in data_of(ada.get("results"))] == [str(result.pk)]
    assert ada.post(f"results/{result.pk}/feedback", {"verdict": "no"}).status_code == 201
    assert ada.delete(f"results/{result.pk}").status_code == 204


def test_a_visitor_does_nothing_else(key: str) -> None:
    ada = visitor(key)
    failed = TryOnJobFactory.create(failed=True, viewers=[session_in(ada_token(ada)).shopper])
    answers = [
        ada.get("stats"),
        ada.post("stats/pause"),
        ada.add_model(images.model_photo(images.SMALL_PORTRAIT)),
        ada.post(f"jobs/{failed.pk}/retry"),
        ada.upload(images.garment_photo(images.SMALL_SQUARE)),
        ada.post("upload", {"fileUrl": "https://shop.example/shirt.jpg", "productId": "SKU-1"}),
        ada.client.get("/api/tryon/jobs", headers={"X-Shopper-Id": "bea"}),
        ada.client.get(f"/api/tryon/jobs/{failed.pk}", headers={"X-Shopper-Id": "bea"}),
    ]
    assert [answer.status_code for answer in answers] == [403] * len(answers)
    assert data_of(ada.get(f"jobs/{failed.pk}"))["status"] == "failed"
    retired = ModelImageFactory.create(is_active=False)
    assert str(retired.pk) not in [model["id"] for model in data_of(ada.get("models"))]
    assert ada.get(f"models/{retired.pk}").status_code == 404


def ada_token(page: Page) -> str:
    return str(page.client.defaults["HTTP_AUTHORIZATION"]).removeprefix("Bearer ")


@pytest.mark.parametrize("origin", ["https://evil.example", "null", None, ""])
def test_a_page_of_another_origin_opens_no_session(key: str, origin: str | None) -> None:
    assert refused(opened(key, origin)) == (403, "origin_not_allowed")


@pytest.mark.parametrize("origin", [OTHER, "null", None])
def test_a_token_is_for_the_page_that_opened_it(key: str, origin: str | None) -> None:
    token = data_of(opened(key))["token"]
    job_id = data_of(Page.of(token).post("generate", photos()))["jobId"]
    thief = Page.of(token, origin)
    for answer in (thief.get("jobs"), thief.get(f"jobs/{job_id}"), thief.post("sessions", {})):
        assert refused(answer) == (403, "origin_not_allowed")


def test_a_page_at_the_services_own_address_reads_without_an_origin(shop: Shop, key: str) -> None:
    shop.allowed_origins = ["http://testserver"]
    shop.save()
    token = data_of(opened(key, "http://testserver"))["token"]
    page = Page.of(token, None)
    assert page.get("jobs").status_code == 403
    assert page.client.get("/api/tryon/jobs", headers={"Sec-Fetch-Site": "same-origin"}).status_code == 200


def test_a_session_lives_for_a_quarter_of_an_hour_and_is_renewed_for_a_day(shop: Shop, key: str) -> None:
    first = data_of(opened(key))
    session = session_in(first["token"])
    assert session.until - session.begun == 15 * 60
    assert first["shopperPhotoHours"] == 24
    job_id = data_of(Page.of(first["token"]).post("generate", photos()))["jobId"]

    late = as_of(session, begun=-3600, until=0)
    for path in ("jobs", f"jobs/{job_id}", f"jobs/{job_id}"):
        assert refused(late.get(path)) == (401, "session_expired")
    renewed = data_of(late.post("sessions", {}))
    assert Page.of(renewed["token"]).get(f"jobs/{job_id}").status_code == 200
    assert session_in(renewed["token"]).begun == session_in(late.token).begun

    near_the_end = data_of(as_of(session, begun=60 - 86_400, until=60).post("sessions", {}))
    assert near_the_end["expiresAt"] == near_the_end["renewableUntil"]
    over = as_of(session, begun=-86_400, until=0)
    assert refused(over.post("sessions", {})) == (401, "session_expired")

    shop.allowed_origins = [OTHER]
    shop.save()
    assert refused(as_of(session, begun=0, until=9).post("sessions", {})) == (403, "origin_not_allowed")


def test_a_session_ends_with_its_key_and_with_its_shop(shop: Shop, key: str) -> None:
    page = visitor(key)
    job_id = data_of(page.post("generate", photos()))["jobId"]
    assert page.get(f"jobs/{job_id}").status_code == 200

    def answers() -> set[tuple[int, str]]:
        return {refused(page.get(path)) for path in ("models", "jobs", f"jobs/{job_id}")}

    for table, forget in ((ApiKey, key_forget), (Shop, shop_forget)):
        row: Any = table.objects.get()
        table.objects.update(is_active=False)
        forget(row)
        assert answers() == {(401, "session_invalid")}
        assert refused(page.post("sessions", {})) == (401, "session_invalid")
        table.objects.update(is_active=True)
        forget(row)
        assert page.get(f"jobs/{job_id}").status_code == 200


def test_what_we_have_not_signed_is_no_token(key: str) -> None:
    token = data_of(opened(key))["token"]
    for forged in ("", "x", token[:-1], f"tos_vt_{token[8:]}", token.replace(":", ".")):
        for path in ("jobs", "jobs/00000000-0000-0000-0000-000000000000"):
            answer = Page.of(forged).get(path)
            assert (*refused(answer), answer["WWW-Authenticate"]) == (401, "session_invalid", "Bearer")


def test_a_server_opens_a_session_for_its_signed_in_shopper(secret: Api) -> None:
    token = data_of(secret.post("sessions", {"shopperId": "ada", "origin": PAGE}))["token"]
    job_id = data_of(Page.of(token).post("generate", photos()))["jobId"]

    by_header = secret.client.get(f"/api/tryon/jobs/{job_id}", headers={"X-Shopper-Id": "ada"})
    assert by_header.status_code == 200
    other = secret.client.get(f"/api/tryon/jobs/{job_id}", headers={"X-Shopper-Id": "bea"})
    assert other.status_code == 404
    app = data_of(secret.post("sessions", {"shopperId": "ada"}))["token"]
    assert Page.of(app, None).get(f"jobs/{job_id}").status_code == 200
    assert Page.of(app, PAGE).get(f"jobs/{job_id}").status_code == 403
    assert refused(secret.post("sessions", {"shopperId": "a b"})) == (400, "shopper_id_invalid")
    evil = {"shopperId": "ada", "origin": "https://evil.example"}
    assert refused(secret.post("sessions", evil)) == (403, "origin_not_allowed")
    named = secret.client.post(
        "/api/tryon/sessions", {}, content_type="application/json", headers={"X-Shopper-Id": "ada"}
    )
    assert session_in(data_of(named)["token"]).shopper == session_in(token).shopper


def test_a_page_names_no_shopper(key: str) -> None:
    assert refused(opened(key, body={"shopperId": "ada"})) == (403, "secret_key_needed")
    library = Api(key_issue(name="Library", scopes=["library"])[1])
    assert refused(library.post("sessions", {"shopperId": "ada"})) == (403, "permission_denied")


def preflight(origin: str, path: str = "/api/tryon/generate") -> Any:
    headers = {"Origin": origin, "Access-Control-Request-Method": "POST"}
    return Client(headers=headers).options(path)


def test_browsers_may_show_answers_to_pages_of_shops_only(shop: Shop, key: str) -> None:
    assert preflight(PAGE)["Access-Control-Allow-Origin"] == PAGE
    with CaptureQueriesContext(connection) as queries:
        allowed, other, outside = (
            preflight(PAGE),
            preflight("https://evil.example"),
            preflight(PAGE, "/admin/"),
        )
    assert len(queries) == 0
    assert preflight(PAGE, "/media/results/1.png")["Access-Control-Allow-Origin"] == PAGE
    assert allowed["Access-Control-Allow-Headers"].split(", ")[:2] == ["authorization", "content-type"]
    assert "Access-Control-Allow-Credentials" not in allowed
    assert not any("Access-Control-Allow-Origin" in answer for answer in (other, outside))

    answer = visitor(key).get("jobs")
    assert answer["Access-Control-Allow-Origin"] == PAGE
    assert {"ETag", "Retry-After", "X-Request-ID", "RateLimit"} < {
        name.strip() for name in answer["Access-Control-Expose-Headers"].split(",")
    }
    assert "origin" in answer["Vary"].lower()
    assert "Access-Control-Allow-Origin" not in opened(key, "https://evil.example")

    Shop.objects.update(is_active=False)
    shop_forget(shop)
    assert "Access-Control-Allow-Origin" not in preflight(PAGE)


def test_a_visitor_counts_for_themselves_their_address_and_the_key(key: str) -> None:
    policies = visitor(key).get("models")["RateLimit-Policy"]
    assert [one.split(";")[0] for one in policies.split(", ")] == [
        '"shopper-reads"',
        '"address-reads"',
        '"key-reads"',
    ]
    assert Page.of("tos_vt_forged").get("models")["RateLimit-Policy"].startswith('"address-reads"')


def test_pages_that_repeat_one_idempotency_key_share_no_session(key: str) -> None:
    page = Page(f"Api-Key {key}")
    headers = {"Idempotency-Key": "same"}
    answers = [
        page.client.post("/api/tryon/sessions", {}, content_type="application/json", headers=headers)
        for _ in range(2)
    ]
    assert [answer.status_code for answer in answers] == [201, 201]
    visitors = {session_in(data_of(answer)["token"]).shopper for answer in answers}
    assert len(visitors) == 2
    wrong = page.client.post(
        "/api/tryon/sessions", {}, content_type="application/json", headers={"Idempotency-Key": "x" * 65}
    )
    assert refused(wrong) == (400, "idempotency_key_invalid")
