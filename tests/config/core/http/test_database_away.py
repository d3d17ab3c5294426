"""A database that can't serve: callers learn that it is worth another try, and when."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import InternalError, OperationalError, connection
from django.test import Client

from config.core.http.database import is_database_away
from tests.conftest import Api, error_of

pytestmark = pytest.mark.django_db(transaction=True)

# Where nobody listens, and a folder that is not there.
NOWHERE = {
    "postgresql": {"HOST": "127.0.0.1", "PORT": "9"},
    "sqlite": {"NAME": "/dev/null/db.sqlite3"},
}


def without_database(ask: Callable[[], Any]) -> Any:
    """Ask in a thread whose connections fail, as where none is free or the database restarts."""
    answers: list[Any] = []

    def run() -> None:
        there = connection.settings_dict
        connection.settings_dict = {**there, **NOWHERE[connection.vendor]}
        try:
            answers.append(ask())
        finally:
            connection.settings_dict = there
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    (answer,) = answers
    return answer


@pytest.mark.parametrize("path", ["jobs", "models", "jobs/00000000-0000-0000-0000-000000000000", "stats"])
def test_the_api_says_when_to_try_again(owner: Api, path: str) -> None:
    answer = without_database(lambda: owner.get(path))
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    error = error_of(answer)
    assert (error["code"], error["retryable"]) == ("database_unavailable", True)
    assert owner.get("jobs").status_code == 200  # in another thread, it is there


def test_a_webhook_is_sent_again(client: Client) -> None:
    client.raise_request_exception = False
    answer = without_database(
        lambda: client.post("/api/tryon/webhooks/fashn/token", b"{}", content_type="application/json")
    )
    assert (answer.status_code, error_of(answer)["code"]) == (503, "database_unavailable")


@pytest.mark.parametrize("path", ["/admin/", "/demo/"])
def test_pages_say_it_too(client: Client, path: str, settings: Any) -> None:
    settings.DEMO_SHOP = True
    client.raise_request_exception = False
    client.cookies["sessionid"] = "a" * 32
    answer = without_database(lambda: client.get(path))
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert answer["Content-Type"].startswith("text/html")
    assert "The database can't be reached." in answer.content.decode()


def test_a_table_that_is_not_there_is_our_fault(owner: Api) -> None:
    with connection.cursor() as cursor, pytest.raises(Exception, match="nothing_like_it") as caught:
        cursor.execute("SELECT 1 FROM nothing_like_it")
    assert not is_database_away(caught.value)


class ReadOnly(Exception):
    sqlstate = "25006"


@pytest.mark.parametrize(
    ("kind", "cause", "away"),
    [
        (OperationalError, Exception(), True),
        (InternalError, ReadOnly(), True),
        (InternalError, Exception(), False),
        (ValueError, Exception(), False),
    ],
)
def test_a_standby_is_away_and_another_fault_of_the_database_is_not(
    kind: type[Exception], cause: Exception, away: bool
) -> None:
    error = kind("gone")
    error.__cause__ = cause
    assert is_database_away(error) is away
