"""A job's page: what happens next in words, where its time went, its tasks, and the support bundle."""

import io
import json
import re
import zipfile
from datetime import timedelta

import pytest
from django.conf import settings as all_settings
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from config.core import clock
from tests.admin_pages import page, sign_in
from tests.factories import PredictionFactory, ShopperPhotoFactory, TryOnJobFactory, TryOnResultFactory
from tryon.engine import governor, queue
from tryon.models import Account, EventKind, JobEvent, Lane, Pause, PredictionState, Status, TryOnJob

pytestmark = pytest.mark.django_db

LIST = "/admin/tryon/tryonjob/"
RQ = "/admin/django_rq/dashboard/"
JPEG, PNG, WEBP = b"\xff\xd8\xff", b"\x89PNG", b"WEBP"


def address(job: TryOnJob) -> str:
    return f"{LIST}{job.pk}/change/"


def next_of(client: Client, job: TryOnJob) -> list[str]:
    """The sentences about what happens next."""
    part = page(client, address(job)).split('class="module studio-next"')[1].split("</ul>")[0]
    return re.findall(r"<li>([^<]+)</li>", part)


def test_a_queued_job_says_its_place_and_its_wait(staff: Client) -> None:
    TryOnJobFactory.create_batch(2)
    job = TryOnJobFactory.create(lane=Lane.BULK)
    place, lane, wait = next_of(staff, job)
    assert place == "It waits for a slot as number 3. 0 of 5 slots are taken."
    assert lane == "Shoppers go before it, and the last free slot is theirs."
    assert re.fullmatch(r"Its picture should be ready in \d+ s\.", wait)


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        (Pause.OPERATOR, "An operator paused the service."),
        (Pause.OUT_OF_CREDITS, "credits are used up. Buy credits."),
        (Pause.UNAUTHORIZED, "Set FASHN_API_KEY and restart."),
    ],
)
def test_a_paused_service_is_told_with_its_cause(staff: Client, reason: Pause, words: str) -> None:
    job = TryOnJobFactory.create()
    governor.pause(Account.LIVE, reason)
    assert words in next_of(staff, job)[0]


def test_a_back_off_and_a_spent_day_are_told(staff: Client, settings: Settings) -> None:
    job = TryOnJobFactory.create(retry_count=2, not_before=clock.now() + timedelta(minutes=5))
    assert re.match(r"It is back in the queue until .* retry 2 of 3\.", next_of(staff, job)[0])
    settings.TRYON_DAILY_LIMIT = 1
    PredictionFactory.create(
        job__failed=True, state=PredictionState.SUCCEEDED, credits_used=1, submitted_at=clock.now()
    )
    [_back_off, spent, *_rest] = next_of(staff, job)
    assert spent.startswith("Today&#x27;s credits are used up. It starts from ")


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (PredictionState.RESERVED, "Next, its photos go to FASHN."),
        (PredictionState.SENDING, "on their way to FASHN"),
        (PredictionState.RUNNING, "FASHN makes the picture."),
        (PredictionState.UNKNOWN, "has not answered the submission"),
        (PredictionState.SUCCEEDED, "Next, it is fetched and stored."),
    ],
)
def test_a_job_under_way_says_where_it_is(staff: Client, state: str, words: str) -> None:
    job = TryOnJobFactory.create(status=Status.PROCESSING, next_check_at=clock.now())
    PredictionFactory.create(job=job, state=state, provider_id="1-u1")
    found = next_of(staff, job)
    assert words in found[0]
    assert found[1].startswith("FASHN is asked again at ")


def test_a_dead_letter_says_the_price_of_a_retry(staff: Client) -> None:
    job = TryOnJobFactory.create(failed=True, error_code="provider_unavailable")
    [price] = next_of(staff, job)
    assert price.endswith("A retry costs at most 1 credit.")
    now = clock.now()
    PredictionFactory.create(
        job=job,
        state=PredictionState.SUCCEEDED,
        output="https://cdn.example/a.png",
        submitted_at=now,
        finished_at=now,
        rescue_at=now + timedelta(minutes=3),
    )
    rescue, free = next_of(staff, job)
    assert rescue.startswith("The paid picture is looked for again at ")
    assert free.endswith("A retry costs nothing, for the picture is paid.")


def test_ended_jobs_say_so(staff: Client) -> None:
    permanent = TryOnJobFactory.create(failed=True)
    assert next_of(staff, permanent) == [
        "The same request would fail again. Choose another photo or other options."
    ]
    canceled = TryOnJobFactory.create(status=Status.CANCELED)
    assert next_of(staff, canceled) == ["The job was canceled. It pays nothing more."]
    assert next_of(staff, TryOnResultFactory.create().job)[0].startswith("Nothing: it is done.")
    assert "has been removed" in next_of(staff, TryOnJobFactory.create(completed=True))[0]


