"""A shop's server, and an endpoint of the owner's shop that leads to it."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pytest_django import Settings

from tests.conftest import Api, data_of
from tests.serving import serving
from tests.tryon.webhooks.receiver import Receiver
from tryon import tasks
from tryon.webhooks.models import WebhookDelivery, WebhookEndpoint

type Deliver = Callable[[], None]


@pytest.fixture
def receiver(settings: Settings) -> Iterator[Receiver]:
    with serving(Receiver()) as server:
        settings.WEBHOOK_HOSTS = [server.place]
        yield server


@pytest.fixture
def endpoint(owner: Api, receiver: Receiver) -> dict[str, Any]:
    """The answer to the request that made it, with its secret."""
    made: dict[str, Any] = data_of(owner.post("webhook-endpoints", {"url": receiver.url}))
    return made


@pytest.fixture
def deliver() -> Deliver:
    """Have a worker deliver what waits, whatever time it waits for."""

    def run() -> None:
        waiting = WebhookDelivery.objects.filter(next_at__isnull=False)
        waiting.update(next_at=WebhookEndpoint.objects.order_by("created_at")[0].created_at)
        tasks.deliver_webhooks()

    return run
