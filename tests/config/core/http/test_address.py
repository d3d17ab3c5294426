"""The address of a client: nothing that a client can write counts."""

import pytest
from django.test import RequestFactory
from pytest_django import Settings

from config.core.http.address import client_address

PROXY = "10.0.0.1"


def address(forwarded: str | None = None, *, connected: str = PROXY) -> str | None:
    headers = {} if forwarded is None else {"X-Forwarded-For": forwarded}
    return client_address(RequestFactory().get("/", headers=headers, REMOTE_ADDR=connected))


def test_without_a_proxy_the_header_is_nothing() -> None:
    assert address("203.0.113.7", connected="198.51.100.9") == "198.51.100.9"


def test_behind_a_proxy_its_own_entry_counts_and_not_the_clients(settings: Settings) -> None:
    settings.BEHIND_PROXY = True
    assert address("203.0.113.7") == "203.0.113.7"
    assert address("1.2.3.4, 203.0.113.7") == "203.0.113.7"
    assert address("1.2.3.4,5.6.7.8 , 203.0.113.7 ") == "203.0.113.7"
    assert address() == PROXY


def test_behind_two_proxies_the_outer_ones_entry_counts(settings: Settings) -> None:
    settings.BEHIND_PROXY = True
    settings.PROXY_COUNT = 2
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
    settings.BEHIND_PROXY = True
    assert address(text) == wanted


def test_a_connection_without_an_address_has_none() -> None:
    assert address(connected="") is None
