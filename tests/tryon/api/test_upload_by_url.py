"""POST /api/tryon/upload with the address of a photo: what is fetched, from where, and how long."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from config.core.outgoing import fetch
from config.shops.keys import key_issue
from config.shops.models import Kind
from tests import images
from tests.conftest import Api, data_of, download, error_of, visiting
from tests.stores import stored_keys
from tests.tryon.fashn.loopback import (
    Handler,
    Loopback,
    Step,
    answer,
    broken_off,
    chunked,
    closes,
    drips,
    hangs,
)
from tryon.models import ProductImage

pytestmark = pytest.mark.django_db


@pytest.fixture
def server(settings: Settings) -> Iterator[Loopback]:
    """A shop's server in its own network, which the operator allows by name and port."""
    with Loopback() as server:
        settings.FILE_URL_HOSTS = [server.host]
        server.answers(answer(PHOTO))
        yield server


PHOTO = images.garment_photo(images.SMALL_SQUARE)


def asked(api: Api, address: str, **more: Any) -> Any:
    return api.post("upload", {"fileUrl": address, "productId": "SKU-1", **more})


def refused(api: Api, address: str) -> tuple[int, str]:
    response = asked(api, address)
    assert ProductImage.objects.count() == 0
    assert stored_keys() == set()
    return response.status_code, error_of(response)["code"]


def test_the_photo_at_an_address_is_taken_like_an_uploaded_one(owner: Api, server: Loopback) -> None:
    address = f"{server.url}/shirt blue.jpg?size=large#front"
    response = asked(owner, address, metadata={"colour": "red"})
    assert response.status_code == 201
    shown = data_of(response)
    assert (shown["productId"], shown["metadata"]) == ("SKU-1", {"colour": "red"})
    assert download(owner, shown["originalUrl"]) == PHOTO
    (seen,) = server.seen
    assert (seen.method, seen.path, seen.headers["Host"]) == (
        "GET", "/shirt%20blue.jpg?size=large", server.host,
    )  # fmt: skip
    assert {"Authorization", "Cookie"} & seen.headers.keys() == set()
    again = owner.form("upload", fileUrl=address, productId="SKU-1", metadata='{"colour": "blue"}')
    assert data_of(again)["warnings"][-1]["id"] == shown["id"]


def test_either_the_file_or_its_address_is_sent(owner: Api, server: Loopback) -> None:
    for response in (
        owner.post("upload", {"productId": "SKU-1"}),
        owner.post("upload", {"productId": "SKU-1", "fileUrl": 7}),
        owner.post("upload", {"productId": "SKU-1", "fileUrl": "http://a/" + "b" * 2000}),
        owner.upload(PHOTO, fileUrl=server.url),
    ):
        assert (response.status_code, [*error_of(response)["details"]["fields"]]) == (400, ["fileUrl"])
    for metadata in ("text", {"a": "x" * 10_000}, {"a": "\0"}):
        response = asked(owner, server.url, metadata=metadata)
        assert (response.status_code, [*error_of(response)["details"]["fields"]]) == (400, ["metadata"])
    assert server.seen == []


@pytest.mark.parametrize(
    "address",
    [
        *(
            "http://127.0.0.1/a.jpg",
            "http://localhost/a.jpg",
            "http://[::1]/a.jpg",
            "http://2130706433/a.jpg",
        ),
        *("http://10.0.0.7/a.jpg", "https://169.254.169.254/latest", "http://[::ffff:10.0.0.7]/a.jpg"),
        *("https://shop.example:8443/a.jpg", "http://shop.example:443/a.jpg", "https://8.8.8.8:22/"),
        *("https://user:password@shop.example/a.jpg", "https://user@shop.example/a.jpg"),
        *("ftp://shop.example/a.jpg", "file:///etc/passwd", "data:image/png;base64,AAAA", "a.jpg", "//a/b"),
        *("https://", "https://[::1", "https://a..b/a.jpg", f"https://{'a' * 70}/a.jpg"),
    ],
)
def test_an_address_that_may_not_be_asked_is_refused(owner: Api, address: str) -> None:
    assert refused(owner, address) == (422, "file_url_not_allowed")


def test_a_server_inside_is_asked_only_at_the_port_that_the_operator_allows(
    owner: Api, server: Loopback, settings: Settings
) -> None:
    for places in ([], ["127.0.0.1:80"], ["localhost:80", "127.0.0.1:1"]):
        settings.FILE_URL_HOSTS = places
        assert refused(owner, f"{server.url}/a.jpg") == (422, "file_url_not_allowed")
    assert server.seen == []


