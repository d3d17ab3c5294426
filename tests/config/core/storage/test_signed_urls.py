"""Signed addresses of a bucket: at the host that browsers reach, by today's keys, within a token's life."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from botocore.utils import ContainerMetadataFetcher
from django.core.files.storage import default_storage
from pytest_django import Settings

from config.core.storage import ObjectArchived, StorageUnavailable, new_files, read
from tests import s3
from tests.conftest import Api, Finish, Generate, error_of
from tests.images import garment_photo
from tests.tryon.fashn.loopback import Handler, Loopback, Step
from tests.waiting import LONGEST_SECONDS
from tryon.models import ProductImage, Status
from tryon.sandbox import Sandbox

KEY = "results/00/00000000000000000000000000000000.png"
PICTURE = b"\x89PNG picture"

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def role(settings: Settings, monkeypatch: pytest.MonkeyPatch, plain_static_files: None) -> Iterator[Loopback]:
    """A machine with a role: an address on it gives tokens, as on ECS."""
    # Asked again after two seconds, it would give the next token.
    monkeypatch.setattr(ContainerMetadataFetcher, "TIMEOUT_SECONDS", LONGEST_SECONDS)
    with Loopback() as server:
        monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", f"{server.url}/role")
        s3.use(settings, s3.storage_on("http://127.0.0.1:9", "bucket", access_key="", secret_key=""))
        yield server


def token(number: int, *, minutes: float) -> Step:
    """The answer with a token that lives so long."""
    ends = datetime.now(UTC) + timedelta(minutes=minutes)
    body = {
        "AccessKeyId": f"key-{number}",
        "SecretAccessKey": "hidden",
        "Token": f"token-{number}",
        "Expiration": ends.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }

    def answer(handler: Handler) -> None:
        content = json.dumps(body).encode()
        handler.send_response(200)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content)

    return answer


def query_of(url: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


def test_browsers_get_the_outer_address_and_its_signature_counts(
    bucket: str, s3_endpoint: str, settings: Settings
) -> None:
    outer = s3_endpoint.replace("127.0.0.1", "localhost")
    s3.use(settings, s3.storage_on(s3_endpoint, bucket, public_endpoint=outer))
    url = default_storage.url(KEY)
    assert url.startswith(f"{outer}/{bucket}/shop/{KEY}?")
    assert query_of(url)["X-Amz-SignedHeaders"] == "host"


def test_the_bucket_is_in_the_host_where_the_store_wants_it(settings: Settings) -> None:
    s3.use(settings, s3.storage_on("https://oss-cn-hangzhou.aliyuncs.com", "pics"))
    assert default_storage.url(KEY).startswith(f"https://pics.oss-cn-hangzhou.aliyuncs.com/shop/{KEY}?")
    s3.use(settings, s3.storage_on("https://store.example", "pics", addressing="virtual"))
    assert default_storage.url(KEY).startswith(f"https://pics.store.example/shop/{KEY}?")


@pytest.mark.parametrize(
    "change",
    [
        {"endpoint": "https://other.example"},
        {"public_endpoint": "https://outer.example"},
        {"addressing": "virtual"},
        {"bucket": "other"},
        {"prefix": "other"},
        {"region": "us-east-1"},
        {"access_key": "another-key"},
        {"secret_key": "another-secret"},
        {"url_seconds": 60},
    ],
    ids=lambda change: next(iter(change)),
)
def test_an_address_is_not_remembered_when_what_signs_it_has_changed(
    settings: Settings, change: dict[str, object]
) -> None:
    before: dict[str, object] = {"endpoint": "https://store.example", "bucket": "pics"}
    s3.use(settings, s3.storage_on(**before))  # type: ignore[arg-type]
    first = default_storage.url(KEY)
    assert default_storage.url(KEY) == first
    s3.use(settings, s3.storage_on(**{**before, **change}))  # type: ignore[arg-type]
    assert default_storage.url(KEY) != first


def test_an_address_with_other_parameters_is_another(settings: Settings) -> None:
    s3.use(settings, s3.storage_on("https://store.example", "pics"))
    plain = default_storage.url(KEY)
    named = default_storage.url(KEY, parameters={"ResponseContentDisposition": "attachment"})  # type: ignore[call-arg]
    assert "response-content-disposition" not in plain
    assert query_of(named)["response-content-disposition"] == "attachment"


def test_an_address_does_not_promise_more_than_the_token_of_the_role(role: Loopback) -> None:
    role.answers(token(1, minutes=16), token(2, minutes=16))
    query = query_of(default_storage.url(KEY))
    assert query["X-Amz-Security-Token"] in ("token-1", "token-2")
    assert 15 * 60 - 5 <= int(query["X-Amz-Expires"]) <= 16 * 60


def test_a_role_is_not_asked_again_with_every_address(role: Loopback, settings: Settings) -> None:
    role.answers(token(1, minutes=65.5), token(2, minutes=300))
    assert query_of(default_storage.url(KEY))["X-Amz-Security-Token"] == "token-1"
    seconds: int = settings.STORAGES["default"]["OPTIONS"]["querystring_expire"] + 900
    longer = query_of(default_storage.url(KEY, expire=seconds))  # type: ignore[call-arg]
    assert role.requests() == 1  # the role was asked a moment ago
    assert int(longer["X-Amz-Expires"]) <= 65.5 * 60


def test_a_role_is_asked_again_for_a_longer_token(role: Loopback, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("config.core.storage.signing.ASK_AGAIN_SECONDS", -1)
    role.answers(token(1, minutes=30), token(2, minutes=300))
    default_storage.url("results/00/first.png")
    query = query_of(default_storage.url(KEY))
    assert query["X-Amz-Security-Token"] == "token-2"
    assert int(query["X-Amz-Expires"]) == 3900


def test_a_machine_without_keys_and_role_is_a_store_that_is_away(
    settings: Settings, owner: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    s3.use(settings, s3.storage_on("http://127.0.0.1:9", "bucket", access_key="", secret_key=""))
    with pytest.raises(StorageUnavailable):
        default_storage.url(KEY)
    assert error_of(owner.upload(garment_photo()))["code"] == "storage_unavailable"


def archive(endpoint: str, bucket: str, key: str) -> None:
    """Move an object to Glacier, as a life-cycle rule does."""
    place = {"Bucket": bucket, "Key": f"shop/{key}"}
    s3.client_for(endpoint).copy_object(**place, CopySource=place, StorageClass="GLACIER")


def test_an_archived_picture_is_no_passing_fault(bucket: str, s3_endpoint: str) -> None:
    with new_files() as store:
        key = store("results", PICTURE, "png")
    archive(s3_endpoint, bucket, key)
    with pytest.raises(ObjectArchived) as caught:
        read(key)
    assert (caught.value.code, caught.value.retryable) == ("picture_archived", False)


@pytest.mark.parametrize("by_address", [False, True])
def test_a_job_with_an_archived_photo_fails_by_name_and_pays_nothing(
    bucket: str,
    s3_endpoint: str,
    settings: Settings,
    generate: Generate,
    finish: Finish,
    sandbox: Sandbox,
    by_address: bool,
) -> None:
    settings.FASHN_INPUT_URLS = by_address
    job_id = generate()["jobId"]
    archive(s3_endpoint, bucket, str(ProductImage.objects.get().processed.name))
    job = finish(job_id)
    assert (job.status, job.error_code) == (Status.FAILED, "picture_archived")
    assert sum(row["credits"] for row in sandbox.ledger()["predictions"]) == 0
    assert sandbox.ledger()["requests"].get("run", 0) == (1 if by_address else 0)
