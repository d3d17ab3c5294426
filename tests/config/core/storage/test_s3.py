"""Pictures on S3: what a browser gets from the bucket, and what is said when the store refuses."""

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import structlog
from botocore.loaders import JSONFileLoader
from django.core.files.storage import default_storage
from pytest_django import Settings

from config.core.storage import ObjectMissing, StorageUnavailable, new_files, read, time_budget
from models_library.models import ModelImage
from tests import s3
from tests.conftest import Api, error_of
from tests.images import SMALL_SQUARE, garment_photo
from tests.stores import fetch
from tests.threads import at_once
from tests.tryon.fashn.loopback import Handler, Loopback, Step, hangs
from tests.waiting import LONGEST_SECONDS, eventually
from tryon.models import ProductImage

PICTURE = b"\x89PNG picture"

pytestmark = pytest.mark.django_db


@pytest.fixture
def begun_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a thread begin each call: one that none has begun is not made when its time is up."""
    submit = time_budget._threads.submit

    def begun(call: Callable[[], Any]) -> Future[Any]:
        future = submit(call)
        eventually(lambda: future.running() or future.done())
        return future

    monkeypatch.setattr(time_budget._threads, "submit", begun)


def late_call_ends(log: list[Any], broken: Loopback) -> None:
    """Let the store hang up, and wait for the end of the call, whose line is not for the next test's log."""
    broken.released.set()
    eventually(lambda: [entry for entry in log if entry["event"] == "late_storage_call_ended"])


def stored() -> str:
    with new_files() as write:
        return write("results", PICTURE, "png")


def test_the_bucket_tells_the_browser_what_it_serves(bucket: str, s3_endpoint: str) -> None:
    key = stored()
    answer = fetch(default_storage.url(key))
    assert answer.content == PICTURE
    assert answer.headers["Content-Type"] == "image/png"
    assert answer.headers["Content-Disposition"] == f'inline; filename="{key.rpartition("/")[2]}"'
    assert answer.headers["Cache-Control"] == "private, max-age=3600, immutable"
    grants = s3.client_for(s3_endpoint).get_object_acl(Bucket=bucket, Key=f"shop/{key}")["Grants"]
    assert not any("URI" in grant["Grantee"] for grant in grants)  # nobody but the owner


def test_a_url_lives_as_long_as_set_and_not_for_years(
    bucket: str, s3_endpoint: str, settings: Settings
) -> None:
    s3.use(settings, s3.storage_on(s3_endpoint, bucket, url_seconds=600))
    query = parse_qs(urlsplit(default_storage.url(stored())).query)
    assert 600 <= int(query["X-Amz-Expires"][0]) <= 900
    assert query["X-Amz-Algorithm"] == ["AWS4-HMAC-SHA256"]
    assert query["X-Amz-Signature"]


def test_the_descriptions_of_s3_are_read_once_for_all_threads(
    bucket: str, s3_endpoint: str, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = stored()
    load, opened = JSONFileLoader.load_file, []

    def noted(loader: JSONFileLoader, path: str) -> Any:
        opened.append(path)
        return load(loader, path)

    monkeypatch.setattr(JSONFileLoader, "load_file", noted)
    at_once(2, lambda: read(key), threads=2)
    s3.use(settings, s3.storage_on(s3_endpoint, bucket))
    assert read(key) == PICTURE
    assert opened == []


def test_a_missing_bucket_is_no_missing_picture(s3_endpoint: str, settings: Settings) -> None:
    s3.use(settings, s3.storage_on(s3_endpoint, "no-such-bucket"))
    with structlog.testing.capture_logs() as log, pytest.raises(StorageUnavailable):
        read("results/00/some.png")
    assert [entry["fault"] for entry in log if "fault" in entry] == ["NoSuchBucket"]
    with pytest.raises(StorageUnavailable):
        stored()


def test_a_missing_picture_is_told_with_one_request(broken: Loopback) -> None:
    broken.answers(refusing(404, "NoSuchKey"))
    with pytest.raises(ObjectMissing):
        read("results/00/some.png")
    assert [seen.method for seen in broken.seen] == ["GET"]


@pytest.mark.parametrize(
    ("status", "code"),
    [(403, "InvalidAccessKeyId"), (403, "SignatureDoesNotMatch"), (403, "AccessDenied"), (503, "SlowDown")],
)
def test_a_refusing_store_is_named_in_the_log_and_not_to_the_caller(
    broken: Loopback, owner: Api, status: int, code: str
) -> None:
    broken.answers(refusing(status, code))
    with structlog.testing.capture_logs() as log:
        response = owner.upload(garment_photo())
    error = error_of(response)
    assert (response.status_code, error["code"], error["retryable"]) == (503, "storage_unavailable", True)
    assert code not in response.content.decode()
    assert code in [entry.get("fault") for entry in log]
    assert ProductImage.objects.count() == 0


def test_a_store_that_does_not_answer_is_not_waited_for_long(
    broken: Loopback, manager: Api, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("config.s3_options.READ_SECONDS", 0.1)
    s3.use(settings, s3.storage_on(broken.url, "bucket"))
    broken.answers(silent)
    assert error_of(manager.upload(garment_photo()))["code"] == "storage_unavailable"
    assert error_of(manager.add_model(garment_photo()))["code"] == "storage_unavailable"
    assert (ProductImage.objects.count(), ModelImage.objects.count()) == (0, 0)


def test_a_request_leaves_a_store_that_hangs_when_its_time_is_up(
    broken: Loopback, owner: Api, settings: Settings, monkeypatch: pytest.MonkeyPatch, begun_calls: None
) -> None:
    """The client's own timeouts are for one read of one attempt. The time of the whole request counts."""
    monkeypatch.setattr("config.s3_options.READ_SECONDS", LONGEST_SECONDS)
    monkeypatch.setattr(time_budget, "REQUEST_SECONDS", 0.1)
    s3.use(settings, s3.storage_on(broken.url, "bucket"))
    broken.answers(hangs)
    with structlog.testing.capture_logs() as log:
        response = owner.upload(garment_photo(SMALL_SQUARE))
        late_call_ends(log, broken)
    assert (response.status_code, error_of(response)["code"]) == (503, "storage_unavailable")
    assert "TimeoutError" in [entry.get("fault") for entry in log]
    assert ProductImage.objects.count() == 0


def test_all_calls_of_a_request_share_its_time(
    broken: Loopback, settings: Settings, monkeypatch: pytest.MonkeyPatch, begun_calls: None
) -> None:
    monkeypatch.setattr("config.s3_options.READ_SECONDS", LONGEST_SECONDS)
    s3.use(settings, s3.storage_on(broken.url, "bucket"))
    broken.answers(hangs)
    with structlog.testing.capture_logs() as log:
        with time_budget.budget(0.1):
            for _ in range(3):
                with pytest.raises(StorageUnavailable):
                    read("results/00/some.png")
        assert broken.requests() == 1  # the second and third call found no time left
        late_call_ends(log, broken)


def test_a_worker_has_no_such_budget(bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time_budget, "REQUEST_SECONDS", 0)
    assert read(stored()) == PICTURE


def refusing(status: int, code: str) -> Step:
    """S3's answer to a call that it does not carry out."""
    body = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>No.</Message></Error>".encode()

    def answer(handler: Handler) -> None:
        handler.send_response(status)
        handler.send_header("Content-Type", "application/xml")
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return answer


def silent(handler: Handler) -> None:
    handler.server.released.wait(LONGEST_SECONDS)
