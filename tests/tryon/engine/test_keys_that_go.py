"""A key of FASHN that is taken away, refused or replaced: nothing waits for it in vain, or is paid twice."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from unittest.mock import ANY

import pytest
from django.core.management import call_command
from pytest_django import Settings
from structlog.testing import capture_logs

from config import env
from config.core import clock
from config.core.doctor import State
from tests.admin_pages import sign_in
from tests.conftest import Api, Finish, Generate, data_of
from tests.ledger import runs
from tests.tryon.metrics.scraping import TOKEN, Scrape
from tryon import tasks
from tryon.accounts import accounts_of, concurrency_of, has_key, terms_of
from tryon.alerts.finds import Readings, budget_100, credits_low
from tryon.batches.claims import credits_above_floor
from tryon.batches.figures import purse
from tryon.batches.models import Batch
from tryon.engine import governor
from tryon.models import Account, Governor, Pause, Prediction, PredictionState, Status, TryOnJob
from tryon.money.balances import ask_balances
from tryon.money.models import Balance
from tryon.money.selectors import balance
from tryon.sandbox import Sandbox
from tryon.services.doctor import calls_left_behind
from tryon.services.jobs import retry_price

SECOND = "live-2"


@pytest.fixture
def sandbox(settings: Settings) -> Iterator[Sandbox]:
    """A FASHN with two accounts. The next job starts on the second."""
    with Sandbox(speed=500, more_keys=["fa-second"]) as server:
        server.configure(plainPictures=True)
        settings.FASHN_API_URL = server.url
        settings.FASHN_API_KEY = server.api_key
        settings.FASHN_API_KEYS = ["fa-second"]
        yield server


@pytest.fixture
def on_second(sandbox: Sandbox, generate: Generate, work: Callable[[], None]) -> TryOnJob:
    """A job with a prediction that runs on the second account."""
    governor.pause(Account.LIVE, Pause.OPERATOR)
    governor.resume(SECOND)
    job_id = generate()["jobId"]
    work()
    governor.resume(Account.LIVE)
    assert Prediction.objects.get().account == SECOND
    return TryOnJob.objects.get(pk=job_id)


def test_a_job_on_a_key_that_was_taken_away_fails_at_its_next_check_and_a_retry_pays_on_another_account(
    on_second: TryOnJob, sandbox: Sandbox, settings: Settings, finish: Finish, owner: Api
) -> None:
    settings.FASHN_API_KEYS = []
    before = sandbox.ledger()["requests"]
    failed = finish(str(on_second.pk))
    assert (failed.status, failed.error_code) == (Status.FAILED, "account_unreachable")
    assert Prediction.objects.get().state == PredictionState.UNKNOWN
    assert sandbox.ledger()["requests"] == before  # nobody is asked without a key

    assert retry_price(failed) == 1
    assert data_of(owner.post(f"jobs/{failed.pk}/retry"))["status"] == "queued"
    assert finish(str(failed.pk)).status == Status.COMPLETED
    assert sorted(Prediction.objects.values_list("account", "state")) == [
        (Account.LIVE, PredictionState.SUCCEEDED),
        (SECOND, PredictionState.UNKNOWN),
    ]
    assert runs(sandbox) == 2


def test_a_request_for_the_same_picture_pays_nothing_by_itself(
    on_second: TryOnJob, sandbox: Sandbox, settings: Settings, finish: Finish, generate: Generate
) -> None:
    settings.FASHN_API_KEYS = []
    finish(str(on_second.pk))
    again = finish(generate()["jobId"])
    assert (again.status, again.error_code) == (Status.FAILED, "account_unreachable")
    assert runs(sandbox) == 1


def test_a_key_that_comes_back_brings_the_picture_along(
    on_second: TryOnJob, sandbox: Sandbox, settings: Settings, finish: Finish, rescue_now: Callable[[], None]
) -> None:
    settings.FASHN_API_KEYS = []
    finish(str(on_second.pk))
    before = sandbox.ledger()["requests"]
    rescue_now()
    assert sandbox.ledger()["requests"] == before
    settings.FASHN_API_KEYS = ["fa-second"]
    rescue_now()
    on_second.refresh_from_db()
    assert on_second.status == Status.COMPLETED
    assert runs(sandbox) == 1


def test_a_refused_key_pauses_its_account_and_a_new_key_of_that_account_brings_the_picture(
    on_second: TryOnJob, sandbox: Sandbox, settings: Settings, finish: Finish, work: Callable[[], None]
) -> None:
    settings.FASHN_API_KEYS = ["fa-revoked"]
    TryOnJob.objects.update(next_check_at=clock.now())
    tasks.advance_job(str(on_second.pk))
    assert governor.current(SECOND).pause == Pause.UNAUTHORIZED
    assert governor.current(Account.LIVE).pause == ""
    assert TryOnJob.objects.get().status == Status.PROCESSING
    settings.FASHN_API_KEYS = ["fa-second"]
    assert finish(str(on_second.pk)).status == Status.COMPLETED
    assert runs(sandbox) == 1


@pytest.mark.parametrize("mended", [False, True])
def test_a_retry_of_a_job_on_a_refused_key_pays_on_another_account_unless_the_key_is_good_again(
    on_second: TryOnJob, sandbox: Sandbox, settings: Settings, finish: Finish, owner: Api, mended: bool
) -> None:
    settings.FASHN_API_KEYS = ["fa-revoked"]
    late = clock.now() - timedelta(seconds=settings.JOB_DEADLINE_SECONDS)
    Prediction.objects.update(submitted_at=late)
    TryOnJob.objects.update(started_at=late)
    failed = finish(str(on_second.pk))
    assert (failed.status, failed.error_code) == (Status.FAILED, "account_unreachable")
    assert retry_price(failed) == 1
    if mended:
        settings.FASHN_API_KEYS = ["fa-second"]
        governor.resume(SECOND)
    owner.post(f"jobs/{failed.pk}/retry")
    assert finish(str(failed.pk)).status == Status.COMPLETED
    assert runs(sandbox) == (1 if mended else 2)


def test_the_doctor_and_a_worker_that_starts_tell_of_predictions_on_an_account_without_a_key(
    on_second: TryOnJob, settings: Settings, finish: Finish
) -> None:
    settings.FASHN_API_KEYS = []
    finish(str(on_second.pk))
    [finding] = calls_left_behind()
    assert (finding.state, finding.fact) == (State.WARNING, "live-2: 1")
    page = sign_in().get("/admin/tryon/governor/doctor/").content.decode()
    assert "Predictions are under way on an account without a key." in page
    assert "#calls_without_key" in page
    with capture_logs() as log:
        call_command("rqworker", "tryon", burst=True, worker_class="tryon.worker.StepWorker", verbosity=0)
    assert [(line["account"], line["number"]) for line in log if line["event"] == "calls_without_key"] == [
        (SECOND, 1)
    ]
    settings.FASHN_API_KEYS = ["fa-second"]
    [finding] = calls_left_behind()
    assert (finding.state, finding.fact) == (State.GOOD, "2")


@pytest.mark.django_db
def test_the_balance_of_all_is_the_sum_of_what_is_known_and_names_the_others(
    sandbox: Sandbox, settings: Settings
) -> None:
    settings.FASHN_API_KEYS = ["fa-second", "fa-third"]
    Balance.objects.create(account="live-3", credits=900)
    ask_balances()  # FASHN does not know the third key
    staff = sign_in()
    for page in ("/admin/money/", "/admin/tryon/governor/", "/admin/"):
        text = staff.get(page).content.decode()
        assert "20,000" in text or "20000" in text, page
        assert "without Live 3: not known" in text, page
    known = purse().balance
    assert known is not None
    assert (known.credits, known.unknown) == (20_000, ["Live 3"])
    settings.METRICS_TOKEN = TOKEN
    seen = Scrape()
    assert [seen("credits_balance_known", account=name) for name in ("live", SECOND, "live-3")] == [1, 1, 0]


@pytest.mark.django_db
def test_a_key_refused_at_the_question_for_the_balance_pauses_its_account_once_and_no_other(
    sandbox: Sandbox, settings: Settings
) -> None:
    settings.FASHN_API_KEYS = ["fa-second", "fa-third"]
    with capture_logs() as log:
        ask_balances()
        ask_balances()
    paused = [line["account"] for line in log if line["event"] == "dispatch_paused"]
    assert paused == ["live-3"]
    pauses = {account: governor.current(account).pause for account in (Account.LIVE, SECOND, "live-3")}
    assert pauses == {Account.LIVE: "", SECOND: "", "live-3": Pause.UNAUTHORIZED}
    governor.pause("live-3", Pause.OPERATOR)
    ask_balances()
    assert governor.current("live-3").pause == Pause.OPERATOR


@pytest.mark.django_db
def test_what_was_told_for_a_key_that_is_refused_now_does_not_count(
    sandbox: Sandbox, settings: Settings
) -> None:
    Balance.objects.create(account=Account.LIVE, credits=500)
    Balance.objects.create(account=SECOND, credits=9)
    assert balance() == (509, ANY, ())
    assert [finding.subject for finding in credits_low(Readings())] == [SECOND]
    governor.pause(SECOND, Pause.UNAUTHORIZED)
    assert balance() == (500, ANY, ("Live 2",))
    assert credits_above_floor(Batch(credit_floor=100)) == 400
    assert credits_low(Readings()) == []
    governor.pause(Account.LIVE, Pause.UNAUTHORIZED)
    assert (balance(), purse().balance) == (None, None)


def test_no_worker_starts_when_a_key_has_moved_to_another_accounts_place_with_calls_under_way(
    on_second: TryOnJob, settings: Settings, work: Callable[[], None], finish: Finish
) -> None:
    settings.FASHN_API_KEYS = ["fa-new", "fa-second"]
    for state in (PredictionState.SENDING, PredictionState.RUNNING):  # its id may come, and has come
        Prediction.objects.update(state=state)
        with capture_logs() as log, pytest.raises(SystemExit, match="1"):
            work()
        assert [line["moved"] for line in log if line["event"] == "keys_moved"] == [["live-2 to live-3"]]
    settings.FASHN_API_KEYS = ["fa-second", "fa-new"]
    assert finish(str(on_second.pk)).status == Status.COMPLETED
    settings.FASHN_API_KEYS = ["fa-new", "fa-second"]
    work()
    marks = list(Governor.objects.order_by("pk").values_list("account", "key_mark"))
    assert [account for account, mark in marks if mark] == [Account.LIVE, SECOND, "live-3"]
    settings.FASHN_API_KEYS = ["fa-rotated"]
    work()
    assert Governor.objects.get(account=SECOND).key_mark not in dict(marks).values()
    assert Governor.objects.get(account="live-3").key_mark == ""


def test_a_step_that_was_to_run_on_a_key_that_is_gone_runs_on_another_account(
    on_second: TryOnJob, sandbox: Sandbox, settings: Settings, finish: Finish
) -> None:
    Prediction.objects.update(state=PredictionState.RESERVED, provider_id="", submitted_at=None)
    settings.FASHN_API_KEYS = []
    before = runs(sandbox)
    assert finish(str(on_second.pk)).status == Status.COMPLETED
    assert Prediction.objects.get().account == Account.LIVE
    assert runs(sandbox) == before + 1


def test_a_first_account_without_a_key_starts_nothing_while_others_have_one(
    sandbox: Sandbox, settings: Settings, generate: Generate, finish: Finish
) -> None:
    settings.FASHN_API_KEY = ""
    assert finish(generate()["jobId"]).status == Status.COMPLETED
    assert Prediction.objects.get().account == SECOND
    assert governor.current(Account.LIVE).pause == ""
    assert concurrency_of(Account.LIVE) == settings.QUEUE_CONCURRENCY
    settings.TRYON_DAILY_LIMIT = 1
    assert [finding.subject for finding in budget_100(Readings())] == [Account.LIVE]
    settings.FASHN_API_KEYS = ["fa-second", "fa-third"]
    assert "<strong>Live 2</strong>" in sign_in().get("/admin/tryon/governor/").content.decode()
    settings.FASHN_API_KEYS = []
    assert has_key(Account.LIVE)  # FASHN's refusal tells what is missing


def test_a_key_may_name_its_account_so_that_one_before_it_can_go(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FASHN_API_KEYS", "live-3=fa-third, fa-fourth")
    settings.FASHN_API_KEYS = env.secrets_of_places("FASHN_API_KEYS", "live", 2)
    assert settings.FASHN_API_KEYS == ["", "fa-third", "fa-fourth"]
    assert accounts_of(Account.LIVE) == [Account.LIVE, "live-3", "live-4"]
    assert [terms_of(name).key for name in (SECOND, "live-3", "live-4", "live-9")] == [
        *("", "fa-third"),
        *("fa-fourth", ""),
    ]
    assert not has_key(SECOND)
