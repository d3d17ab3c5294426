"""Each count can be other than zero."""

from typing import Any

import pytest

from tests.chaos.verdict import verdict

ADDRESS = "http://127.0.0.1/api/tryon/webhooks/fashn/"


@pytest.fixture
def ledger() -> dict[str, Any]:
    """One paid picture, called back."""
    return {
        "predictions": [{"modelName": "tryon-v1.6", "credits": 1, "webhookUrl": f"{ADDRESS}one"}],
        "webhooks": [{"url": f"{ADDRESS}one", "attempts": [{"status": 200}]}],
        "limitsExceeded": {},
    }


@pytest.fixture
def rows() -> dict[str, Any]:
    """The job it was paid for, completed."""
    return {
        "jobs": [{"id": "j", "status": "completed", "errorCode": "", "stored": True, "personalRetries": 0}],
        "predictions": [{"token": "one", "job": "j", "state": "succeeded", "providerId": "p"}],
    }


def test_a_good_run_is_clean(ledger: dict[str, Any], rows: dict[str, Any]) -> None:
    judged = verdict(ledger, rows)
    assert judged.clean
    assert (judged.jobs, judged.paid) == (1, 1)


def test_an_unfinished_job_counts(ledger: dict[str, Any], rows: dict[str, Any]) -> None:
    rows["jobs"][0]["status"] = "processing"
    assert verdict(ledger, rows).unfinished == 1


def test_a_second_payment_counts_unless_a_person_asked_for_it(
    ledger: dict[str, Any], rows: dict[str, Any]
) -> None:
    ledger["predictions"].append({**ledger["predictions"][0], "webhookUrl": f"{ADDRESS}two"})
    rows["predictions"].append({**rows["predictions"][0], "token": "two"})
    assert verdict(ledger, rows).paid_twice == 1
    rows["jobs"][0]["personalRetries"] = 1
    assert verdict(ledger, rows).paid_twice == 0


def test_a_second_step_is_no_second_payment(ledger: dict[str, Any], rows: dict[str, Any]) -> None:
    step = {"modelName": "background-remove", "credits": 1, "webhookUrl": f"{ADDRESS}two"}
    ledger["predictions"].append(step)
    rows["predictions"].append({**rows["predictions"][0], "token": "two"})
    assert verdict(ledger, rows).clean


@pytest.mark.parametrize("stored_by", ["nobody", "an unknown call"])
def test_a_paid_picture_that_is_not_stored_counts(
    ledger: dict[str, Any], rows: dict[str, Any], stored_by: str
) -> None:
    if stored_by == "nobody":
        rows["jobs"][0].update(status="failed", stored=False)
    else:
        ledger["predictions"][0]["webhookUrl"] = f"{ADDRESS}three"
    assert verdict(ledger, rows).not_stored == 1


def test_what_nobody_could_know_is_counted_apart(ledger: dict[str, Any], rows: dict[str, Any]) -> None:
    rows["jobs"][0].update(status="failed", stored=False)
    rows["predictions"][0].update(state="unknown", providerId="")
    assert verdict(ledger, rows).not_stored == 1  # the webhook told us
    ledger["webhooks"] = []
    judged = verdict(ledger, rows)
    assert (judged.not_stored, judged.undecidable) == (0, 1)


def test_an_exceeded_limit_counts(ledger: dict[str, Any], rows: dict[str, Any]) -> None:
    ledger["limitsExceeded"] = {"run": 2}
    assert verdict(ledger, rows).limits_exceeded == 2
