"""Pages that say what went wrong, as they are made without a request and without a database."""

import pytest
from bs4 import BeautifulSoup
from django.template.loader import render_to_string
from django.test import Client
from django.urls import reverse
from django.utils import translation


@pytest.mark.parametrize("name", ["400", "403", "403_csrf", "404", "500", "503", "refused"])
def test_a_refusal_has_a_heading_advice_and_a_way_back(name: str) -> None:
    page = BeautifulSoup(render_to_string(f"{name}.html", {"message": "Wait a moment."}), "html.parser")
    [heading] = page.find_all("h1")
    assert heading.text == page.title.text != ""  # type: ignore[union-attr]
    assert len(page.main.p.text) > len("Try again.")  # type: ignore[union-attr]
    assert [link["href"] for link in page.main.find_all("a")] == [reverse("home")]  # type: ignore[union-attr]


def test_a_refusal_speaks_the_language_of_the_reader() -> None:
    with translation.override("ko"):
        assert BeautifulSoup(render_to_string("404.html"), "html.parser").html["lang"] == "ko"  # type: ignore[index]


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/admin/login/", "/nothing"])
def test_a_form_that_can_not_be_read_is_told_so(path: str) -> None:
    client = Client(enforce_csrf_checks=True)
    client.cookies["csrftoken"] = "a" * 32
    kind = "application/x-www-form-urlencoded; charset=latin-1"
    assert client.post(path, "a=1", content_type=kind).status_code == (404 if path == "/nothing" else 400)


def test_a_browser_finds_an_icon_where_it_looks_by_itself(client: Client) -> None:
    assert client.get("/favicon.ico")["Location"].endswith("icon.svg")
