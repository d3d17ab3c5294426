"""The trial of the store: what an owner learns before the first upload fails."""

import tempfile
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from config.core.storage import Finding, Step, storage_findings, storage_state, trial
from tests import s3, stores
from tests.config.core.storage.test_s3 import refusing, silent
from tests.tryon.fashn.loopback import Loopback

pytestmark = pytest.mark.django_db


def faults() -> dict[Step, str]:
    return {finding.step: finding.fault for finding in storage_findings()}


def readyz() -> Any:
    return Client().get("/readyz").json()


def test_a_private_bucket_passes_and_keeps_nothing_of_the_trial(bucket: str) -> None:
    assert faults() == dict.fromkeys(Step, "")
    assert stores.all_keys() == set()
    assert readyz()["storage"] == "ok"


def test_a_local_folder_passes_and_keeps_nothing_of_the_trial() -> None:
    assert set(faults().values()) == {""}
    assert stores.all_keys() == set()
    assert readyz()["storage"] == "ok"


def test_public_objects_are_found_out(bucket: str, settings: Settings, s3_endpoint: str) -> None:
    public: Any = s3.storage_on(s3_endpoint, bucket)
    public["OPTIONS"]["default_acl"] = "public-read"
    s3.use(settings, public)
    assert faults()[Step.PRIVACY] == "PublicObjects"


def test_an_address_that_nobody_reaches_is_found_out(
    bucket: str, settings: Settings, s3_endpoint: str
) -> None:
    s3.use(settings, s3.storage_on(s3_endpoint, bucket, public_endpoint="http://127.0.0.1:9"))
    assert faults()[Step.SIGNED_ADDRESS] == "NotReached"
    assert stores.all_keys() == set()


def test_a_bucket_that_does_not_exist_is_named_by_trial_and_readyz(
    settings: Settings, s3_endpoint: str, plain_static_files: None
) -> None:
    s3.use(settings, s3.storage_on(s3_endpoint, "no-such-bucket"))
    (finding,) = storage_findings()
    assert finding == Finding(Step.WRITE, "NoSuchBucket")
    assert "S3_BUCKET" in finding.advice
    assert (readyz()["status"], readyz()["storage"]) == ("ok", "NoSuchBucket")


@pytest.mark.parametrize("code", ["InvalidAccessKeyId", "SignatureDoesNotMatch", "AccessDenied"])
def test_a_wrong_key_is_named_by_trial_and_readyz(broken: Loopback, code: str) -> None:
    broken.answers(refusing(403, code))
    (finding,) = storage_findings()
    assert (finding.step, finding.fault, finding.is_good) == (Step.WRITE, code, False)
    assert finding.advice.endswith(".")
    assert readyz()["storage"] == code


def test_readyz_asks_the_store_once_in_a_while(broken: Loopback) -> None:
    broken.answers(refusing(403, "InvalidAccessKeyId"))
    for _ in range(5):
        readyz()
    assert len([seen for seen in broken.seen if seen.method == "GET"]) == 1


def test_readyz_does_not_wait_for_a_store_that_hangs(
    broken: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trial, "WAIT_SECONDS", 0.05)
    broken.answers(silent)
    assert readyz()["storage"] == "NoAnswer"
    assert storage_state() == "NoAnswer"
    broken.released.set()
    assert broken.requests() == 1  # the second question found the first one on its way


def test_a_folder_that_can_not_be_written_is_named(settings: Settings) -> None:
    settings.MEDIA_ROOT = "/dev/null"
    assert faults() == {Step.WRITE: "NotADirectoryError"}
    assert readyz()["storage"] == "PermissionError"


@pytest.mark.parametrize(("mode", "fault"), [(0o755, "OthersMayRead"), (0o750, "OthersMayRead"), (0o700, "")])
def test_a_folder_that_others_can_read_is_found_out(settings: Settings, mode: int, fault: str) -> None:
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:  # the run's own folder is closed
        Path(folder).chmod(mode)
        settings.MEDIA_ROOT = folder
        assert faults()[Step.PRIVACY] == fault
