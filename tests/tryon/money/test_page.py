"""The money page: each number, the calls behind it, and the table for a spreadsheet."""

import csv
import re
from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.contrib.auth.models import User
from django.test import Client

from config.core.upkeep.counts import count
from config.shops.abilities import Ability
from models_library.models import ModelImage
from results.models import Review, Verdict
from tests.admin_pages import count_queries, page, sign_in
from tests.factories import (
    ModelImageFactory,
    ResultFeedbackFactory,
    ShopFactory,
    ShopperPhotoFactory,
    TryOnJobFactory,
)
from tests.tryon.money.test_rollup import paid, pictured
from tryon.batches.models import Batch, BatchItem, ItemState
from tryon.engine.savings import CREDITS_SAVED
from tryon.models import Account, EventKind, Prediction, PredictionState
from tryon.money.rollup import archive, roll_up

pytestmark = pytest.mark.django_db

MONEY = "/admin/money/"


@pytest.fixture
def viewer() -> Client:
    return sign_in(Ability.SEE_MONEY, Ability.SEE_ALL_JOBS)


@pytest.fixture
def season() -> None:
    """Five paid calls, of which three were for pictures of Ada, and one that FASHN has not answered."""
    shop = ShopFactory.create(name="Linden")
    ada = ModelImageFactory.create(name="Ada")
    staff = User.objects.create_user("=kim")
    fields: dict[str, Any] = {"model_image": ada, "requester": f"shop:{shop.pk}"}
    pictured(Review.APPROVED, days_ago=1, **fields)
    rejected = pictured(Review.REJECTED, days_ago=1, spent=2, **fields)
    ResultFeedbackFactory.create(job=rejected.job, verdict=Verdict.NO, reasons=["hands"])
    of_batch = pictured(
        days_ago=0, model_image=ada, requester=f"user:{staff.pk}", options={"garmentPhotoType": "model"}
    )
    batch = Batch.objects.create(name="Summer")
    BatchItem.objects.create(batch=batch, job=of_batch.job, state=ItemState.DONE)
    private = TryOnJobFactory.create(
        failed=True, model_image=None, shopper_photo=ShopperPhotoFactory.create()
    )
    private.events.create(kind=EventKind.RESCUED)
    paid(private, days_ago=2, spent=5)
    lost = paid(TryOnJobFactory.create(failed=True), days_ago=2, price=3)
    Prediction.objects.filter(pk=lost.pk).update(state=PredictionState.UNKNOWN, credits_used=0)
    paid(TryOnJobFactory.create(failed=True, account=Account.TEST), days_ago=1, spent=7, account=Account.TEST)
    count({CREDITS_SAVED: 11})


def cells(html: str, section: str) -> dict[str, list[str]]:
    """Return the numbers of a table's rows by their names."""
    part = BeautifulSoup(html, "html.parser").select_one(f"[aria-labelledby=money-{section}]")
    assert part is not None, section
    rows = part.select("tbody tr")
    return {
        row.th.text: [cell.text.partition(" +")[0].strip() for cell in row.select("td")]
        for row in rows
        if row.th
    }


@pytest.mark.usefixtures("season")
@pytest.mark.parametrize("is_rolled", [False, True])
def test_it_says_what_was_paid_and_for_what(viewer: Client, is_rolled: bool) -> None:
    if is_rolled:
        roll_up()
    html = page(viewer, MONEY)
    facts = BeautifulSoup(html, "html.parser").select_one(".money-cards")
    assert facts is not None
    numbers = [found.group() for dd in facts.select("dd") if (found := re.search(r"[\d.]+|^-", dd.text))]
    assert numbers == ["9", "1", "9.00", "5", "11", "3", "-", "1.1", "-"]
    assert cells(html, "outcome") == {
        "Failed": ["5", "1", "0", "0", "-"],
        "Rejected": ["2", "1", "1", "0", "-"],
        "Approved": ["1", "1", "1", "1", "1.00"],
        "To review": ["1", "1", "1", "0", "-"],
    }
    assert cells(html, "shop") == {
        "shop:owner": ["5", "1", "0", "0", "-"],
        "Linden": ["3", "2", "2", "1", "3.00"],
    }
    assert cells(html, "person") == {"=kim": ["1", "1", "1", "0", "-"]}
    assert {name: row[0] for name, row in cells(html, "batch").items()} == {"No batch": "8", "Summer": "1"}
    lost = Prediction.objects.get(state=PredictionState.UNKNOWN).job.model_image
    assert cells(html, "model") == {
        "Photos of shoppers": ["5", "1", "0", "0", "-", "-", "-"],
        str(lost): ["0", "0", "0", "0", "-", "-", "-"],
        "Ada": ["4", "3", "3", "1", "4.00", "50 %", "Hands or arms are wrong (1)"],
    }
    assert [*cells(html, "type")] == ["FASHN finds out", "Worn by a person"]
    assert {name: row[0] for name, row in cells(html, "mode").items()} == {"tryon-v1.6 balanced": "9"}
    assert [row[0] for row in cells(html, "day").values()] == ["1", "3", "5"]


