"""The work of operators in the admin: pause and resume, retry and cancel."""

from collections.abc import Callable

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from config.core import clock
from config.people.models import AuditEntry, Decision
from tests.admin_pages import page, run_action, sign_in
from tests.conftest import Finish, Generate
from tests.factories import PredictionFactory, TryOnJobFactory
from tryon.engine import governor
from tryon.models import Account, Pause, PredictionState, Status, TryOnJob
from tryon.sandbox import Sandbox

pytestmark = pytest.mark.django_db(transaction=True)

FRONT = "/admin/"
OPERATIONS = "/admin/tryon/governor/"
JOBS = "/admin/tryon/tryonjob/"
REASONS = {
    Pause.OPERATOR: "An operator paused the service",
    Pause.OUT_OF_CREDITS: "Buy credits",
    Pause.UNAUTHORIZED: "FASHN does not accept the key",
}


def test_the_page_shows_numbers_and_what_to_do() -> None:
    TryOnJobFactory.create(status=Status.FAILED, error_code="deadline_passed")
    staff = sign_in("tryon.view_governor")
    assert "that a retry may cure" in page(staff, OPERATIONS)
    governor.pause(Account.LIVE, Pause.OUT_OF_CREDITS)
    text = page(staff, OPERATIONS)
    assert "Buy credits" in text
    assert 'value="Resume"' not in text  # may look, may not touch


def test_each_reason_is_told(settings: Settings) -> None:
    staff = sign_in()
    governor.hold(Account.LIVE, reason="provider_rate_limited", seconds=60)
    assert "asked for a break" in page(staff, OPERATIONS)
    for _ in range(5):
        governor.submission_failed(Account.LIVE)
    assert "accept jobs now" in page(staff, OPERATIONS)
    governor.submission_accepted(Account.LIVE)
    governor.resume(Account.LIVE)
    governor.pause(Account.LIVE, Pause.OPERATOR)
    governor.resume(Account.LIVE)
    settings.TRYON_DAILY_LIMIT = 1
    PredictionFactory.create(
        job__failed=True,
        state=PredictionState.SUCCEEDED,
        credits_used=1,
        submitted_at=clock.now(),
    )
    assert "credits are used up" in page(staff, OPERATIONS)


def test_an_operator_pauses_and_resumes() -> None:
    staff = sign_in("tryon.view_governor", "tryon.pause_service")
    staff.post(f"{OPERATIONS}pause/")
    assert governor.current(Account.LIVE).pause == Pause.OPERATOR
    staff.post(f"{OPERATIONS}resume/")
    assert governor.current(Account.LIVE).pause == ""


@pytest.mark.parametrize("button", ["pause/", "resume/"])
def test_the_buttons_need_the_permission_and_a_post(button: str) -> None:
    assert sign_in("tryon.view_governor").post(OPERATIONS + button).status_code == 403
    assert governor.current(Account.LIVE).pause == ""


def test_a_button_is_no_link() -> None:
    assert sign_in().get(f"{OPERATIONS}pause/").status_code == 405


def test_each_reason_of_a_pause_is_told_on_the_front_page() -> None:
    staff = sign_in("tryon.view_governor")
    assert "studio-problem" not in page(staff, FRONT)
    for reason, words in REASONS.items():
        governor.pause(Account.LIVE, reason)
        cache.clear()  # ten seconds later
        text = page(staff, FRONT)
        assert words in text
        assert f'<a href="{OPERATIONS}">Operations</a>' in text
        governor.resume(Account.LIVE)


def test_a_pause_by_an_operator_shows_at_once() -> None:
    staff = sign_in()
    assert "studio-problem" not in page(staff, FRONT)
    staff.post(f"{OPERATIONS}pause/")
    assert "An operator paused the service" in page(staff, FRONT)
    staff.post(f"{OPERATIONS}resume/")
    assert "studio-problem" not in page(staff, FRONT)


def test_many_pages_read_the_pause_once() -> None:
    staff = sign_in()
    page(staff, FRONT)
    with CaptureQueriesContext(connection) as queries:
        page(staff, FRONT)
    assert not [query for query in queries if "tryon_governor" in query["sql"]]


def test_the_pause_is_told_in_korean() -> None:
    staff = sign_in()
    governor.pause(Account.LIVE, Pause.OUT_OF_CREDITS)
    text = staff.get(FRONT, headers={"Accept-Language": "ko"}).content.decode()
    assert "크레딧을 구매하면" in text
    assert ">운영</a>" in text


