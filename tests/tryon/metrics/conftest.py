"""Prometheus has its token."""

import pytest
from pytest_django import Settings

from tests.tryon.metrics.scraping import TOKEN


@pytest.fixture(autouse=True)
def token(settings: Settings) -> None:
    settings.METRICS_TOKEN = TOKEN
