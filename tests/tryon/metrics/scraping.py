"""A scrape, as Prometheus makes it."""

from typing import Any

from django.test import Client
from prometheus_client.parser import text_string_to_metric_families

TOKEN = "metrics-token-of-the-tests"


def ask(token: str = TOKEN, **headers: str) -> Any:
    """Ask as Prometheus does, by an address inside."""
    headers = {"host": "web:8000", "authorization": f"Bearer {token}", **headers}
    return Client(headers=headers).get("/metrics")


type Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def scrape() -> Samples:
    """Return each value by its name and labels. Fail on a text that Prometheus would refuse."""
    answer = ask()
    assert answer.status_code == 200
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(answer.content.decode())
        for sample in family.samples
    }


class Scrape:
    """The values of one scrape."""

    def __init__(self) -> None:
        self.samples = scrape()

    def __call__(self, name: str, **labels: str) -> float | None:
        """Return a value, None where there is none."""
        return self.samples.get((f"tryon_{name}", tuple(sorted(labels.items()))))
