"""The review page's calls: the queue, leases, decisions, undo and keys."""

import json
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from config.core import clock
from config.people.models import Preferences
from config.shops.abilities import Ability
from config.shops.callers import shop_name
from results.models import Review, ReviewDecision, TryOnResult
from results.services import result_review
from tests.admin_pages import page, run_action
from tests.factories import (
    BatchItemFactory,
    ProductFactory,
    ShopFactory,
    ShopperPhotoFactory,
    TryOnResultFactory,
)
from tests.threads import at_once
from tryon.review.models import ReviewLease

pytestmark = pytest.mark.django_db

PAGE: Final = "/admin/review/"


def reviewer(name: str = "ada") -> Client:
    """A reviewer's browser."""
    client = Client()
    client.force_login(User.objects.create_superuser(name))
    return client


@pytest.fixture
def ada(db: None) -> Client:
    return reviewer()


@pytest.fixture
def bea(db: None) -> Client:
    return reviewer("bea")


def call(client: Client, name: str, status: int = 200, **body: Any) -> Any:
    """The data of a call's answer, or the error of a refusal."""
    response = client.post(f"{PAGE}{name}/", json.dumps(body), content_type="application/json")
    assert response.status_code == status, response.content
    answer = response.json()
    return answer["data"] if answer["success"] else answer["error"]


def ahead(client: Client, want: int = 3, *, query: str = "", have: tuple[str, ...] = ()) -> list[str]:
    """The ids of the results that the person gets next."""
    answer = call(client, "next", filter=query, have=list(have), want=want)
    return [item["id"] for item in answer["items"]]


def decide(client: Client, result: Any, verdict: str, status: int = 200, **more: Any) -> Any:
    body = {"id": str(uuid4()), "result": str(result), "verdict": verdict, "seen": "pending", **more}
    return call(client, "decide", status, **body)


def aged(number: int, **fields: Any) -> list[str]:
    """Ids of results, the oldest first."""
    now = clock.now()
    rows = [
        TryOnResultFactory.create(created_at=now - timedelta(minutes=number - n), **fields)
        for n in range(number)
    ]
    return [str(row.pk) for row in rows]


def test_doubtful_results_come_first_and_say_why_then_the_oldest(ada: Client) -> None:
    first, second = aged(2)
    doubtful = TryOnResultFactory.create(is_flagged=True, flags=[{"name": "blank", "score": 1.0}])
    TryOnResultFactory.create(review=Review.APPROVED)
    TryOnResultFactory.create(expires_at=clock.now())
    TryOnResultFactory.create(job__account="test")
    TryOnResultFactory.create(job__model_image=None, job__shopper_photo=ShopperPhotoFactory.create())

    answer = call(ada, "next", filter="", have=[], want=6)

    assert [item["id"] for item in answer["items"]] == [str(doubtful.pk), first, second]
    assert answer["items"][0]["flags"] == [{"name": "blank", "words": "Nearly black or blank"}]
    assert (answer["left"], answer["isMore"], answer["today"]) == (3, False, 0)
    shown = answer["items"][1]
    assert [shown[pane]["url"].split("?")[0].split("/")[2] for pane in ("result", "garment", "model")] == [
        "results",
        "products",
        "models",
    ]


