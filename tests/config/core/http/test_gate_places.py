"""Places behind the gate: who waits, who is refused, and whose turn is next."""

import asyncio

import pytest
from pytest_django import Settings

from config.core.http.gate import Places, places
from tests.config.core.http.gated import FORM, Client, Door, gate_for, post
from tests.waiting import LONGEST_SECONDS


def test_slow_bodies_hold_no_thread_and_have_places_of_their_own() -> None:
    async def story() -> None:
        gate = gate_for()
        slow = [
            asyncio.create_task(post(b"a", ends=False, address=f"10.0.0.{n}").ask(gate)) for n in range(3)
        ]
        await asyncio.sleep(0)
        assert (await Client().ask(gate)).status == 200
        late = await post(b"a").ask(gate)
        assert (late.status, late.code) == (503, "service_busy")
        assert late.header[b"retry-after"]
        for task in slow:
            task.cancel()
        await asyncio.gather(*slow, return_exceptions=True)
        assert (await post(b"a").ask(gate)).status == 200

    asyncio.run(story())


def test_one_caller_has_a_share_of_the_bodies() -> None:
    async def story() -> None:
        gate = gate_for()
        slow = [asyncio.create_task(post(b"a", ends=False).ask(gate)) for _ in range(2)]
        await asyncio.sleep(0)
        assert (await post(b"a").ask(gate)).code == "too_many_at_once"
        assert (await post(b"a", address="10.0.0.1").ask(gate)).status == 200
        for task in slow:
            task.cancel()
        await asyncio.gather(*slow, return_exceptions=True)

    asyncio.run(story())


@pytest.mark.parametrize(
    "client",
    [
        Client(method="POST", path="/admin/login/"),
        Client(query=b"q=shirt"),
        Client(query=b"page=2&%71=%26shirt"),
        Client(method="POST", headers=[FORM]),
        Client(method="POST", path="/admin/tryon/productimage/add/", headers=[FORM]),
    ],
)
def test_a_dear_door_that_is_held_holds_no_other(client: Client) -> None:
    async def story() -> None:
        door = Door()
        gate = gate_for(door)
        held = asyncio.create_task(client.ask(gate))
        await door.has(1)
        pages = [asyncio.create_task(Client().ask(gate)) for _ in range(2)]
        await door.has(3)  # the pages have their own two threads
        assert (await Client(path="/healthz").ask(gate)).body == b'{"status": "ok"}'
        door.opened.set()
        assert [done.status for done in await asyncio.gather(held, *pages)] == [200] * 3

    asyncio.run(story())


def test_waiting_is_bounded_and_each_caller_has_a_share() -> None:
    async def story() -> None:
        door = Door()
        gate = gate_for(door)

        def upload(address: str, token: bytes = b"a") -> asyncio.Task[Client]:
            headers = [FORM, (b"authorization", b"Bearer tos_vt_" + token)]
            return asyncio.create_task(
                Client(method="POST", headers=headers, address=address).ask(gate), name=address
            )

        first = [upload("10.0.0.1"), upload("10.0.0.1")]
        await door.has(1)
        assert (await upload("10.0.0.1", b"b")).code == "too_many_at_once"  # tokens cost nothing
        second = upload("10.0.0.2")
        await asyncio.sleep(0)
        for _ in range(2):  # a refusal does not count against the caller
            assert (await upload("10.0.0.3")).code == "service_busy"
        door.opened.set()
        await asyncio.gather(*first, second)
        assert door.inside == ["10.0.0.1", "10.0.0.1", "10.0.0.2"]
        assert (await upload("10.0.0.3")).status == 200

    asyncio.run(story())


def test_a_free_place_goes_to_the_caller_with_the_fewest() -> None:
    async def story() -> list[str]:
        room = Places(places=2, waiting=9, per_caller=9)
        order: list[str] = []

        async def enter(caller: str) -> None:
            await room.enter(caller)
            order.append(caller)

        await enter("many")
        await enter("many")
        waiting = [asyncio.create_task(enter(caller)) for caller in ("many", "many", "one")]
        await asyncio.sleep(0)
        room.leave("many")
        await asyncio.sleep(0)
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        return order

    assert asyncio.run(story()) == ["many", "many", "one"]


def test_a_place_that_comes_to_somebody_who_leaves_goes_to_the_next() -> None:
    async def story() -> None:
        room = Places(places=1, waiting=9, per_caller=9)
        await room.enter("first")
        second = asyncio.create_task(room.enter("second"))
        await asyncio.sleep(0)
        room.leave("first")
        second.cancel()
        await asyncio.gather(second, return_exceptions=True)
        await asyncio.wait_for(room.enter("third"), LONGEST_SECONDS)

    asyncio.run(story())


def test_a_place_that_does_not_come_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> None:
        monkeypatch.setattr(places, "WAIT_SECONDS", 0.05)
        door = Door()
        gate = gate_for(door)
        held = asyncio.create_task(Client(method="POST", headers=[FORM]).ask(gate))
        await door.has(1)
        late = await Client(method="POST", headers=[FORM]).ask(gate)
        assert late.code == "service_busy"
        door.opened.set()
        await held
        assert (await Client(method="POST", headers=[FORM]).ask(gate)).status == 200

    asyncio.run(story())


def test_behind_a_proxy_a_caller_is_whom_the_proxy_names(settings: Settings) -> None:
    settings.TRUSTED_PROXIES = 1

    async def story() -> None:
        door = Door()
        gate = gate_for(door)

        def search(forwarded: bytes) -> Client:
            lines = [(b"x-forwarded-for", line) for line in forwarded.split(b"|")]
            return Client(method="POST", headers=[FORM, *lines])

        held = [asyncio.create_task(search(b"1.1.1.1, 2001:db8::1").ask(gate)) for _ in range(2)]
        await door.has(1)
        assert (await search(b"2.2.2.2, 2001:db8::2").ask(gate)).code == "too_many_at_once"  # one /64
        other = asyncio.create_task(search(b"2001:db8::1, 3.3.3.3").ask(gate))
        await asyncio.sleep(0)
        settings.TRUSTED_PROXIES = 2  # each with a line of its own
        assert (await search(b"2001:db8::1|10.0.0.1").ask(gate)).code == "too_many_at_once"
        door.opened.set()
        assert (await other).status == 200
        await asyncio.gather(*held)

    asyncio.run(story())


def test_uploads_by_address_have_threads_of_their_own() -> None:
    async def story() -> None:
        door = Door()
        gate = gate_for(door)
        path = "/api/tryon/upload"
        form = b'--b\r\nContent-Disposition: form-data; name="fileUrl"\r\n\r\nhttp://a\r\n--b--'
        held = [asyncio.create_task(post(b"{}", path=path).ask(gate))]
        await door.has(1)
        by_form = await post(form, path=path, headers=[FORM, (b"transfer-encoding", b"chunked")]).ask(gate)
        assert by_form.code == "too_many_at_once"
        for others in (
            post(b"{}", path="/api/tryon/jobs"),
            post(b"x", path=path, headers=[FORM, (b"transfer-encoding", b"chunked")]),
        ):
            held += [asyncio.create_task(others.ask(gate))]
        await door.has(3)
        door.opened.set()
        await asyncio.gather(*held)

    asyncio.run(story())