@pytest.mark.slow
@pytest.mark.usefixtures("season")
def test_each_number_opens_the_calls_behind_it(viewer: Client) -> None:
    roll_up()
    html = BeautifulSoup(page(viewer, MONEY), "html.parser")
    links = html.select("#content a[href*='/calls/']:not(th a)")  # a chart's days are links too
    opened = {}
    for link in links:
        behind = BeautifulSoup(page(viewer, str(link["href"])), "html.parser")
        listed = [cell.text for cell in behind.select("tbody td:last-child")]
        opened[str(link["href"])] = (
            link.text,
            sum(int(text) for text in listed if text != "unknown"),
            len(listed),
        )
    approved = [numbers for address, numbers in opened.items() if address.endswith("outcome=approved")]
    assert len(opened) > 10
    assert all(int(shown) == listed for shown, listed, _rows in opened.values())
    assert approved[0] == ("1", 1, 1)


@pytest.mark.usefixtures("season")
def test_filters_narrow_it(viewer: Client) -> None:
    model = ModelImage.objects.get(name="Ada").pk
    for query, credits in {
        "account=test": "7",
        f"model_image_id={model}": "4",
        "party=shop:owner&model_image_id=none&is_rescued=yes": "5",
        "from=2000-01-01&to=2000-01-31": "0",
        f"days={'7' * 5000}&to=0001-01-01": "9",
        "days=7&from=x&to=9999-12-31&model_image_id=x&outcome=x&account=x&batch_id=&is_rescued=x": "9",
    }.items():
        html = BeautifulSoup(page(viewer, f"{MONEY}?{query}"), "html.parser")
        card = html.select_one(".money-cards dd")
        assert card is not None
        assert card.text == credits, query


@pytest.mark.usefixtures("season")
def test_the_table_for_a_spreadsheet_has_the_same_credits_and_no_formula(viewer: Client) -> None:
    answer = viewer.get(f"{MONEY}csv/")
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    text = b"".join(answer.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    rows = [*csv.DictReader(text.splitlines())]
    assert sum(int(row["credits"]) for row in rows) == 9
    assert {row["asked by"] for row in rows} == {"Linden", "shop:owner", "'=kim"}


def test_what_was_cleaned_up_is_told(viewer: Client) -> None:
    job = TryOnJobFactory.create(failed=True)
    paid(job, spent=2)
    archive(job_ids=[job.pk])
    Prediction.objects.all().delete()
    html = page(viewer, f"{MONEY}calls/")
    assert "1 paid call, 2 credits" in html
    assert "1 of them (2 credits) is not in the list" in html


def test_who_may_not_see_the_money_does_not(viewer: Client) -> None:
    User.objects.update(username="other")
    others = sign_in(Ability.SEE_ALL_JOBS)
    assert [others.get(f"{MONEY}{part}").status_code for part in ("", "calls/", "csv/")] == [403] * 3


def test_the_pages_ask_as_many_questions_for_many_rows(viewer: Client) -> None:
    pages = (MONEY, f"{MONEY}calls/")
    paid(TryOnJobFactory.create(failed=True), days_ago=1)
    before = [count_queries(viewer, path) for path in pages]
    for days_ago in range(5):
        pictured(Review.APPROVED, days_ago=days_ago)
    assert [count_queries(viewer, path) for path in pages] == before
