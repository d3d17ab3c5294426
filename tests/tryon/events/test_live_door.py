"""The live door with the rest of the product: what shoppers hear of their try-ons, and who hears it."""

import re
from datetime import timedelta
from typing import Any, Final

import pytest
from django.test import Client
from django_redis import get_redis_connection

from config.core import clock, tickets
from config.core.tickets import Ticket, viewer_of
from config.shops.callers import Caller
from config.shops.keys import key_issue
from config.shops.models import Kind, Shop
from config.shops.sessions import new_visitor, session_open
from tests.conftest import Api, Generate, data_of, error_of, requester
from tests.factories import ShopperPhotoFactory, TryOnJobFactory, TryOnResultFactory
from tests.tryon.events.conftest import EVENTS_URL, Live, Visit
from tests.waiting import eventually
from tryon import tasks
from tryon.models import Status, TryOnJob
from tryon.services.jobs import job_cancel
from tryon.services.live import follow

pytestmark = pytest.mark.django_db(transaction=True)

TOLD: Final = ("status", "progress", "queuePosition", "estimatedWaitTime", "resultState")


def ticket_for(job: TryOnJob, name: str, *, seconds: int = 600, origins: tuple[str, ...] = ()) -> str:
    """Return an address with a ticket of a requester."""
    from django.conf import settings

    until = int(clock.now().timestamp()) + seconds
    ticket = Ticket(job.pk, viewer_of(name), until, frozenset(map(tickets.origin_of, origins)))
    return f"/events/jobs/{job.pk}?ticket={ticket.text(settings.SECRET_KEY)}"


def test_a_stream_has_the_state_then_each_change_and_ends_with_the_job(
    live: Live, owner: Api, generate: Generate
) -> None:
    begun = generate()
    asked = owner.get(f"jobs/{begun['jobId']}")
    address = data_of(asked)["eventsUrl"]
    assert address.startswith(f"{EVENTS_URL}/events/jobs/{begun['jobId']}?ticket=")
    stream = live.listen(address)
    first = eventually(lambda: stream.events)[0]
    assert (stream.status, stream.header["content-type"]) == (200, "text/event-stream; charset=utf-8")
    assert re.match(r"retry: [1-5]\d{3}\n\n", stream.body)
    assert {name: first[name] for name in TOLD} == {name: data_of(asked)[name] for name in TOLD}
    owner.post(f"jobs/{begun['jobId']}/cancel")
    eventually(lambda: stream.is_over)
    assert stream.statuses == ["queued", "canceled"]
    assert stream.sent[-1] == {"type": "http.response.body", "body": b""}
    ended = data_of(owner.get(f"jobs/{begun['jobId']}"))
    assert "eventsUrl" not in ended
    again = live.listen(address, Last_Event_ID=stream.events[-1]["id"])
    eventually(lambda: again.is_over)
    assert (again.status, again.body) == (204, "")  # a browser comes no more
    resumed = live.listen(address, Last_Event_ID=first["id"])
    eventually(lambda: resumed.is_over)
    assert resumed.statuses == ["canceled"]


def test_every_answer_about_a_job_that_goes_on_names_the_live_door(
    events_url: str, owner: Api, generate: Generate
) -> None:
    begun = generate()
    assert begun["eventsUrl"].startswith(f"{events_url}/events/jobs/{begun['jobId']}?ticket=")
    listed = data_of(owner.get("jobs"))[0]
    assert "eventsUrl" not in listed
    failed = TryOnJobFactory.create(failed=True, requester=requester("Owner"))
    assert "eventsUrl" not in data_of(owner.get(f"jobs/{failed.pk}"))
    assert "eventsUrl" in data_of(owner.post(f"jobs/{failed.pk}/retry"))


def test_the_cheap_question_answers_as_the_api_and_not_twice(
    live: Live, owner: Api, generate: Generate
) -> None:
    asked = owner.get(f"jobs/{generate()['jobId']}")
    address = data_of(asked)["eventsUrl"]
    found = live.get(address)
    assert found.status == 200
    assert found.data.items() <= data_of(asked).items()
    assert found.header["retry-after"] == asked["Retry-After"]
    assert found.header["cache-control"] == "private, no-cache"
    same = live.get(address, If_None_Match=f'"other", W/{found.header["etag"]}')
    assert (same.status, same.body) == (304, "")
    owner.post(f"jobs/{found.data['id']}/cancel")
    eventually(lambda: live.get(address, If_None_Match=found.header["etag"]).status == 200)
    ended = live.get(address)
    assert ended.data["status"] == "canceled"
    assert "retry-after" not in ended.header


