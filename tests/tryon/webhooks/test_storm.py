"""Threads and accidents: a dead server delays no other, and each event arrives at least once."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from django.db import connection
from django_redis import get_redis_connection
from pytest_django import Settings

from config.core import clock
from tests.conftest import Api, data_of
from tests.factories import WebhookEndpointFactory
from tests.serving import serving
from tests.tryon.webhooks.receiver import Answer, Receiver
from tests.waiting import LONGEST_SECONDS, eventually
from tryon import tasks
from tryon.demo.broker import free_port
from tryon.engine import queue
from tryon.webhooks.lanes import LANES, THREADS, THREADS_FAILING
from tryon.webhooks.models import State, WebhookDelivery, WebhookEndpoint
from tryon.webhooks.sending import AT_ONCE
from tryon.webhooks.services import ping

ROOT = Path(__file__).resolve().parents[3]
WORKER = ("rqworker", "tryon", "--worker-class", "tryon.worker.StepWorker", "--verbosity", "0")

pytestmark = pytest.mark.django_db(transaction=True)


def add(api: Api, receiver: Receiver) -> tuple[WebhookEndpoint, str]:
    """Return an endpoint of the shop's, and its secret."""
    made = data_of(api.post("webhook-endpoints", {"url": receiver.url}))
    return WebhookEndpoint.objects.get(pk=made["id"]), made["secret"]


def ids_sent(endpoint: WebhookEndpoint) -> set[str]:
    return {f"msg_{row.event_id.hex}" for row in endpoint.deliveries.all()}


def test_a_server_that_hangs_delays_no_other(owner: Api, stranger: Api, settings: Settings) -> None:
    goes_on = Event()
    with serving(Receiver()) as hanging, serving(Receiver()) as well:
        settings.WEBHOOK_HOSTS = [hanging.place, well.place]
        hanging.answer = Answer(slow=goes_on.wait)
        stuck, _ = add(owner, hanging)
        other, secret = add(stranger, well)
        for _ in range(2 * AT_ONCE):
            ping(stuck)
            ping(other)
        with LANES.opened():
            LANES.deliver_due()
            eventually(lambda: len(well.got) == 2 * AT_ONCE)
            assert len(hanging.got) <= AT_ONCE
            goes_on.set()
            eventually(lambda: not WebhookDelivery.objects.exclude(state=State.DELIVERED).exists())
    assert {got.verified(secret)["type"] for got in well.got} == {"ping"}
    assert {got.id for got in hanging.got} == ids_sent(stuck)


def test_dead_servers_however_many_delay_no_other(owner: Api, settings: Settings) -> None:
    goes_on = Event()
    with serving(Receiver()) as hanging, serving(Receiver()) as well:
        settings.WEBHOOK_HOSTS = [hanging.place, well.place]
        hanging.answer = Answer(slow=goes_on.wait)
        for _ in range(THREADS + 2):
            ping(WebhookEndpointFactory.create(url=hanging.url, failing_since=clock.now()))
        other, _ = add(owner, well)
        with LANES.opened():
            LANES.deliver_due()
            eventually(lambda: len(hanging.got) == THREADS_FAILING)
            ping(other)
            LANES.deliver_due()
            eventually(lambda: well.got)
            goes_on.set()


def test_a_server_that_was_slow_delays_no_other_also_if_it_takes_all(
    owner: Api, stranger: Api, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tryon.webhooks.lanes.SLOW_MILLISECONDS", 0)
    goes_on = Event()
    with serving(Receiver()) as slow, serving(Receiver()) as well:
        settings.WEBHOOK_HOSTS = [slow.place, well.place]
        some = [add(owner, slow)[0] for _ in range(THREADS)]
        other, _ = add(stranger, well)
        with LANES.opened():
            for endpoint in some:
                ping(endpoint)
            LANES.deliver_due()
            eventually(lambda: WebhookDelivery.objects.filter(state=State.DELIVERED).count() == THREADS)
        slow.answer = Answer(slow=goes_on.wait)
        with LANES.opened():  # the threads of the first ones have ended
            for endpoint in some:
                for _ in range(AT_ONCE):
                    ping(endpoint)
            LANES.deliver_due()
            eventually(lambda: len(slow.got) == THREADS + THREADS_FAILING)
            ping(other)
            LANES.deliver_due()
            eventually(lambda: well.got)
            assert len(slow.got) == THREADS + THREADS_FAILING
            goes_on.set()


@contextmanager
def worker(folder: Path, *places: str) -> Iterator[subprocess.Popen[Any]]:
    """Run a worker process on this test's database. It may deliver to these places."""
    database = connection.settings_dict
    address = f"sqlite:///{database['NAME']}"
    if connection.vendor == "postgresql":
        address = f"postgres://{database['USER']}@{database['HOST']}:{database['PORT']}/{database['NAME']}"
    environment = {
        **os.environ,
        "DATABASE_URL": address,
        "VAR_DIR": str(folder),
        "WEBHOOK_HOSTS": ",".join(places),
    }
    command = [sys.executable, "manage.py", *WORKER]
    with subprocess.Popen(command, cwd=ROOT, env=environment, start_new_session=True) as process:
        try:
            yield process
        finally:
            process.kill()


def after_some_time(happened: Callable[[], bool]) -> bool:
    """Let the time of each lease and of each pause go by, and the sweep come. Return whether it happened."""
    waiting = WebhookDelivery.objects.filter(next_at__isnull=False)
    waiting.update(next_at=clock.now())
    waiting.exclude(lease=None).update(lease_until=clock.now())
    tasks.sweep()
    return happened()


@pytest.mark.slow
def test_a_storm_loses_no_event(owner: Api, stranger: Api, tmp_path: Path) -> None:
    port = free_port()
    with serving(Receiver()) as well:
        place = f"127.0.0.1:{port}"
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("django.conf.settings.WEBHOOK_HOSTS", [place, well.place])
            endpoint = data_of(owner.post("webhook-endpoints", {"url": f"http://{place}/hook"}))
            other, _ = add(stranger, well)
        troubled = WebhookEndpoint.objects.get(pk=endpoint["id"])
        for _ in range(20):
            ping(troubled)
            ping(other)

        with worker(tmp_path, place, well.place) as first:
            eventually(lambda: {got.id for got in well.got} == ids_sent(other))  # the other server is down
            with serving(Receiver(port)) as server:
                server.answer = Answer(is_lost=True)
                eventually(lambda: after_some_time(lambda: len(server.got) >= 3))
                holds, begun = Event(), Event()

                def hang() -> None:
                    begun.set()
                    holds.wait(LONGEST_SECONDS)

                server.answer = Answer(slow=hang)
                eventually(lambda: after_some_time(begun.is_set))
                first.kill()
                first.wait()
                get_redis_connection("default").flushall()
                queue._queue.cache_clear()
                holds.set()

                server.answer = Answer()
                with worker(tmp_path, place, well.place):
                    for _ in range(3):
                        ping(troubled)

                    late = WebhookDelivery.objects.exclude(state=State.DELIVERED)
                    eventually(lambda: after_some_time(lambda: not late.exists()))
                assert {got.id for got in server.got} == ids_sent(troubled)
                assert {got.verified(endpoint["secret"])["type"] for got in server.got} == {"ping"}