def test_the_time_of_each_stage_is_summed_over_all_tries(staff: Client) -> None:
    job = TryOnJobFactory.create(completed=True)
    begun = timezone.now() - timedelta(minutes=5)
    for second, kind in [
        (0, EventKind.QUEUED),
        (10, EventKind.STARTED),
        (11, EventKind.SUBMISSION_REFUSED),
        (12, EventKind.BACKED_OFF),
        (32, EventKind.STARTED),
        (33, EventKind.SUBMITTED),
        (34, EventKind.CHECKED),
        (43, EventKind.PICTURE_READY),
        (45, EventKind.COMPLETED),
    ]:
        JobEvent.objects.create(job=job, kind=kind, at=begun + timedelta(seconds=second))
    table = page(staff, address(job)).split("Time of each stage")[-1].split("</table>")[0]
    assert re.findall(r"<td>([^<]+)</td>", table) == ["30 s", "3 s", "10 s", "2 s"]


def test_only_a_job_under_way_refreshes_itself(staff: Client) -> None:
    job = TryOnJobFactory.create()
    done = TryOnJobFactory.create(completed=True)
    assert 'id="job-now" data-live="3"' in page(staff, address(job))
    assert 'id="job-now">' in page(staff, address(done))
    text = page(staff, LIST)
    assert f'id="job-{job.pk}-state" data-live="5"' in text
    assert f'id="job-{done.pk}-state">' in text


def test_a_list_that_refreshes_itself_tells_of_newer_jobs(staff: Client) -> None:
    drawn = clock.now().isoformat()
    TryOnJobFactory.create_batch(2)
    refreshed = staff.get(LIST, headers={"X-Live": drawn}).content.decode()
    assert "2 newer jobs. Load the list again." in refreshed
    for other in ("1", "", "x" * 99, "2026-01-01", "2026-13-45T00:00:00Z"):
        assert "newer job" not in staff.get(LIST, headers={"X-Live": other}).content.decode()


@pytest.mark.django_db(transaction=True)
def test_a_task_leads_to_its_job_and_back() -> None:
    staff = sign_in()
    job = TryOnJobFactory.create()
    queue.enqueue_timer(job.pk, delay_seconds=60)
    [task] = re.findall(rf'href="({RQ}queues/\d/advance_job_by_timer-[^"]+)"', page(staff, address(job)))
    assert f'href="{address(job)}"' in page(staff, task)


def test_who_may_not_see_the_queues_sees_no_tasks(db: None) -> None:
    job = TryOnJobFactory.create()
    assert "Tasks in RQ" not in page(sign_in("tryon.view_tryonjob"), address(job))


def test_the_support_bundle_tells_all_but_secrets_and_shoppers(staff: Client) -> None:
    shopper = "shopper:ada-of-linden"
    job = TryOnJobFactory.create(
        failed=True,
        error_code="provider_unavailable",
        model_image=None,
        shopper_photo=ShopperPhotoFactory.create(requester=shopper),
        requester=shopper,
        shopper=shopper,
    )
    call = PredictionFactory.create(
        job=job,
        provider_id="123a-u1",
        output="https://cdn.example/results/secret-picture.png?signature=abc123abc123",
        error_name="InternalServerError",
        error_message="https://cdn.example/a.jpg?X-Amz-Signature=0123456789abcdef fa-0123456789abcdefXYZ",
    )
    JobEvent.objects.create(job=job, kind=EventKind.CANCELED, data={"by": shopper})
    JobEvent.objects.create(job=job, kind=EventKind.CHECKED, data={"providerStatus": "processing"})

    assert f'href="{LIST}{job.pk}/bundle/"' in page(staff, address(job))
    answer = staff.get(f"{LIST}{job.pk}/bundle/")
    assert answer["Content-Type"] == "application/zip"
    assert answer["Content-Disposition"] == f'attachment; filename="job-{str(job.pk)[:8]}.zip"'
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}

    everything = b"\n".join(files.values())
    secrets = [
        call.callback_token,
        all_settings.SECRET_KEY,
        all_settings.FASHN_API_KEY or "fa-",
        shopper,
        "secret-picture",
        "abc123abc123",
        "0123456789abcdef",
        *(str(file) for file in (job.shopper_photo.original, job.product_image.processed)),  # type: ignore[union-attr]
    ]
    assert [secret for secret in secrets if secret.encode() in everything] == []
    assert not any(sign in everything for sign in (JPEG, PNG, WEBP))
    told = {name: json.loads(text) for name, text in files.items() if name.endswith(".json")}
    assert told["job.json"]["error_code"] == "provider_unavailable"
    assert told["job.json"]["requester"] == "[shopper]"
    assert told["predictions.json"][0]["provider_id"] == "123a-u1"
    assert told["predictions.json"][0]["outputHost"] == "cdn.example"
    assert [event["kind"] for event in told["events.json"]] == ["canceled", "checked"]
    assert told["settings.json"]["QUEUE_CONCURRENCY"] == 5
    assert told["versions.json"]["Django"].startswith("6.")
    assert str(job.pk).encode() in files["README.txt"]


def test_the_bundle_needs_the_permission_of_the_page() -> None:
    job = TryOnJobFactory.create()
    stranger = sign_in("results.view_tryonresult")
    assert stranger.get(f"{LIST}{job.pk}/bundle/").status_code == 403


def test_the_bundle_of_no_job_is_404(staff: Client) -> None:
    assert staff.get(f"{LIST}nonsense/bundle/").status_code == 404