def test_the_clock_moves_what_the_live_door_tells(live: Live, owner: Api) -> None:
    now = clock.now()
    job = TryOnJobFactory.create(
        status=Status.PROCESSING, progress=10, started_at=now - timedelta(seconds=15), next_check_at=now,
        expected_at=now + timedelta(seconds=15), requester=requester("Owner"),
    )  # fmt: skip
    stream = live.listen(data_of(owner.get(f"jobs/{job.pk}"))["eventsUrl"])
    eventually(lambda: len(stream.events) > 1)
    first, second = stream.events[:2]
    assert 45 <= first["progress"] < second["progress"] <= 90
    assert first["estimatedWaitTime"] >= second["estimatedWaitTime"]
    stream.leaves.set()
    eventually(lambda: stream.is_over)
    assert live.hub.listeners == 0


def test_a_ticket_opens_its_own_job_for_its_own_time(live: Live, owner: Api, generate: Generate) -> None:
    job = TryOnJob.objects.get(pk=generate()["jobId"])
    other = TryOnJobFactory.create(requester=requester("Owner"))
    good, name = ticket_for(job, requester("Owner")), requester("Owner")
    swapped = good.replace(str(job.pk), str(other.pk))
    turned = good[:-5] + ("A" if good[-5] != "A" else "B") + good[-4:]
    for address in (swapped, turned, good.partition("?")[0], f"{good[:60]}é"):
        refused = live.get(address)
        assert (refused.status, refused.code) == (401, "ticket_invalid")
    late = live.get(ticket_for(job, name, seconds=-1), Accept_Language="ko-KR,ko;q=0.9,en;q=0.8")
    assert (late.status, late.code) == (401, "ticket_expired")
    assert re.search("[가-힣]", late.body)
    assert live.send(Visit(good, method="POST")).code == "method_not_allowed"
    assert live.get("/events/jobs/").code == "not_found"
    assert live.get(f"/tryon{good}").status == 200


def test_only_the_pages_of_the_ticket_may_read(live: Live, owner: Api, generate: Generate) -> None:
    Shop.objects.update(allowed_origins=["https://shop.example"])
    address = data_of(owner.get(f"jobs/{generate()['jobId']}"))["eventsUrl"]
    allowed = live.get(address, Origin="https://shop.example")
    assert allowed.header["access-control-allow-origin"] == "https://shop.example"
    assert allowed.header["vary"] == "Accept, Origin"
    stream = live.listen(address, Origin="https://shop.example")
    eventually(lambda: stream.events)
    assert stream.header["access-control-allow-origin"] == "https://shop.example"
    asks = Visit(address, {"Origin": "https://shop.example"}, method="OPTIONS")
    assert live.send(asks).status == 204
    assert "if-none-match" in asks.header["access-control-allow-headers"]
    evil = live.get(address, Origin="https://evil.example")
    assert (evil.status, evil.code) == (403, "origin_not_allowed")
    assert "access-control-allow-origin" not in evil.header


def test_a_visitors_ticket_is_for_the_page_of_the_session(live: Live, owner: Api, generate: Generate) -> None:
    origins = ["https://shop.example", "https://other.example"]
    job = TryOnJob.objects.get(pk=generate()["jobId"])
    shop = Shop.objects.get(name="Owner")
    Shop.objects.update(allowed_origins=origins)
    key, _text = key_issue(name="Page", shop=shop, kind=Kind.PUBLISHABLE)
    key.refresh_from_db()
    shopper = new_visitor()
    job.viewers.create(requester=shopper)
    token = session_open(key, shopper=shopper, origin=origins[0]).token
    page = Client(headers={"Authorization": f"Bearer {token}", "Origin": origins[0]})
    address = data_of(page.get(f"/api/tryon/jobs/{job.pk}"))["eventsUrl"]
    assert [live.get(address, Origin=origin).status for origin in origins] == [200, 403]


def test_each_viewer_hears_what_the_api_tells_them(
    live: Live, owner: Api, manager: Api, generate: Generate
) -> None:
    job = TryOnJob.objects.get(pk=generate()["jobId"])
    shopper = new_visitor()
    job.viewers.create(requester=shopper)
    owner.get(f"jobs/{job.pk}")
    staying, leaving = live.listen(ticket_for(job, requester("Owner"))), live.listen(ticket_for(job, shopper))
    every = live.listen(data_of(manager.get(f"jobs/{job.pk}"))["eventsUrl"])
    eventually(lambda: all(stream.events for stream in (staying, leaving, every)))
    job_cancel(job, Caller(shopper))
    eventually(lambda: leaving.is_over)
    assert leaving.statuses == ["queued", "canceled"]
    assert staying.statuses[-1] == every.statuses[-1] == "queued"
    assert live.get(ticket_for(job, shopper)).data["status"] == "canceled"


