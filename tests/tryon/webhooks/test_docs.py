"""docs/storefront/webhooks.md tells the truth: its receiver takes a delivery, and its tables are whole."""

import re
from importlib import import_module
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from pytest_django import Settings
from werkzeug.serving import make_server

from tests.conftest import Api, data_of
from tests.serving import serving
from tryon import tasks
from tryon.webhooks.models import CHOSEN, WebhookDelivery, WebhookEndpoint
from tryon.webhooks.services import ping

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "storefront" / "webhooks.md").read_text()


@pytest.mark.django_db(transaction=True)
def test_the_receiver_of_ten_lines_takes_a_delivery(
    owner: Api,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    found = re.search(r"```python\n(.*?)\n *```", PAGE, re.DOTALL)
    assert found is not None
    source = dedent(found[1])
    assert len([line for line in source.splitlines() if line.strip()]) <= 10
    (tmp_path / "receiver.py").write_text(source)
    read: dict[str, Any] = {}
    server = make_server("127.0.0.1", 0, lambda *call: read["app"](*call))
    place = f"127.0.0.1:{server.server_port}"
    settings.WEBHOOK_HOSTS = [place]
    made = data_of(owner.post("webhook-endpoints", {"url": f"http://{place}/tryon"}))
    monkeypatch.setenv("TRYON_WEBHOOK_SECRET", made["secret"])
    monkeypatch.syspath_prepend(tmp_path)
    read["app"] = import_module("receiver").app
    with serving(server):
        event = ping(WebhookEndpoint.objects.get())
        tasks.deliver_webhooks()
    assert f"msg_{event.pk.hex} ping {event.data}" in capsys.readouterr().out
    assert WebhookDelivery.objects.get().state == "delivered"


def test_each_event_is_in_the_table() -> None:
    assert re.findall(r"^\| `(\w+\.\w+)` \|", PAGE, re.MULTILINE) == [value for value, _label in CHOSEN]
