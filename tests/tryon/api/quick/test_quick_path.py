"""GET /jobs/{id} as the web process answers it: always the full view's bytes.

The first of some plain requests is answered from the database, and the others before Django.
"""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Final
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.core.cache import caches
from django.test import Client
from django_redis import get_redis_connection
from pytest_django import Settings

from config.core import clock
from config.core.redis import outage
from config.core.redis.outage import cache_outage
from config.shops import keys
from config.shops.keys import _read_row as read_row
from config.shops.keys import key_forget, key_issue
from config.shops.models import ApiKey, Kind, Shop
from config.shops.sessions import new_visitor, session_open
from tests.conftest import Api, data_of, error_of, requester
from tests.factories import TryOnJobFactory, TryOnResultFactory
from tests.gateway import Gateway
from tryon.models import Status, TryOnJob

pytestmark = pytest.mark.django_db(transaction=True)

# DRF answers the same to it, and the quick path leaves it to DRF.
UNUSUAL: Final = {"Accept": "application/json;q=0.9, */*"}
PLAIN: Final = {"Accept": "application/json"}


def answer(client: Client, job: TryOnJob, headers: dict[str, str] = PLAIN) -> tuple[int, Any]:
    response = client.get(f"/api/tryon/jobs/{job.pk}", headers=headers)
    if response.status_code == 200:
        return 200, (response.content, told(response))
    return response.status_code, response.json()["error"]["code"]  # a refusal names its request


def told(response: Any) -> dict[str, str]:
    """The headers without those of one request. Only the full view tells the methods of the address."""
    own = ("x-request-id", "allow", "ratelimit", "x-ratelimit-remaining", "x-ratelimit-reset")
    return {name: value for name, value in response.items() if name not in own}


def page_of(origin: str) -> tuple[Client, str]:
    """A visitor at a page of the owner's shop, and the visitor's name."""
    shop = Shop.objects.get(name="Owner")
    key, _text = key_issue(name="Page", shop=shop, kind=Kind.PUBLISHABLE)
    Shop.objects.update(allowed_origins=[origin])
    caches["process"].clear()  # as some seconds later
    key.refresh_from_db()
    shopper = new_visitor()
    token = session_open(key, shopper=shopper, origin=origin).token
    return Client(headers={"Authorization": f"Bearer {token}", "Origin": origin}), shopper


def jobs() -> Iterator[TryOnJob]:
    """A job in each state, of the owner."""
    own = {"requester": requester("Owner")}
    now = clock.now()
    yield TryOnJobFactory.create(**own)
    yield TryOnJobFactory.create(
        status=Status.PROCESSING, progress=10, started_at=now - timedelta(seconds=3),
        expected_at=now + timedelta(seconds=5), next_check_at=now + timedelta(seconds=5), **own,
    )  # fmt: skip
    yield TryOnJobFactory.create(failed=True, **own)
    yield TryOnJobFactory.create(status=Status.CANCELED, **own)
    yield TryOnJobFactory.create(completed=True, **own)  # its result is gone
    for expires_in in (timedelta(days=1), timedelta(seconds=-1)):
        job = TryOnJobFactory.create(completed=True, **own)
        yield TryOnResultFactory.create(job=job, expires_at=now + expires_in).job


def test_every_caller_gets_the_same_bytes_by_both_paths_in_every_state(
    still: None, owner: Api, stranger: Api, manager: Api, settings: Settings
) -> None:
    settings.EVENTS_URL = "https://live.example"
    staff = Client()
    staff.force_login(User.objects.create_superuser("ada"))
    closed = Client(headers={"Authorization": "Api-Key tos_closed"})
    another_scheme = Client(headers={"Authorization": owner.authorization.replace("Api-Key", "Bearer")})
    page, shopper = page_of("https://shop.example")
    callers = [owner.client, stranger.client, manager.client, page, staff, closed, another_scheme]
    statuses = set()
    for job in jobs():
        job.viewers.create(requester=shopper)
        for client in callers:
            full = answer(client, job, UNUSUAL)
            assert [answer(client, job) for _ in range(3)] == [full] * 3
            statuses.add(full[0])
        korean = {"Accept-Language": "ko"}
        assert answer(owner.client, job, PLAIN | korean) == answer(owner.client, job, UNUSUAL | korean)
    assert statuses == {200, 401, 404}


