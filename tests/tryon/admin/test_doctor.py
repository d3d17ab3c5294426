"""The doctor in the admin: what the web process finds, and what a worker found."""

import re

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import translation
from django_redis import get_redis_connection
from django_rq import get_queue
from pytest_django import Settings

from tests.admin_pages import page, sign_in
from tests.tryon.fashn.loopback import Loopback, answer
from tryon.models import Account
from tryon.money.models import Balance

pytestmark = pytest.mark.django_db(transaction=True)

DOCTOR = "/admin/tryon/governor/doctor/"


@pytest.fixture
def operator(plain_static_files: None) -> Client:
    return sign_in("tryon.view_governor")


def test_a_worker_looks_where_a_request_may_not(operator: Client, settings: Settings) -> None:
    with Loopback() as fashn:
        fashn.answers(answer({"credits": {"total": 4321, "subscription": 0, "on_demand": 4321}}))
        settings.FASHN_API_URL = fashn.url
        assert "No worker has looked yet" in page(operator, DOCTOR)
        assert "Its report comes to this page" in operator.post(DOCTOR, follow=True).content.decode()
        operator.post(DOCTOR)
        assert fashn.seen == []
        assert get_queue("maintenance").count == 1
        call_command(
            "rqworker", "maintenance", burst=True, worker_class="tests.worker.QuietWorker", verbosity=0
        )
        get_redis_connection("default").flushdb()  # Redis has started again
        shown = page(operator, DOCTOR)
    assert [seen.path for seen in fashn.seen] == ["/v1/credits"]
    assert "4,321" in shown
    [kept] = Balance.objects.filter(account=Account.LIVE)  # the balance of all other pages too
    assert kept.credits == 4321
    [live] = re.findall(
        r'<section class="module" id="doctor-report" data-live="5">.*?</section>', shown, re.S
    )
    assert "4,321" in live
    refreshed = operator.get(DOCTOR, headers={"X-Live": "1"}).content.decode()
    assert "4,321" in refreshed
    # The worker's own findings: this process examines nothing again.
    assert (shown.count("<td>Database</td>"), refreshed.count("<td>Database</td>")) == (2, 1)
    assert "Set PUBLIC_BASE_URL" in shown
    operator.post(DOCTOR)
    assert get_queue("maintenance").count == 1


def test_the_page_speaks_the_readers_language(operator: Client, settings: Settings) -> None:
    settings.DEMO_SHOP = True
    call_command("rqworker", "maintenance", burst=True, worker_class="tests.worker.QuietWorker", verbosity=0)
    with translation.override("en"):  # the next test is not to find this reader's language
        text = operator.get(DOCTOR, headers={"Accept-Language": "ko"}).content.decode()
    assert "tryon 대기열을 맡은 워커가 없습니다." in text
    assert "DEMO_SHOP이 켜져 있어 /demo/를 여는 누구나 크레딧을 쓸 수 있습니다" in text


@pytest.mark.usefixtures("redis_away")
@pytest.mark.parametrize("address", [DOCTOR, "/admin/first-run/"])
def test_without_redis_nobody_is_said_to_look(operator: Client, address: str) -> None:
    text = operator.post(address, follow=True).content.decode()
    assert "Redis does not take tasks now. Try again in a minute." in text
    assert "A worker" not in text.partition("messagelist")[2].partition("</ul>")[0]
