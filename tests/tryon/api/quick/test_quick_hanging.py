"""GET /jobs/{id} while Redis hangs."""

from collections.abc import Iterator
from concurrent.futures import Future

import pytest

from config.core.http.gate import Places
from config.core.redis import addresses, outage
from config.core.redis.loop import LoopCounters
from config.core.redis.outage import cache_outage
from tests.config.core.http.gated import Client as RawClient
from tests.config.core.redis.test_outage import Silent
from tests.conftest import Api
from tests.gateway import Gateway
from tests.waiting import eventually
from tryon.models import TryOnJob

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def silent(monkeypatch: pytest.MonkeyPatch) -> Iterator[Silent]:
    """A Redis that the gate reaches and that does not answer. Each process may ask twice at once."""
    from config.asgi import instant

    server = Silent()
    counters = LoopCounters(f"redis://127.0.0.1:{server.port}/0", most=2)
    monkeypatch.setattr(addresses, "CACHE_SECONDS", 600)
    monkeypatch.setattr(outage, "TRUST_SECONDS", 600)
    monkeypatch.setattr(instant, "_counters", counters)
    monkeypatch.setattr(instant, "_places", Places(places=2, waiting=1, per_caller=2))
    yield server
    server.close()


def test_a_redis_that_hangs_holds_neither_health_nor_another_caller(
    web: Gateway, silent: Silent, owner: Api, stranger: Api, done: TryOnJob
) -> None:
    path = f"/api/tryon/jobs/{done.pk}"

    def ask(api: Api) -> "Future[RawClient]":
        return web.ask(RawClient(path=path, headers=[(b"authorization", api.authorization.encode())]))

    asked = [ask(owner), ask(owner)]
    eventually(lambda: silent.guests() == 2)
    assert web.ask(RawClient(path="/healthz")).result().status == 200
    assert ask(owner).result().code == "too_many_at_once"
    asked.append(ask(stranger))
    assert not any(one.done() for one in asked)
    silent.close()
    assert [one.result().status for one in asked] == [200, 200, 404]
    assert cache_outage.is_on()