def test_the_picture_of_a_shopper_is_named_to_the_shopper_only(live: Live, owner: Api) -> None:
    shop, shopper = requester("Owner"), new_visitor()
    photo = ShopperPhotoFactory.create(requester=shopper, shop=shop)
    job = TryOnResultFactory.create(
        job__requester=shopper, job__shopper_photo=photo, job__model_image=None
    ).job
    job.viewers.create(requester=shop)
    follow(job.pk)
    told = [live.get(ticket_for(job, name)).data for name in (shopper, shop)]
    assert [one["resultState"] for one in told] == ["available", "private"]
    assert [one.get("resultId") for one in told] == [str(job.result.pk), None]


def test_what_redis_lost_is_told_again_by_the_apis_next_answer_and_by_the_sweep(
    live: Live, owner: Api, generate: Generate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tryon.engine.recovery.sweep", lambda: None)  # it would start the jobs
    job_id = generate()["jobId"]
    address = data_of(owner.get(f"jobs/{job_id}"))["eventsUrl"]
    stream = live.listen(address)
    eventually(lambda: stream.events)
    get_redis_connection("default").flushdb()
    lost = live.listen(ticket_for(TryOnJobFactory.create(), requester("Owner")))
    eventually(lambda: lost.events)
    assert lost.statuses == ["degraded"]
    TryOnJob.objects.filter(pk=job_id).update(progress=3, updated_at=clock.now())  # nobody was told
    owner.get(f"jobs/{job_id}")
    eventually(lambda: len(stream.events) == 2)
    get_redis_connection("default").flushdb()
    TryOnJob.objects.filter(pk=job_id).update(progress=4, updated_at=clock.now())
    tasks.sweep()
    eventually(lambda: len(lost.events) == 2)
    assert lost.statuses == ["degraded", "queued"]
    assert [event["progress"] for event in stream.events] == [0, 3, 4]


def test_a_state_unknown_sends_the_client_to_the_api(live: Live, owner: Api) -> None:
    address = ticket_for(TryOnJobFactory.create(), requester("Owner"))
    refused = live.get(address)
    assert (refused.status, refused.code, refused.header["retry-after"]) == (503, "live_unavailable", "5")


def test_places_in_the_queue_move_with_each_start(live: Live, owner: Api, generate: Generate) -> None:
    before = TryOnJobFactory.create(requester=requester("Owner"))
    TryOnJob.objects.filter(pk=before.pk).update(created_at=clock.now() - timedelta(hours=1))
    stream = live.listen(data_of(owner.get(f"jobs/{generate()['jobId']}"))["eventsUrl"])
    assert eventually(lambda: stream.events)[0]["queuePosition"] == 2
    TryOnJob.objects.filter(pk=before.pk).update(status=Status.CANCELED)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tasks, "dispatch_all", lambda: None)
        tasks.dispatch()
    eventually(lambda: len(stream.events) == 2)
    assert stream.events[1]["queuePosition"] == 1


def test_an_older_state_never_takes_the_place_of_a_newer_one(
    live: Live, owner: Api, generate: Generate, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = TryOnJob.objects.get(pk=generate()["jobId"])
    owner.get(f"jobs/{job.pk}")
    from tryon.services import live as told

    state_of = told._state_of
    done: list[bool] = []

    def read_and_lose_the_race(*read: Any) -> Any:
        if not done:
            done.append(True)
            owner.post(f"jobs/{job.pk}/cancel")
        return state_of(*read)

    monkeypatch.setattr(told, "_state_of", read_and_lose_the_race)
    told._tell([job.pk])
    assert live.get(ticket_for(job, requester("Owner"))).data["status"] == "canceled"


def test_a_new_ticket_is_no_new_answer(
    events_url: str, owner: Api, generate: Generate, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, now = f"jobs/{generate()['jobId']}", clock.now().replace(minute=10, second=0)
    tags, addresses = [], []
    for seconds in (0, 60, 320):
        monkeypatch.setattr(clock, "now", lambda seconds=seconds: now + timedelta(seconds=seconds))
        get_redis_connection("default").flushdb()
        found = owner.get(path)
        tags.append(found["ETag"])
        addresses.append(data_of(found)["eventsUrl"])
    assert len({*addresses}) == 3
    assert tags[0] == tags[1] != tags[2]


def test_without_a_live_door_nothing_is_named_or_written(owner: Api, generate: Generate) -> None:
    assert "eventsUrl" not in generate()
    assert get_redis_connection("default").keys("tryon-studio:live*") == []


def test_a_refused_caller_gets_no_ticket(events_url: str, stranger: Api, generate: Generate) -> None:
    job_id = generate()["jobId"]
    assert error_of(stranger.get(f"jobs/{job_id}"))["code"] == "job_not_found"
