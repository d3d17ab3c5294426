"""Each count can be other than zero."""

from typing import Any

import pytest

from tests.chaos.verdict import ATTEMPTS_PER_WEBHOOK, Verdict, verdict

ADDRESS = "http://127.0.0.1/api/tryon/webhooks/fashn/"
REFUSED = {"status": 503}


@pytest.fixture
def ledger() -> dict[str, Any]:
    """One paid picture, called back."""
    call = {
        "modelName": "tryon-v1.6",
        "credits": 1,
        "completedAt": "2026-01-01T00:00:08Z",
        "webhookUrl": f"{ADDRESS}one",
    }
    webhook = {"url": f"{ADDRESS}one", "attempts": [{"status": 200}]}
    return {"predictions": [call], "webhooks": [webhook], "limitsExceeded": {}}


@pytest.fixture
def rows() -> dict[str, Any]:
    """The job it was paid for, completed."""
    return {
        "jobs": [
            {
                "id": "j",
                "recipe": "r",
                "status": "completed",
                "errorCode": "",
                "stored": True,
                "personalRetries": 0,
            }
        ],
        "predictions": [
            {
                "token": "one",
                "job": "j",
                "step": 0,
                "state": "succeeded",
                "providerId": "p",
                "kept": False,
            }
        ],
    }


def judge(ledger: dict[str, Any], rows: dict[str, Any], *more: str) -> Verdict:
    return verdict(ledger, rows, {"j", *more})


def test_a_good_run_is_clean(ledger: dict[str, Any], rows: dict[str, Any]) -> None:
    judged = judge(ledger, rows)
    assert judged.clean
    assert (judged.jobs, judged.paid, judged.suspects) == (1, 1, frozenset())


def test_an_unfinished_job_counts(ledger: dict[str, Any], rows: dict[str, Any]) -> None:
    rows["jobs"][0]["status"] = "processing"
    judged = judge(ledger, rows)
    assert (judged.unfinished, judged.suspects, judged.clean) == (1, frozenset({"j"}), False)


def test_a_promised_job_without_a_row_counts(ledger: dict[str, Any], rows: dict[str, Any]) -> None:
    judged = judge(ledger, rows, "lost")
    assert (judged.unfinished, judged.suspects, judged.clean) == (1, frozenset({"lost"}), False)


def test_a_second_payment_counts_unless_a_person_asked_for_it(
    ledger: dict[str, Any], rows: dict[str, Any]
) -> None:
    ledger["predictions"].append({**ledger["predictions"][0], "webhookUrl": f"{ADDRESS}two"})
    rows["predictions"].append({**rows["predictions"][0], "token": "two"})
    judged = judge(ledger, rows)
    assert (judged.paid_twice, judged.suspects, judged.clean) == (1, frozenset({"j"}), False)
    rows["jobs"][0]["personalRetries"] = 1
    assert judge(ledger, rows).clean


def test_a_second_step_is_no_second_payment(ledger: dict[str, Any], rows: dict[str, Any]) -> None:
    ledger["predictions"].append({**ledger["predictions"][0], "webhookUrl": f"{ADDRESS}two"})
    rows["predictions"].append({**rows["predictions"][0], "token": "two", "step": 1})
    assert judge(ledger, rows).clean


@pytest.mark.parametrize("stored_by", ["nobody", "an unknown call"])
def test_a_paid_picture_that_is_not_stored_counts(
    ledger: dict[str, Any], rows: dict[str, Any], stored_by: str
) -> None:
    if stored_by == "nobody":
        rows["jobs"][0].update(status="failed", stored=False)
    else:
        ledger["predictions"][0]["webhookUrl"] = f"{ADDRESS}three"
    judged = judge(ledger, rows)
    assert (judged.not_stored, judged.clean) == (1, False)


def test_a_copy_kept_for_a_retry_is_stored(ledger: dict[str, Any], rows: dict[str, Any]) -> None:
    rows["jobs"][0].update(status="failed", stored=False)
    rows["predictions"][0]["kept"] = True
    assert judge(ledger, rows).clean


def test_the_picture_of_a_canceled_job_is_kept_too(ledger: dict[str, Any], rows: dict[str, Any]) -> None:
    rows["jobs"][0].update(status="canceled", stored=False)
    assert judge(ledger, rows).not_stored == 1
    rows["predictions"][0]["kept"] = True
    assert judge(ledger, rows).clean


def test_a_recipe_paid_again_by_another_job_counts_unless_a_person_asked_for_it(
    ledger: dict[str, Any], rows: dict[str, Any]
) -> None:
    ledger["predictions"].append({**ledger["predictions"][0], "webhookUrl": f"{ADDRESS}two"})
    rows["jobs"].append({**rows["jobs"][0], "id": "k"})
    rows["predictions"].append({**rows["predictions"][0], "token": "two", "job": "k"})
    judged = judge(ledger, rows)
    assert (judged.paid_twice, judged.recipes_paid_again, judged.clean) == (0, 1, False)
    rows["jobs"][0]["personalRetries"] = 1
    assert judge(ledger, rows).clean


def test_what_nobody_could_know_is_counted_apart(ledger: dict[str, Any], rows: dict[str, Any]) -> None:
    rows["jobs"][0].update(status="failed", stored=False)
    rows["predictions"][0].update(state="unknown", providerId="")
    assert judge(ledger, rows).not_stored == 1  # the webhook told us
    ledger["webhooks"] = []
    judged = judge(ledger, rows)
    assert (judged.not_stored, judged.undecidable, judged.clean) == (0, 1, True)


def test_an_exceeded_limit_counts(ledger: dict[str, Any], rows: dict[str, Any]) -> None:
    ledger["limitsExceeded"] = {"RateLimitExceeded": 2}
    judged = judge(ledger, rows)
    assert (judged.limits_exceeded, judged.clean) == (2, False)


def test_a_run_is_not_judged_while_fashn_works_or_calls_back(
    ledger: dict[str, Any], rows: dict[str, Any]
) -> None:
    ledger["predictions"][0].update(completedAt=None, credits=0)
    ledger["webhooks"] = []
    assert judge(ledger, rows).unsettled == 1
    ledger["predictions"][0]["completedAt"] = "2026-01-01T00:00:08Z"
    assert judge(ledger, rows).unsettled == 0
    ledger["webhooks"] = [{"url": f"{ADDRESS}one", "attempts": []}]
    assert judge(ledger, rows).unsettled == 1
    ledger["webhooks"][0]["attempts"] = [REFUSED]
    assert not judge(ledger, rows).clean


def test_a_webhook_that_fashn_gave_up_is_not_waited_for(ledger: dict[str, Any], rows: dict[str, Any]) -> None:
    ledger["webhooks"][0]["attempts"] = [REFUSED] * ATTEMPTS_PER_WEBHOOK
    assert judge(ledger, rows).clean


def test_a_call_that_keeps_its_slot_is_not_clean(ledger: dict[str, Any], rows: dict[str, Any]) -> None:
    rows["predictions"].append({"token": "two", "job": "j", "state": "sending", "providerId": ""})
    assert judge(ledger, rows).unsettled == 1