def test_a_redirect_is_not_followed(owner: Api, server: Loopback) -> None:
    for status in (301, 302, 307, 308):
        server.answers(answer(b"", status=status, headers={"Location": f"{server.url}/b.jpg"}))
        assert refused(owner, f"{server.url}/a.jpg") == (422, "file_url_redirects")
    assert {seen.path for seen in server.seen} == {"/a.jpg"}


@pytest.mark.parametrize(
    ("step", "details"),
    [
        (answer(b"", status=404), {"status": 404}),
        (answer(PHOTO, status=503), {"status": 503}),
        (closes, {}),
        (broken_off(PHOTO), {}),
    ],
)
def test_a_server_that_does_not_give_the_photo_is_named_so(
    owner: Api, server: Loopback, step: Step, details: dict[str, int]
) -> None:
    server.answers(step)
    error = error_of(asked(owner, f"{server.url}/a.jpg"))
    assert (error["code"], error["retryable"], error["details"]) == ("file_url_unreachable", True, details)


def test_a_closed_door_is_unreachable(owner: Api, settings: Settings) -> None:
    settings.FILE_URL_HOSTS = ["127.0.0.1:9"]
    assert refused(owner, "http://127.0.0.1:9/a.jpg") == (422, "file_url_unreachable")
    assert refused(owner, "https://127.0.0.1:9/a.jpg") == (422, "file_url_unreachable")


@pytest.mark.parametrize(
    "step",
    [
        answer(PHOTO),
        answer(PHOTO, headers={"Content-Length": "9" * 5000}),
        chunked(PHOTO, content_type="image/jpeg"),
    ],
    ids=["announced", "announced by a long number", "chunked"],
)
def test_a_file_that_is_too_large_is_left_in_the_middle(
    owner: Api, server: Loopback, step: Step, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.answers(step)
    monkeypatch.setattr("tryon.services.products.MAX_UPLOAD_BYTES", 1000)
    assert refused(owner, f"{server.url}/a.jpg") == (413, "image_too_large")


@pytest.mark.parametrize(("body", "code"), [(b"<html>", "image_type_unsupported"), (b"", "image_missing")])
def test_what_is_no_photo_is_refused_by_its_content(
    owner: Api, server: Loopback, body: bytes, code: str
) -> None:
    server.answers(answer(body, headers={"Content-Type": "image/jpeg"}))
    assert refused(owner, f"{server.url}/a.jpg")[1] == code


def drips_its_head(handler: Handler) -> None:
    """A status line whose end never comes, byte by byte."""
    handler.close_connection = True
    while not handler.server.released.wait(0.01):
        handler.wfile.write(b"H")
        handler.wfile.flush()


@pytest.mark.parametrize("step", [hangs, drips, drips_its_head])
def test_a_slow_server_holds_the_request_to_its_deadline_and_no_thread_after_it(
    owner: Api, server: Loopback, step: Step, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ThreadPoolExecutor(1) as one, monkeypatch.context() as patch:
        patch.setattr(fetch, "_threads", one)
        patch.setattr(fetch, "SECONDS", 0.15)
        server.answers(step)
        assert refused(owner, f"{server.url}/a.jpg") == (422, "file_url_too_slow")
        patch.undo()
        monkeypatch.setattr(fetch, "_threads", one)
        server.answers(answer(PHOTO))
        assert asked(owner, f"{server.url}/a.jpg").status_code == 201


def test_only_a_shops_server_may_name_an_address(server: Loopback, client: Client, admin_user: Any) -> None:
    visitor = visiting()
    body = {"fileUrl": f"{server.url}/a.jpg", "productId": "SKU-1"}
    for response in (
        visitor.post("/api/tryon/upload", body),
        visitor.post("/api/tryon/upload", body, content_type="application/json"),
    ):
        assert (response.status_code, error_of(response)["code"]) == (403, "permission_denied")
    browser = Api(key_issue(name="Browser", kind=Kind.PUBLISHABLE)[1])
    assert asked(browser, body["fileUrl"]).status_code == 403
    assert server.seen == []
    client.force_login(admin_user)
    assert client.post("/api/tryon/upload", body, content_type="application/json").status_code == 201