def test_who_may_not_open_the_page_is_told_without_a_link() -> None:
    staff = sign_in("results.view_tryonresult")
    governor.pause(Account.LIVE, Pause.UNAUTHORIZED)
    text = page(staff, FRONT)
    assert "FASHN does not accept the key" in text
    assert OPERATIONS not in text


def test_strangers_are_not_told() -> None:
    governor.pause(Account.LIVE, Pause.OUT_OF_CREDITS)
    assert "studio-problem" not in page(Client(), "/admin/login/")


def test_the_page_has_one_name() -> None:
    text = page(sign_in(), FRONT)
    assert "Operations" in text
    assert ">Governor<" not in text


def test_dead_letters_are_listed_and_retried_together(
    generate: Generate, finish: Finish, sandbox: Sandbox
) -> None:
    sandbox.inject("prediction", "PoseError", times=1)
    hopeless = finish(generate(seed=1)["jobId"])
    dead = [finish(job) for job in self_made(generate, sandbox)]
    staff = sign_in()
    listed = page(staff, f"{JOBS}?dead=yes")
    assert all(str(job.pk)[:8] in listed for job in dead)
    assert str(hopeless.pk)[:8] not in listed
    done = TryOnJobFactory.create(completed=True)
    chosen = [job.pk for job in [*dead, done]]

    asked = run_action(staff, JOBS, "retry", chosen)
    assert "<strong>2 of 3</strong> chosen jobs have failed" in asked
    assert "Retry for at most 2 credits" in asked
    assert "The price has changed" in run_action(staff, JOBS, "retry", chosen, confirmed=1)
    assert {TryOnJob.objects.get(pk=job.pk).status for job in dead} == {Status.FAILED}

    text = run_action(staff, JOBS, "retry", chosen, confirmed=2)
    assert "2 of 3 jobs were retried." in text
    assert "Only a failed job can be retried" in text
    assert all(finish(str(job.pk)).status == Status.COMPLETED for job in dead)


def self_made(generate: Generate, sandbox: Sandbox) -> list[str]:
    """Two jobs whose predictions are about to be lost."""
    sandbox.inject("status", "NotFound", times=2)
    return [generate(seed=seed)["jobId"] for seed in (2, 3)]


def test_jobs_are_canceled_together() -> None:
    queued, ended = TryOnJobFactory.create(), TryOnJobFactory.create(failed=True)
    text = run_action(sign_in(), JOBS, "cancel", [queued.pk, ended.pk])
    assert "1 of 2 jobs were canceled." in text
    assert TryOnJob.objects.get(pk=queued.pk).status == Status.CANCELED


@pytest.mark.parametrize("action", ["retry", "cancel"])
def test_without_the_permission_there_is_no_such_action(action: str) -> None:
    job = TryOnJobFactory.create()
    staff = sign_in("tryon.view_tryonjob")
    assert f'value="{action}"' not in page(staff, JOBS)
    run_action(staff, JOBS, action, [job.pk])
    assert TryOnJob.objects.get(pk=job.pk).status == Status.QUEUED


def test_a_job_is_retried_from_its_page(work: Callable[[], None]) -> None:
    job = TryOnJobFactory.create(status=Status.FAILED, error_code="deadline_passed")
    staff = sign_in()
    address = f"{JOBS}{job.pk}/change/"
    assert "Retry…" in page(staff, address)
    fields = {"CHANGE_FORM-action": "retry", "_selected_action": str(job.pk)}

    asked = staff.post(address, fields).content.decode()
    assert "Retry for at most 1 credit<" in asked
    assert all(f'name="{name}" value="{value}"' in asked for name, value in fields.items())
    answer = staff.post(address, {**fields, "confirmed": "1"}, follow=True)
    assert "1 of 1 jobs were retried." in answer.content.decode()
    assert answer.redirect_chain[-1][0] == address


def test_the_audit_log_has_the_price_that_was_confirmed() -> None:
    job, now = TryOnJobFactory.create(failed=True, error_code="result_not_usable"), clock.now()
    paid = {"state": PredictionState.SUCCEEDED, "submitted_at": now, "finished_at": now}
    PredictionFactory.create(job=job, output="https://cdn.example/a.png", **paid)
    sign_in().post(JOBS, {"action": "retry", "_selected_action": str(job.pk), "confirmed": "0"})
    entry = AuditEntry.objects.get(decision=Decision.RETRY)
    assert entry.additional_data == {"credits": 0}
