"""Rates: each caller has a number of requests in a minute, and every answer tells what is left of it."""

import asyncio
import re
from typing import Any

import pytest
import requests
from django.test import Client
from django_redis import get_redis_connection
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from config.core.redis import outage
from config.core.redis.outage import cache_outage
from config.shops.keys import key_issue
from config.shops.rates import refusal_before
from tests.config.core.http.gated import Client as RawClient
from tests.config.core.http.gated import gate_for
from tests.config.shops.test_sessions import PAGE, visitor
from tests.conftest import Api, error_of, requester
from tests.factories import ShopFactory, TryOnJobFactory
from tests.threads import at_once
from tests.waiting import LONGEST_SECONDS

pytestmark = pytest.mark.django_db

HEADERS = ("RateLimit", "RateLimit-Policy", "X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset")


def left(response: Any) -> dict[str, int]:
    """The requests left by policy, after a look at the form of the headers."""
    assert all(name in response.headers for name in HEADERS), response
    found = re.findall(r'"([a-z-]+)";r=(\d+);t=([1-9]|[1-5]\d|60)(?:, |$)', response.headers["RateLimit"])
    policies = re.findall(r'"([a-z-]+)";q=(\d+);w=60(?:, |$)', response.headers["RateLimit-Policy"])
    assert [name for name, _requests, _seconds in found] == [name for name, _most in policies] != []
    least = min(found, key=lambda each: int(each[1]) / int(dict(policies)[each[0]]))
    assert response.headers["X-RateLimit-Remaining"] == least[1]
    assert response.headers["X-RateLimit-Limit"] == dict(policies)[least[0]]
    return {name: int(number) for name, number, _seconds in found}


def test_every_kind_of_answer_tells_what_is_left(still: None, owner: Api, stranger: Api) -> None:
    job = TryOnJobFactory.create(requester=requester("Owner"))
    seen = owner.get(f"jobs/{job.pk}")
    known = owner.client.get(f"/api/tryon/jobs/{job.pk}", headers={"If-None-Match": seen["ETag"]})
    nobody = Client()
    answers = {
        200: seen,
        304: known,
        400: owner.get("jobs", page="none"),
        401: nobody.get("/api/tryon/jobs"),
        404: stranger.get(f"jobs/{job.pk}"),
        405: owner.client.put("/api/tryon/jobs"),
        415: owner.client.post("/api/tryon/generate", "text", content_type="text/plain"),
    }
    assert {status: answer.status_code for status, answer in answers.items()} == {n: n for n in answers}
    for status, answer in answers.items():
        assert left(answer).keys() <= {"key-reads", "key-writes", "address-reads"}, status
    assert left(known)["key-reads"] == left(seen)["key-reads"] - 1
    assert left(owner.get("no/such/address"))["key-reads"] < left(known)["key-reads"]
    refused = Client(headers={"Host": "not.served"}).get("/api/tryon/jobs")
    assert (refused.status_code, set(left(refused))) == (400, {"address-reads"})
    assert "RateLimit" not in nobody.get("/api/docs")


def test_a_key_over_its_rate_waits_and_others_do_not(owner: Api, stranger: Api, settings: Settings) -> None:
    settings.KEY_READS_PER_MINUTE = 2
    job = TryOnJobFactory.create()
    # By the quick path and by the full one.
    assert [owner.get(f"jobs/{job.pk}").status_code, owner.get("jobs").status_code] == [404, 200]
    for path in (f"jobs/{job.pk}", "jobs"):
        refused = owner.get(path)
        assert refused.status_code == 429
        error = error_of(refused)
        assert (error["code"], error["retryable"]) == ("rate_limited", True)
        details = error["details"]
        assert (details["policy"], details["limit"], details["seconds"]) == ("key-reads", 2, 60)
        assert details["resetsAt"] > "2026"
        assert 1 <= int(refused["Retry-After"]) <= 60
        assert left(refused) == {"key-reads": 0}
    korean = owner.client.get("/api/tryon/jobs", headers={"Accept-Language": "ko"})
    assert error_of(korean)["message"].startswith("1분")
    assert left(owner.post("jobs/x/cancel"))["key-writes"] > 0  # writes have a rate of their own
    assert stranger.get("jobs").status_code == 200
    get_redis_connection("default").flushdb()  # as when the minute is over
    assert owner.get("jobs").status_code == 200


def test_one_shopper_does_not_use_up_the_rate_of_the_others(owner: Api, settings: Settings) -> None:
    settings.SHOPPER_READS_PER_MINUTE = 2
    ada, bob = {"X-Shopper-Id": "ada"}, {"X-Shopper-Id": "bob"}

    def ask(headers: dict[str, str]) -> Any:
        return owner.client.get("/api/tryon/jobs", headers=headers)

    for _ in range(2):
        before = left(ask(ada))
    refused = ask(ada)
    assert error_of(refused)["details"]["policy"] == "shopper-reads"
    after = ask(bob)
    assert after.status_code == 200
    # The refused request has not counted for the key.
    assert left(after) == {"shopper-reads": 1, "key-reads": before["key-reads"] - 1}


