"""The first-run page: each step of an empty installation, with its state and the way on."""

from datetime import datetime, timedelta

import pytest
from bs4 import BeautifulSoup
from django.core.management import call_command
from django.test import Client
from pytest_django import Settings

from config.core import clock
from config.core.doctor import Finding, State
from config.core.doctor.public import ADDRESS
from config.core.doctor.services import STORAGE
from config.core.upkeep.models import DoctorReport
from tests.admin_pages import page, sign_in
from tests.factories import (
    ApiKeyFactory,
    ModelImageFactory,
    ProductImageFactory,
    ShopFactory,
    TryOnJobFactory,
)
from tests.tryon.fashn.loopback import Loopback, answer
from tryon.services.doctor import FASHN

PAGE = "/admin/first-run/"
GO_ON = "Go on with the first run"


def states(client: Client) -> dict[str, tuple[str, str]]:
    """Return the state of each step, and where its link or button leads."""
    shown = BeautifulSoup(page(client, PAGE), "html.parser")
    found = {}
    for step in shown.select(".first-run li"):
        (head,) = step.select("h2")
        name, state = (part.strip() for part in head.get_text("|").split("|")[:2])
        link, button = step.select_one("a"), step.select_one("form[method=post] button")
        found[name] = state, str(link["href"]) if link else "try" if button else ""
    return found


@pytest.mark.django_db
def test_an_empty_installation_says_what_to_do_step_by_step(settings: Settings) -> None:
    owner = sign_in()
    assert GO_ON in page(owner, "/admin/")
    shown = states(owner)
    assert [state for state, _to in shown.values()] == ["Problem", *["To do"] * 7]
    assert shown["FASHN key"] == ("To do", "try")
    assert shown["First API key"] == ("To do", "/admin/api/shop/add/")
    assert shown["First model photos"][1] == "/admin/models_library/modelimage/add/"
    assert "Steps left before the service is ready: 8." in page(owner, PAGE)

    ShopFactory.create()
    assert states(owner)["First API key"] == ("To do", "/admin/api/apikey/add/")
    ApiKeyFactory.create()
    ModelImageFactory.create()
    ProductImageFactory.create()
    job = TryOnJobFactory.create()
    assert states(owner)["First try-on"] == ("To do", "/admin/tryon/tryonjob/")
    job.delete()
    TryOnJobFactory.create(completed=True)
    shown = states(owner)
    assert {shown[name][0] for name in shown if name.startswith("First")} == {"Done"}


@pytest.mark.django_db
def test_home_leads_operators_to_the_page_until_the_last_step_is_done() -> None:
    operator = sign_in("tryon.view_governor")
    ApiKeyFactory.create()
    job = TryOnJobFactory.create(completed=True)
    subjects = FASHN, STORAGE, ADDRESS

    def is_told(*findings: Finding, at: datetime) -> bool:
        found = {"at": at, "findings": [finding.kept() for finding in findings]}
        DoctorReport.objects.update_or_create(number=DoctorReport.THE_ONE, defaults=found)
        return GO_ON in page(operator, "/admin/")

    good = [Finding(subject) for subject in subjects]
    assert GO_ON in page(operator, "/admin/")  # nothing was tried yet
    assert is_told(*good[:2], Finding(ADDRESS, State.WARNING), at=clock.now())
    assert not is_told(*good, at=clock.now() - timedelta(days=99))
    assert "Steps left before the service is ready: 1." in page(operator, PAGE)  # no worker runs now
    job.delete()
    assert is_told(*good, at=clock.now())


@pytest.mark.django_db
def test_who_may_make_no_key_is_told_who_may() -> None:
    operator = sign_in("tryon.view_governor")
    assert states(operator)["First API key"] == ("To do", "")
    assert "The owner makes the first shop and its key." in page(operator, PAGE)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("plain_static_files")
def test_a_worker_tries_the_key_by_a_balance_call_and_the_store_by_a_write_and_a_read(
    settings: Settings,
) -> None:
    operator = sign_in("tryon.view_governor")

    def tried() -> dict[str, tuple[str, str]]:
        operator.post(PAGE)
        call_command(
            "rqworker", "maintenance", burst=True, worker_class="tests.worker.QuietWorker", verbosity=0
        )
        return states(operator)

    with Loopback() as fashn:
        settings.FASHN_API_URL, settings.FASHN_API_KEY = fashn.url, "fa-key"
        fashn.answers(answer({"error": "Unauthorized", "message": "no"}, status=401))
        operator.post(PAGE)
        assert fashn.seen == []  # no request of the web calls FASHN
        assert tried()["FASHN key"] == ("Problem", "try")
        assert "FASHN does not accept the key." in page(operator, PAGE)
        fashn.answers(answer({"credits": {"total": 4321, "subscription": 0, "on_demand": 4321}}))
        shown = tried()
    assert shown["FASHN key"] == ("Done", "")
    assert "Credits left: 4,321." in page(operator, PAGE)
    assert shown["Storage"] == ("Done", "")
    assert shown["Public address"] == ("To do", "try")
    assert "Set PUBLIC_BASE_URL" in page(operator, PAGE)
