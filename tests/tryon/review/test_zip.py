"""Approved results as a ZIP."""

import csv
import hashlib
import io
import json
import zipfile
from typing import Any, Final
from uuid import uuid4

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import Client

from config.core.storage import StorageUnavailable
from results.models import Review, ReviewDecision, TryOnResult
from tests.admin_pages import page, sign_in
from tests.factories import ShopperPhotoFactory, TryOnResultFactory

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("store")]

ZIP: Final = "/admin/review/approved.zip"
LIST: Final = "/admin/results/tryonresult/"


def stored(content: bytes, **fields: Any) -> TryOnResult:
    """An approved result with its picture."""
    key = default_storage.save(f"results/aa/{uuid4()}.png", ContentFile(content))
    fields = {"review": Review.APPROVED, "job__product_image__product_id": "=SKU/1", **fields}
    result: TryOnResult = TryOnResultFactory.create(image=key, **fields)
    return result


def opened(response: Any) -> zipfile.ZipFile:
    assert (response.status_code, response["Content-Type"]) == (200, "application/zip")
    archive = zipfile.ZipFile(io.BytesIO(b"".join(response.streaming_content)))
    assert archive.testzip() is None
    return archive


def manifest(archive: zipfile.ZipFile) -> list[dict[str, Any]]:
    """The lines of the manifest, the same in both forms. No spreadsheet finds a formula."""
    lines: list[dict[str, Any]] = json.loads(archive.read("manifest.json"))
    sheet = list(csv.DictReader(io.StringIO(archive.read("manifest.csv").decode("utf-8-sig"))))
    assert [{name: str(value) for name, value in line.items()} for line in lines] == [
        {name: value.removeprefix("'") for name, value in line.items()} for line in sheet
    ]
    assert all(line["product"].startswith("'=") for line in sheet)
    return lines


def test_the_approved_ones_with_a_manifest_of_what_is_in_the_file(staff: Client) -> None:
    content = b"picture" * 100_000
    result = stored(content, job__options={"mode": "quality"}, job__model_image__name="Mina", credits_used=2)
    ReviewDecision.objects.create(
        job=result.job, result=result, verdict="approved", person_id=staff.session["_auth_user_id"]
    )
    stored(b"x", review=Review.PENDING)
    stored(b"x", review=Review.ALMOST)
    stored(b"x", job__model_image=None, job__shopper_photo=ShopperPhotoFactory.create())

    archive = opened(staff.get(ZIP))

    [line] = manifest(archive)
    assert archive.namelist() == [line["file"], "manifest.csv", "manifest.json"]
    assert line["file"] == f"-SKU-1_Mina_{str(result.pk)[:8]}.png"
    assert archive.read(line["file"]) == content
    assert (line["state"], line["bytes"]) == ("ok", len(content))
    assert line["sha256"] == hashlib.sha256(content).hexdigest()
    assert (line["credits"], line["ai_label"], line["approved_by"]) == (2, "Made with AI", "staff")
    assert (line["model"], json.loads(line["options"])) == ("Mina", {"mode": "quality"})


def test_a_picture_that_is_gone_is_named_and_breaks_nothing(
    staff: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone, whole = stored(b"gone"), stored(b"whole")
    default_storage.delete(str(gone.image))
    archive = opened(staff.get(ZIP))
    states = {line["result"]: (line["state"], line["file"] == "") for line in manifest(archive)}
    assert states == {str(gone.pk): ("missing", True), str(whole.pk): ("ok", False)}

    def breaks_off(key: str) -> Any:
        yield b"first"
        raise StorageUnavailable

    monkeypatch.setattr("tryon.review.archive.pieces", breaks_off)
    lines = manifest(opened(staff.get(ZIP)))
    assert {(line["state"], line["sha256"]) for line in lines} == {
        ("incomplete", hashlib.sha256(b"first").hexdigest())
    }


def test_each_picture_has_a_name_of_its_own_that_a_disk_takes(staff: Client) -> None:
    long = {"job__product_image__product_id": "=" + "옷" * 99, "job__model_image__name": "모" * 100}
    results = [stored(content, **long) for content in (b"one", b"other")]
    archive = opened(staff.get(ZIP))
    names = [line["file"] for line in manifest(archive)]
    assert sorted(map(archive.read, names)) == [b"one", b"other"]
    assert sorted(name[-12:-4] for name in names) == sorted(str(result.pk)[:8] for result in results)
    assert all(len(name.encode()) < 200 for name in names)


def test_by_filter_or_by_choice(staff: Client) -> None:
    one, other = stored(b"one"), stored(b"other", job__product_image__product_id="=SKU-2")
    by_filter = manifest(opened(staff.get(f"{ZIP}?product==SKU-2&review=pending")))
    chosen = staff.post(LIST, {"action": "download", "_selected_action": [str(one.pk)], "index": "0"})
    assert [[line["result"] for line in lines] for lines in (by_filter, manifest(opened(chosen)))] == [
        [str(other.pk)],
        [str(one.pk)],
    ]
    assert "nothing to download" in page(staff, f"{ZIP}?product=none")


def test_who_may_not_see_results_gets_no_zip() -> None:
    stored(b"x")
    assert sign_in("tryon.view_tryonjob").get(ZIP).status_code == 403