@pytest.mark.parametrize("key", [{}, {"Authorization": "Api-Key tos_wrong"}])
def test_no_header_makes_a_new_caller_of_one_without_a_right_key(
    settings: Settings, key: dict[str, str], owner: Api
) -> None:
    settings.ADDRESS_READS_PER_MINUTE = 3
    statuses = []
    for number in range(5):
        made_up = {
            "X-Forwarded-For": f"203.0.113.{number}",
            "X-Real-IP": f"203.0.113.{number}",
            "Forwarded": f"for=203.0.113.{number}",
            "Cookie": f"sessionid={number:032}",
        }
        another = {name: f"{value}{number}" for name, value in key.items()}
        answer = Client(headers=made_up | another).get("/api/tryon/jobs")
        statuses.append(answer.status_code)
    assert statuses == [401, 401, 401, 429, 429]
    assert Client().get("/api/tryon/jobs", REMOTE_ADDR="198.51.100.9").status_code == 401
    assert owner.get("jobs").status_code == 200  # a right key at the same address


def test_a_key_for_browsers_counts_each_address_too() -> None:
    answer = Client(headers={"Authorization": "Api-Key tos_pk_live_wrong"}).get("/api/tryon/jobs")
    assert (answer.status_code, set(left(answer))) == (401, {"address-reads", "key-reads"})


def test_new_visitors_share_the_rate_of_their_address_and_leave_the_keys(settings: Settings) -> None:
    shop = ShopFactory.create(allowed_origins=[PAGE])
    key = key_issue(name="Page", shop=shop, kind="publishable")[1]
    visitors = [visitor(key) for _ in range(4)]
    settings.ADDRESS_READS_PER_MINUTE = 3
    answers = []
    for number, page in enumerate(visitors):
        forwarded = {"X-Forwarded-For": f"203.0.113.{number}"}
        answers.append(page.client.get("/api/tryon/jobs", headers=forwarded))
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert [left(answer)["shopper-reads"] for answer in answers[:3]] == [599, 599, 599]
    elsewhere = visitors[3].client.get("/api/tryon/jobs", REMOTE_ADDR="198.51.100.9")
    assert left(elsewhere)["key-reads"] == left(answers[2])["key-reads"] - 1


def test_behind_a_proxy_each_client_has_its_own_rate(settings: Settings) -> None:
    settings.TRUSTED_PROXIES, settings.ADDRESS_READS_PER_MINUTE = 1, 1

    def status(forwarded: str) -> int:
        return Client(headers={"X-Forwarded-For": forwarded}).get("/api/tryon/jobs").status_code

    assert [status("203.0.113.7"), status("1.1.1.1, 203.0.113.7"), status("203.0.113.8")] == [401, 429, 401]


def test_fashns_news_counts_as_a_read(settings: Settings) -> None:
    settings.ADDRESS_WRITES_PER_MINUTE = 1
    answers = [Client().post(f"/api/tryon/webhooks/fashn/{'x' * 43}") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert left(answers[1]).keys() == {"address-reads"}


def test_without_redis_nobody_is_refused(
    owner: Api, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outage, "TRUST_SECONDS", 1000)
    settings.KEY_READS_PER_MINUTE = 1
    cache_outage.note()
    for _ in range(3):
        answer = owner.get("jobs")
        assert (answer.status_code, left(answer)) == (200, {"key-reads": 1})


def test_a_caller_over_a_rate_is_refused_before_the_body_is_read(owner: Api, settings: Settings) -> None:
    settings.KEY_WRITES_PER_MINUTE = 1

    def post(key: str) -> RawClient:
        headers = [(b"authorization", key.encode()), (b"content-length", b"5")]
        return RawClient(method="POST", path="/api/tryon/upload", headers=headers, parts=[b"photo"])

    def ask(key: str) -> RawClient:
        return asyncio.run(post(key).ask(gate_for(refusal_before=refusal_before)))

    assert ask(owner.authorization).status == 200
    for _ in range(2):
        owner.post("generate", {})
    refused = ask(owner.authorization)
    assert (refused.status, refused.reads, refused.code) == (429, 0, "rate_limited")
    assert refused.header[b"ratelimit"].startswith(b'"key-writes";r=0;t=')
    assert 1 <= int(refused.header[b"retry-after"]) <= 60
    assert ask("Api-Key tos_another").status == 200


def test_a_page_reads_its_refusal_and_may_ask_whether_it_may_call(settings: Settings) -> None:
    settings.ADDRESS_READS_PER_MINUTE = 1
    for _ in range(2):
        Client().get("/api/tryon/jobs")

    def ask(method: str) -> RawClient:
        return asyncio.run(RawClient(method=method).ask(gate_for(refusal_before=refusal_before)))

    refused = ask("GET")
    assert (refused.code, refused.header[b"access-control-allow-origin"]) == ("rate_limited", b"*")
    assert b"Retry-After" in refused.header[b"access-control-expose-headers"].split(b", ")
    assert ask("OPTIONS").status == 200


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_of_fifty_at_once_no_more_are_served_than_the_rate_allows(
    live_server: LiveServer, owner: Api, settings: Settings
) -> None:
    settings.KEY_READS_PER_MINUTE = 20

    def ask() -> int:
        return requests.get(
            f"{live_server.url}/api/tryon/models",
            headers={"Authorization": owner.authorization},
            timeout=LONGEST_SECONDS,
        ).status_code

    answers = at_once(50, ask, threads=50)
    assert (answers.count(200), answers.count(429)) == (20, 30)