def test_more_results_take_no_more_queries(
    ada: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    aged(6)
    call(ada, "next", filter="", have=[], want=1)
    with django_assert_num_queries(14):
        assert len(ahead(ada, 2)) == 2
    with django_assert_num_queries(14):
        assert len(ahead(ada, 5)) == 5


def test_a_filter_says_what_is_in_the_queue(ada: Client) -> None:
    shop = shop_name(ShopFactory.create().pk)
    wanted = TryOnResultFactory.create(
        job__product_image__product_id="SKU-9", job__model_image__name="Mina", job__requester=shop
    )
    TryOnResultFactory.create()
    for query in ("product=SKU-9", "model=min", f"shop={shop}&product=SKU-9", "age=hour"):
        assert str(wanted.pk) in ahead(ada, 6, query=query)
        call(ada, "leave", results=[str(wanted.pk)])
    assert ahead(ada, 6, query="product=SKU-9") == [str(wanted.pk)]
    assert ahead(ada, 6, query="flagged=on") == ahead(ada, 6, query="review=nonsense") == []
    text = page(ada, f"{PAGE}?product=SKU-9&age=day&flagged=on")
    assert "<strong>Not reviewed, product SKU-9, Of the last day, flagged only</strong>" in text
    assert "can&#x27;t be read" in page(ada, f"{PAGE}?age=nonsense")


def test_a_collection_and_a_batch_have_their_queues(ada: Client) -> None:
    product = ProductFactory.create(product_id="SKU-9", collection="SS27")
    wanted = TryOnResultFactory.create(
        job__product_image__product_id="SKU-9", job__product_image__catalogue_product=product
    )
    item = BatchItemFactory.create(job=wanted.job, batch__name="Night")
    TryOnResultFactory.create()
    for query, words in (("collection=SS27", "collection SS27"), (f"batch={item.batch.pk}", "batch Night")):
        assert ahead(ada, 6, query=query) == [str(wanted.pk)]
        assert words in page(ada, f"{PAGE}?{query}")
        call(ada, "leave", results=[str(wanted.pk)])


def test_two_people_never_get_the_same_result(ada: Client, bea: Client) -> None:
    ids = aged(4)
    assert ahead(ada, 2) == ids[:2]
    assert ahead(bea, 4) == ids[2:]
    assert ahead(ada, 1, have=tuple(ids[:2])) == []
    # What a person leaves is free at once, and what is not renewed is free in time.
    call(ada, "leave", results=ids[:1])
    assert ahead(bea, 1, have=tuple(ids[2:])) == ids[:1]
    assert call(ada, "hold", results=ids[:2])["lost"] == ids[:1]
    ReviewLease.objects.update(until=clock.now())
    assert ahead(bea, 6) == ids


def test_a_page_that_is_left_sends_a_form(ada: Client) -> None:
    [key] = aged(1)
    ahead(ada)
    assert ada.post(f"{PAGE}leave/", {"body": json.dumps({"results": [key]})}).status_code == 200
    assert not ReviewLease.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_people_who_ask_at_once_share_nothing() -> None:
    ids = aged(24)
    clients = [reviewer(f"reviewer-{number}") for number in range(6)]
    barrier, turn = threading.Barrier(6), iter(clients)

    def ask() -> list[str]:
        client = next(turn)
        barrier.wait()
        return ahead(client, 4)

    given = [key for one in at_once(6, ask, threads=6) for key in one]
    assert len(given) == len({*given})
    assert len(given) >= len(ids) // 2  # who was too slow three times asks again


def test_a_decision_is_stored_with_its_reasons_and_who_made_it(ada: Client) -> None:
    result = TryOnResultFactory.create()
    decide(ada, result.pk, "rejected", reasons=["hands"], comment="six fingers")
    result.refresh_from_db()
    [decision] = ReviewDecision.objects.all()
    assert (result.review, decision.verdict, decision.reasons) == ("rejected", "rejected", ["hands"])
    assert (str(decision.person), decision.before, decision.job_id) == ("ada", "pending", result.job_id)
    assert ahead(ada) == []


def test_a_repeated_decision_counts_once(ada: Client) -> None:
    result = TryOnResultFactory.create()
    again = str(uuid4())
    for _ in range(2):
        decide(ada, result.pk, "approved", id=again)
    assert ReviewDecision.objects.count() == 1
    # Also after somebody else has decided: the answer was lost, and the decision was not.
    result_review([result], Review.REJECTED)
    decide(ada, result.pk, "approved", id=again)
    result.refresh_from_db()
    assert result.review == "rejected"


def test_an_id_that_another_person_has_used_decides_nothing(ada: Client, bea: Client) -> None:
    first, second = TryOnResultFactory.create_batch(2)
    taken = str(uuid4())
    decide(ada, first.pk, "approved", id=taken)
    assert decide(bea, second.pk, "approved", 409, id=taken)["code"] == "decided_meanwhile"
    second.refresh_from_db()
    assert second.review == "pending"


def test_the_second_of_two_decisions_is_told_of_the_first(ada: Client, bea: Client) -> None:
    result = TryOnResultFactory.create()
    decide(ada, result.pk, "approved")
    error = decide(bea, result.pk, "rejected", 409)
    assert error["code"] == "decided_meanwhile"
    assert error["details"] == {"review": "approved", "person": "ada"}
    result.refresh_from_db()
    assert result.review == "approved"


def test_what_another_person_has_in_hand_is_not_decided(ada: Client, bea: Client) -> None:
    first, second = aged(2)
    assert ahead(ada, 1) == [first]
    for verdict in ("approved", "skipped"):
        error = decide(bea, first, verdict, 409)
        assert (error["code"], error["details"]) == ("in_hand", {"person": "ada"})
    decide(bea, second, "approved")  # nobody has it

    text = bea.post(
        f"{PAGE}sheet/", {"result": [first], "verdict": "approve", "seen": "pending"}, follow=True
    )
    assert "1 result is in somebody else&#x27;s hand" in text.content.decode()
    assert "judged by somebody else" not in text.content.decode()
    assert not ReviewDecision.objects.filter(result__pk=first).exists()

    # A result's own page is opened on purpose. Who had it in hand is told.
    run_action(bea, "/admin/results/tryonresult/", "approve", [first])
    assert decide(ada, first, "rejected", 409)["code"] == "decided_meanwhile"


def test_a_late_decision_counts_as_long_as_nobody_else_has_the_result(ada: Client, bea: Client) -> None:
    [key] = aged(1)
    ahead(ada)
    ReviewLease.objects.update(until=clock.now())
    assert ahead(bea) == [key]
    assert decide(ada, key, "approved", 409)["code"] == "in_hand"
    ReviewLease.objects.update(until=clock.now())
    decide(ada, key, "approved")


@pytest.mark.parametrize("verdict", ["approved", "rejected", "almost", "skipped"])
def test_undo_brings_the_result_back(ada: Client, verdict: str) -> None:
    [key] = aged(1)
    decision = decide(ada, key, verdict)["id"]
    assert ahead(ada) == []
    for _ in range(2):
        assert [item["id"] for item in call(ada, "undo", id=decision)["items"]] == [key]
    assert TryOnResult.objects.get().review == "pending"
    assert ReviewDecision.objects.get().undone_at is not None
    call(ada, "leave", results=[key])
    assert ahead(ada) == [key]


def test_several_steps_are_undone_one_after_another(ada: Client) -> None:
    [key] = aged(1)
    first = decide(ada, key, "almost")["id"]
    second = decide(ada, key, "approved", seen="almost")["id"]
    assert call(ada, "undo", 409, id=first)["code"] == "not_to_be_undone"
    for decision, review in ((second, "almost"), (first, "pending")):
        call(ada, "undo", id=decision)
        assert TryOnResult.objects.get().review == review


def test_what_another_person_has_changed_or_holds_is_not_undone(ada: Client, bea: Client) -> None:
    one, other = aged(2)
    decision = decide(ada, one, "approved")["id"]
    decide(bea, one, "rejected", seen="approved")
    error = call(ada, "undo", 409, id=decision)
    assert (error["code"], error["details"]["person"]) == ("not_to_be_undone", "bea")
    skipped = decide(ada, other, "skipped")["id"]
    assert ahead(bea) == [other]
    assert call(ada, "undo", 409, id=skipped)["code"] == "not_to_be_undone"
    assert ReviewDecision.objects.filter(undone_at=None).count() == 3
    assert call(bea, "undo", 404, id=decision)["code"] == "result_not_found"


def test_a_skipped_result_comes_to_others_and_later_again(ada: Client, bea: Client) -> None:
    [key] = aged(1)
    decide(ada, key, "skipped")
    assert ahead(ada) == []
    assert ahead(ada, query="skipped=on") == [key]
    call(ada, "leave", results=[key])
    assert ahead(bea) == [key]
    call(bea, "leave", results=[key])
    ReviewDecision.objects.update(at=clock.now() - timedelta(hours=9))
    assert ahead(ada) == [key]


def test_keys_are_a_persons_own_and_no_two_are_the_same(ada: Client, bea: Client) -> None:
    assert call(ada, "keys", keys={"approve": "KeyP"})["keys"]["approve"] == "KeyP"
    assert '"approve": "KeyP"' in page(ada, PAGE)
    assert '"approve": "KeyP"' not in page(bea, PAGE)
    conflict = call(ada, "keys", 422, keys={"approve": "KeyS"})
    assert (conflict["code"], conflict["details"]) == ("keys_conflict", {"actions": ["approve", "skip"]})
    for unusable in ({"approve": "Tab"}, {"fly": "KeyF"}):
        assert call(ada, "keys", 422, keys=unusable)["code"] == "keys_unusable"
    assert Preferences.objects.get().review_keys == {"approve": "KeyP"}


def test_the_page_that_compares_has_keys_of_its_own(ada: Client) -> None:
    call(ada, "keys", keys={"approve": "ArrowLeft", "left": "KeyB"})
    assert call(ada, "keys", keys={"better_left": "KeyF"})["keys"]["better_left"] == "KeyF"
    assert call(ada, "keys", 422, keys={"better_left": "KeyS"})["code"] == "keys_conflict"
    assert call(ada, "keys", 422, keys={"better_left": "KeyZ", "approve": "KeyY"})["code"] == "keys_unusable"
    assert Preferences.objects.get().review_keys == {
        "approve": "ArrowLeft",
        "left": "KeyB",
        "better_left": "KeyF",
    }


def test_a_call_that_does_not_fit_is_refused(ada: Client) -> None:
    assert call(ada, "decide", 400, id="x")["code"] == "invalid_request"
    assert call(ada, "next", 400, filter="", have=[], want=7)["code"] == "invalid_request"
    deep = ada.post(f"{PAGE}next/", "[" * 100_000, content_type="application/json")
    assert deep.status_code == 400
    assert decide(ada, uuid4(), "approved", 404)["code"] == "result_not_found"
    private = TryOnResultFactory.create(
        job__model_image=None, job__shopper_photo=ShopperPhotoFactory.create()
    )
    assert decide(ada, private.pk, "approved", 404)["code"] == "result_not_found"


def test_a_call_from_elsewhere_is_refused() -> None:
    client: Client = Client(enforce_csrf_checks=True)
    client.force_login(User.objects.create_superuser("ada"))
    assert client.post(f"{PAGE}leave/", "{}", content_type="application/json").status_code == 403


@pytest.fixture
def marks(ada: Client) -> Callable[..., str]:
    def mark(ids: list[str], verdict: str, **more: str) -> str:
        body = {"result": ids, "verdict": verdict, "seen": "pending", "filter": "", **more}
        return ada.post(f"{PAGE}sheet/", body, follow=True).content.decode()

    return mark


def test_a_contact_sheet_decides_on_the_marked_ones(ada: Client, marks: Callable[..., str]) -> None:
    ids = aged(4)
    assert page(ada, f"{PAGE}sheet/").count('name="result"') == 4
    assert "2 results were judged." in marks(ids[:2], "approve")
    text = marks(ids[1:3], "reject", reason="hands")
    assert "1 result was judged." in text
    assert "1 result had been judged by somebody else" in text
    assert "Mark at least one" in marks([], "approve")
    assert "Mark at least one" in marks(["x"], "approve")
    reviews = dict(TryOnResult.objects.values_list("pk", "review"))
    assert sorted(reviews.values()) == ["approved", "approved", "pending", "rejected"]
    assert ReviewDecision.objects.get(verdict="rejected").reasons == ["hands"]


def test_a_sheet_has_pages_and_no_query_for_each_row(
    ada: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    aged(3)
    with django_assert_max_num_queries(14):
        page(ada, f"{PAGE}sheet/?page=9")


def test_who_may_only_look_gets_no_page() -> None:
    viewer = User.objects.create_user("viewer", is_staff=True)
    client = Client()
    client.force_login(viewer)
    assert client.get(PAGE).status_code == 403
    assert Ability.REVIEW_RESULTS not in viewer.get_all_permissions()
