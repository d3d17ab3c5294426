"""Tickets that end before their time, with the credential that they were written for."""

from datetime import timedelta

import pytest
from django.test import Client
from structlog.testing import capture_logs

from config.core import clock
from config.core.redis.outage import cache_outage
from config.shops.keys import key_issue
from config.shops.models import Shop
from config.shops.shoppers import shopper_name
from tests.admin_pages import run_action, sign_in
from tests.conftest import Api, Generate, data_of, requester
from tests.tryon.events.conftest import Live
from tests.waiting import eventually
from tryon.models import TryOnJob

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_ticket_ends_with_its_key_and_its_shop(live: Live, owner: Api, generate: Generate) -> None:
    path, shop = f"jobs/{generate()['jobId']}", Shop.objects.get(name="Owner")
    keys = [key_issue(name=name, shop=shop) for name in ("Off", "Deleted", "Kept")]
    addresses = [data_of(Api(text).get(path))["eventsUrl"] for _key, text in keys]
    streams = [live.listen(address) for address in addresses]
    eventually(lambda: all(stream.events for stream in streams))
    staff, (off, deleted) = sign_in(), [key.pk for key, _text in keys[:2]]
    run_action(staff, "/admin/api/apikey/", "deactivate", [off])
    run_action(staff, "/admin/api/apikey/", "delete_selected", [deleted], post="yes")
    eventually(lambda: streams[0].is_over and streams[1].is_over)
    refused = [live.get(address) for address in addresses[:2]]
    assert [(answer.status, answer.code) for answer in refused] == [(401, "ticket_expired")] * 2
    assert (streams[2].is_over, live.get(addresses[2]).status) == (False, 200)

    run_action(staff, "/admin/api/apikey/", "activate", [off])
    later = clock.now() + timedelta(seconds=60)  # a minute's tickets end together
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clock, "now", lambda: later)
        assert live.get(data_of(Api(keys[0][1]).get(path))["eventsUrl"]).status == 200

    staff.post(f"/admin/api/shop/{shop.pk}/change/", {"name": "Owner", "allowed_origins": ""})
    eventually(lambda: streams[2].is_over)


def test_a_ticket_ends_with_its_shopper(live: Live, owner: Api, generate: Generate) -> None:
    job = TryOnJob.objects.get(pk=generate()["jobId"])
    job.viewers.create(requester=shopper_name(requester("Owner"), "ada"))
    ada = Client(headers={"Authorization": owner.authorization, "X-Shopper-Id": "ada"})
    asked = (ada.get(f"/api/tryon/jobs/{job.pk}"), owner.get(f"jobs/{job.pk}"))
    hers, the_shops = [data_of(answer)["eventsUrl"] for answer in asked]
    stream = live.listen(hers)
    eventually(lambda: stream.events)
    ada.delete("/api/tryon/shoppers/me")
    eventually(lambda: stream.is_over)
    assert (live.get(hers).code, live.get(the_shops).status) == ("ticket_expired", 200)


def test_a_key_is_deactivated_also_while_redis_is_away(
    events_url: str, owner: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, _text = key_issue(name="Off", shop=Shop.objects.get(name="Owner"))
    staff = sign_in()
    with capture_logs() as log, monkeypatch.context() as patch:
        patch.setattr(cache_outage, "is_on", lambda: True)
        assert "1 key no longer works." in run_action(staff, "/admin/api/apikey/", "deactivate", [key.pk])
    assert "tickets_not_ended" in [line["event"] for line in log]
