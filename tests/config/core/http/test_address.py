"""The address of a client: nothing that a client can write counts."""

import pytest
from django.http import HttpResponse
from django.test import RequestFactory
from django.urls import get_script_prefix, set_script_prefix
from pytest_django import Settings

from config.core.http.address import ForwardedMiddleware, client_address, public_address

PROXY = "10.0.0.1"


def address(forwarded: str | None = None, *, connected: str = PROXY) -> str | None:
    headers = {} if forwarded is None else {"X-Forwarded-For": forwarded}
    return client_address(RequestFactory().get("/", headers=headers, REMOTE_ADDR=connected))


def test_without_a_proxy_the_header_is_nothing() -> None:
    assert address("203.0.113.7", connected="198.51.100.9") == "198.51.100.9"


def test_behind_a_proxy_its_own_entry_counts_and_not_the_clients(settings: Settings) -> None:
    settings.TRUSTED_PROXIES = 1
    assert address("203.0.113.7") == "203.0.113.7"
    assert address("1.2.3.4, 203.0.113.7") == "203.0.113.7"
    assert address("1.2.3.4,5.6.7.8 , 203.0.113.7 ") == "203.0.113.7"
    assert address() == PROXY


def test_behind_two_proxies_the_outer_ones_entry_counts(settings: Settings) -> None:
    settings.TRUSTED_PROXIES = 2
    assert address("1.2.3.4, 203.0.113.7, 10.0.0.2") == "203.0.113.7"
    assert address("1.2.3.4") == PROXY  # it came past the outer proxy


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("203.0.113.7:4711", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("[2001:db8:1:2::9]:4711", "2001:db8:1:2::"),
        ("unknown", PROXY),
        ("", PROXY),
    ],
)
def test_an_address_has_one_form(settings: Settings, text: str, wanted: str) -> None:
    settings.TRUSTED_PROXIES = 1
    assert address(text) == wanted


@pytest.mark.parametrize(
    ("count", "hosts", "schemes", "wanted"),
    [
        (1, "shop.example", "https", "https://shop.example"),
        (1, "made.up, shop.example", "http, https", "https://shop.example"),
        (2, "made.up, shop.example,inner", "http,https, http", "https://shop.example"),
        (2, "shop.example", "https", "https://shop.example"),  # the inner proxy has passed it on
    ],
)
def test_the_host_and_scheme_are_what_the_outermost_trusted_proxy_says(
    settings: Settings, count: int, hosts: str, schemes: str, wanted: str
) -> None:
    settings.USE_X_FORWARDED_HOST = True
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    settings.TRUSTED_PROXIES, settings.ALLOWED_HOSTS = count, ["shop.example"]
    request = RequestFactory().get("/", headers={"X-Forwarded-Host": hosts, "X-Forwarded-Proto": schemes})
    ForwardedMiddleware(lambda _: HttpResponse())(request)
    assert request.build_absolute_uri("/").removesuffix("/") == wanted


@pytest.mark.parametrize("prefix", ["/", "/shop/"])
def test_a_public_address_has_its_prefix_once_in_every_thread(settings: Settings, prefix: str) -> None:
    settings.PUBLIC_BASE_URL = "https://tryon.example/shop"
    before = get_script_prefix()
    set_script_prefix(prefix)
    try:
        assert public_address("healthz") == "https://tryon.example/shop/healthz"
    finally:
        set_script_prefix(before)


def test_a_connection_without_an_address_has_none() -> None:
    assert address(connected="") is None
