"""The home page: numbers that lead to their lists, and what to do next."""

import re
from datetime import timedelta
from html import unescape
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.test import Client

from config.core import clock
from config.people.models import Preferences
from results.models import Review
from tests.admin_pages import count_queries, page, sign_in
from tests.factories import (
    BatchFactory,
    ModelImageFactory,
    PredictionFactory,
    ShopperPhotoFactory,
    TryOnJobFactory,
    TryOnResultFactory,
)
from tryon.batches.models import BatchState
from tryon.engine import governor
from tryon.models import Account, Pause, PredictionState, Status, TryOnJob
from tryon.money.models import Balance

HOME = "/admin/"

pytestmark = pytest.mark.django_db


def tiles(client: Client) -> dict[str, tuple[str, str]]:
    """The number and the address of each tile, by its name."""
    found = re.findall(
        r'<li>(?:<a href="([^"]*)">|<div>)<span>([^<]+)</span> <strong>([^<]+)</strong>', page(client, HOME)
    )
    return {name: (number, unescape(address)) for address, name, number in found}


def steps(client: Client) -> list[str]:
    """The steps of the list, in order."""
    text = page(client, HOME)
    part = text.split('<ol class="studio-steps">')[1].split("</ol>")[0] if "studio-steps" in text else ""
    return [unescape(step) for step in re.findall(r"<li>(?:<a [^>]*>)?([^<]+)<", part)]


def rows_in(client: Client, address: str) -> int:
    """The number of rows that a list says it has."""
    [number] = re.findall(r'class="paginator".*?</h2>\s+(\d+) ', page(client, address), re.DOTALL)
    return int(number)


def test_each_number_leads_to_its_list(staff: Client) -> None:
    TryOnResultFactory.create_batch(2)
    TryOnResultFactory.create(review=Review.APPROVED)
    TryOnJobFactory.create_batch(3)
    TryOnJobFactory.create(status=Status.PROCESSING)
    TryOnJobFactory.create_batch(2, failed=True)
    TryOnJobFactory.create(failed=True, error_code="provider_unavailable")
    TryOnJobFactory.create(failed=True, created_at=clock.now() - timedelta(days=15))
    TryOnJobFactory.create(failed=True, account=Account.TEST)

    numbers = tiles(staff)
    expected = {"Running now": 1, "Queued": 3, "Failed": 3}
    for name, number in expected.items():
        assert numbers[name][0] == str(number)
        assert rows_in(staff, numbers[name][1]) == number
    assert numbers["To review"][0] == "2"
    assert numbers["Success rate"][0] == "50 %"
    [cause] = re.findall(r'<li><a href="([^"]+)">2</a>', page(staff, HOME))
    assert rows_in(staff, unescape(cause)) == 2


FIRST_RUN = "Go on with the first run: something is still missing."


def test_what_to_do_next_begins_with_what_stops_the_shop(staff: Client) -> None:
    TryOnResultFactory.create()
    TryOnJobFactory.create(failed=True, error_code="provider_unavailable")
    BatchFactory.create(name="Autumn")
    governor.pause(Account.LIVE, Pause.OUT_OF_CREDITS)
    assert [step.split(".")[0] for step in steps(staff)] == [
        "FASHN's credits are used up",
        "Failed jobs that a retry may cure: 1",
        "Start or discard the plan “Autumn”",
        "Results to review: 1",
        FIRST_RUN.rstrip("."),
    ]


def test_an_empty_library_is_filled_first(staff: Client) -> None:
    assert steps(staff) == [FIRST_RUN, "Add the first model photos.", "Add the first product photos."]


def test_everybody_sees_what_they_may_open() -> None:
    TryOnResultFactory.create()
    Balance.objects.create(account=Account.LIVE, credits=70, at=clock.now())
    reviewer = sign_in("results.view_tryonresult", "results.change_tryonresult")
    assert set(tiles(reviewer)) == {"To review"}
    assert steps(reviewer) == ["Results to review: 1"]
    assert "<svg class=" not in page(reviewer, HOME)


def test_who_may_see_the_money_is_told_what_is_left() -> None:
    Balance.objects.create(account=Account.LIVE, credits=70, at=clock.now())
    call = PredictionFactory.create(
        job__completed=True, state=PredictionState.SUCCEEDED, credits_used=7, price=7
    )
    TryOnResultFactory.create(job=call.job, review=Review.APPROVED)
    type(call).objects.update(submitted_at=clock.now() - timedelta(days=1))
    cache.clear()
    text = page(sign_in("money.view_spending"), HOME)
    assert re.search(r"Credits at FASHN</span> <strong>70</strong> <span[^>]*>70 days left<", text)
    assert re.search(r"Cost per approved image</span> <strong>7.00</strong>", text)


def test_batches_that_are_not_over_are_shown(staff: Client) -> None:
    BatchFactory.create(name="Under way", running=True, pairs=12)
    BatchFactory.create(name="Over", state=BatchState.DONE)
    text = page(staff, HOME)
    assert "Under way" in text
    assert "12 pairs" in text
    assert "Over" not in text


def test_shoppers_pictures_are_not_to_review(staff: Client) -> None:
    job = TryOnJobFactory.create(completed=True, model_image=None, shopper_photo=ShopperPhotoFactory.create())
    TryOnResultFactory.create(job=job)
    assert tiles(staff)["To review"][0] == "0"


def test_durations_are_drawn_with_a_table(staff: Client) -> None:
    now = clock.now()
    for seconds in (10, 20, 60):
        TryOnJobFactory.create(completed=True, created_at=now - timedelta(seconds=seconds), completed_at=now)
    text = page(staff, HOME)
    assert "Seconds from the request to the picture" in text
    assert "<td>20</td>" in text
    assert tiles(staff)["Median duration"][0] == "20 s"


def test_the_days_are_those_of_the_persons_time_zone(staff: Client) -> None:
    zone = ZoneInfo("Asia/Seoul")
    midnight = clock.now().astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    first = midnight - timedelta(days=13)
    Preferences.objects.create(user=User.objects.get(), time_zone=zone.key)
    TryOnJobFactory.create(failed=True, created_at=first)
    TryOnJobFactory.create(failed=True, created_at=first - timedelta(seconds=1))
    number, address = tiles(staff)["Failed"]
    assert number == "1"
    assert rows_in(staff, address) == 1


def test_the_queries_are_few_and_do_not_grow(staff: Client) -> None:
    TryOnResultFactory.create_batch(2)
    BatchFactory.create()
    cache.clear()
    page(staff, HOME)
    before = count_queries(staff, HOME)
    assert before <= 15
    TryOnResultFactory.create_batch(5)
    TryOnJobFactory.create_batch(5, failed=True)
    ModelImageFactory.create_batch(3)
    BatchFactory.create_batch(3)
    assert count_queries(staff, HOME) == before
    assert TryOnJob.objects.count() == 12


def test_the_page_of_an_app_lists_what_it_has_and_is_no_home(staff: Client) -> None:
    text = page(staff, "/admin/tryon/")
    assert '<a href="/admin/tryon/tryonjob/" class="viewlink"' in text
    assert "Nothing waits for you." not in text