def test_a_second_look_is_one_question_to_redis_and_reaches_nobody(
    web: Gateway, owner: Api, done: TryOnJob
) -> None:
    page, shopper = page_of("https://shop.example")
    done.viewers.create(requester=shopper)
    redis = get_redis_connection("default")
    for client in (owner.client, page):
        first = answer(client, done)
        web.reached.clear()
        redis.config_resetstat()
        assert answer(client, done) == first
        assert web.reached == []
        asked = {name.removeprefix("cmdstat_") for name in redis.info("commandstats")} - {"config|resetstat"}
        assert asked == {"evalsha", "incr", "pttl", "mget"}  # the first runs the others


def test_every_answer_has_a_line_in_the_log_and_the_id_that_its_request_has(
    owner: Api, done: TryOnJob, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    path, own = f"/api/tryon/jobs/{done.pk}", ("milliseconds", "request_id", "timestamp")
    heads = [
        owner.client.get(path, headers={**headers, "X-Request-ID": "proxy-1234"})
        for headers in (UNUSUAL, PLAIN, PLAIN)
    ]
    assert {head["X-Request-ID"] for head in heads} == {"proxy-1234"}
    events: list[Any] = [
        record.msg for record in caplog.records if isinstance(record.msg, dict) and "path" in record.msg
    ]
    assert [event["request_id"] for event in events] == ["proxy-1234"] * 3
    lines = [{name: value for name, value in event.items() if name not in own} for event in events]
    assert lines[0]["path"] == path
    assert lines == [lines[0]] * 3
    assert len(owner.client.get(path, headers={"X-Request-ID": "?"})["X-Request-ID"]) == 32


def test_every_request_counts_once(
    still: None, web: Gateway, owner: Api, done: TryOnJob, settings: Settings
) -> None:
    settings.KEY_READS_PER_MINUTE = 6
    path, unknown = f"/api/tryon/jobs/{done.pk}", f"/api/tryon/jobs/{uuid4()}"
    first = owner.client.get(path)
    has_it = {"If-None-Match": first["ETag"]}
    answers = [first, *(owner.client.get(*ask) for ask in [(path,), (unknown,)])]
    answers += [owner.client.get(path, headers=headers) for headers in (has_it, UNUSUAL, {"Accept": ""})]
    assert [found.status_code for found in answers] == [200, 200, 404, 304, 200, 200]
    assert [int(found["X-RateLimit-Remaining"]) for found in answers] == [5, 4, 3, 2, 1, 0]
    reached = len(web.reached)
    refused = [owner.client.get(path) for _ in range(2)]
    assert [error_of(found)["code"] for found in refused] == ["rate_limited"] * 2
    assert all(1 <= int(found["Retry-After"]) <= 60 for found in refused)
    assert len(web.reached) == reached + 1  # the gate remembers it


def test_behind_a_proxy_each_scheme_and_each_page_has_its_own_answer(
    web: Gateway, owner: Api, done: TryOnJob, settings: Settings
) -> None:
    settings.TRUSTED_PROXIES, settings.USE_X_FORWARDED_HOST = 1, True
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    path = f"/api/tryon/jobs/{done.pk}"
    secure = {"X-Forwarded-Proto": "http, https", "X-Forwarded-Host": "evil.example, 127.0.0.1"}
    for times in (1, 2):
        for scheme in ("https", "http"):
            found = owner.client.get(path, headers={**secure, "X-Forwarded-Proto": f"ftp, {scheme}"})
            assert data_of(found)["thumbnailUrl"].startswith(f"{scheme}://127.0.0.1/media/")
        assert len(web.reached) == times + 1  # the two first, and those of the page
        from_page = owner.client.get(path, headers={**secure, "Origin": "https://shop.example"})
        assert "Access-Control-Allow-Origin" not in from_page
        Shop.objects.update(allowed_origins=["https://shop.example"])
    # A page's name is any text beside a key. Two snapshots are kept, one for each scheme.
    assert len(get_redis_connection("default").keys("*:job:*")) == 2
    caches["process"].clear()  # as some seconds later
    from_page = owner.client.get(path, headers={**secure, "Origin": "https://shop.example"})
    assert from_page["Access-Control-Allow-Origin"] == "https://shop.example"
    page, shopper = page_of("https://shop.example")
    done.viewers.create(requester=shopper)
    for _ in range(2):
        assert page.get(path, headers=secure)["Access-Control-Allow-Origin"] == "https://shop.example"
        elsewhere = page.get(path, headers={**secure, "Origin": "https://evil.example"})
        assert error_of(elsewhere)["code"] == "origin_not_allowed"


def test_a_page_at_our_own_address_may_say_so_or_not(web: Gateway, owner: Api, done: TryOnJob) -> None:
    page, shopper = page_of("http://testserver")
    done.viewers.create(requester=shopper)
    path, seen = f"/api/tryon/jobs/{done.pk}", []
    for _ in range(2):
        web.reached.clear()
        page.defaults["HTTP_ORIGIN"] = "http://testserver"
        seen.append(page.get(path)["Access-Control-Allow-Origin"])
        del page.defaults["HTTP_ORIGIN"]
        beside = page.get(path, headers={"Sec-Fetch-Site": "same-origin"})
        assert (beside.status_code, "Access-Control-Allow-Origin" in beside) == (200, False)
    assert (seen, web.reached) == (["http://testserver"] * 2, [])


def test_the_event_loop_waits_for_no_database(web: Gateway, owner: Api, done: TryOnJob) -> None:
    for _ in range(2):
        owner.get(f"jobs/{done.pk}")
    web.reached.clear()
    clock.forget()
    assert [owner.get(f"jobs/{done.pk}").status_code for _ in range(2)] == [200, 200]
    assert len(web.reached) == 1  # a thread has asked for the time


def test_what_is_asked_in_an_unusual_way_is_answered_by_the_full_view(owner: Api, done: TryOnJob) -> None:
    plain = owner.get(f"jobs/{done.pk}").content
    path = f"/api/tryon/jobs/{done.pk}"
    assert owner.client.get(path, headers={"Accept": "text/html"}).status_code == 406
    indented = owner.client.get(path, headers={"Accept": "application/json; indent=2"})
    assert indented.content.startswith(b"{\n")
    assert indented.json() == json.loads(plain)
    assert owner.client.delete(path).status_code == 405
    assert owner.client.get(path, {"format": "xml"}).status_code == 400


def test_an_answer_that_the_caller_has_is_not_sent_again(still: None, owner: Api, done: TryOnJob) -> None:
    first = owner.get(f"jobs/{done.pk}")
    heads = []
    get_redis_connection("default").flushdb()
    for headers in (PLAIN, UNUSUAL, PLAIN):
        again = owner.client.get(
            f"/api/tryon/jobs/{done.pk}", headers={**headers, "If-None-Match": first["ETag"]}
        )
        assert (again.status_code, again.content) == (304, b"")
        assert again["Cache-Control"] == "private, no-cache"
        heads.append(told(again))
    assert heads[0] == heads[1] == heads[2]


def test_each_answer_is_in_the_language_of_its_request(owner: Api) -> None:
    failed = TryOnJobFactory.create(failed=True, requester=requester("Owner"))
    messages = [
        json.loads(answer(owner.client, failed, {**PLAIN, "Accept-Language": language})[1][0])["data"][
            "errorMessage"
        ]
        for language in ("en", "ko", "en")
    ]
    assert messages[0] == messages[2]
    assert messages[1] == "모델 사진에서 사람을 찾지 못했습니다. 다른 모델 사진을 선택하세요."


def test_addresses_have_the_host_that_was_called(owner: Api, done: TryOnJob) -> None:
    path = f"/api/tryon/jobs/{done.pk}"
    for host in ("testserver", "127.0.0.1:8000"):
        address = data_of(owner.client.get(path, headers={"Host": host}))["thumbnailUrl"]
        assert address.startswith(f"http://{host}/media/")
    assert owner.client.get(path, headers={"Host": "another.example"}).status_code == 400


def test_without_redis_the_database_answers_and_knows_what_a_key_may_now(
    owner: Api, done: TryOnJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = answer(owner.client, done)
    monkeypatch.setattr(outage, "TRUST_SECONDS", 1000)
    cache_outage.note()
    reads = []

    def read(*key: Any) -> Any:
        reads.append(key)
        return read_row(*key)

    monkeypatch.setattr(keys, "_read_row", read)
    assert [answer(owner.client, done) for _ in range(3)] == [full] * 3
    assert len(reads) == 1
    row = ApiKey.objects.get(name="Owner")
    ApiKey.objects.filter(pk=row.pk).update(is_active=False)
    key_forget(row)
    assert answer(owner.client, done) == (401, "invalid_api_key")


def test_addresses_with_a_short_life_are_signed_each_time(
    web: Gateway, owner: Api, done: TryOnJob, settings: Settings
) -> None:
    settings.SIGNED_URL_SECONDS = 5
    for _ in range(2):
        owner.get(f"jobs/{done.pk}")
    assert len(web.reached) == 2
