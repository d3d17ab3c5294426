"""Two installations that share a bucket or a disk: neither removes the other's pictures."""

import os
import uuid
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.db import connection
from pytest_django import Settings

from config.core.storage import StorageUnavailable, claims, new_files, read
from config.core.upkeep import identity
from config.core.upkeep.installation import forget, installation
from config.core.upkeep.models import CleanupRun, Installation, StorageUse
from tests import s3
from tests.factories import ModelImageFactory
from tests.stores import all_keys, stored_keys
from tests.tryon.cleanup.world import clean, photo, result, stored

pytestmark = pytest.mark.django_db

OTHERS_MARK = f"installations/{uuid.uuid4().hex}.txt"


@pytest.fixture(autouse=True)
def old_files_in_one_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every file counts as written long ago, and the sweep looks only where the tests write."""
    monkeypatch.setattr("tryon.cleanup.files.YOUNG", timedelta(seconds=-60))
    monkeypatch.setattr("tryon.cleanup.files.folders", lambda: ["products/ab", "results/ab"])


@pytest.fixture
def bucket(s3_endpoint: str, settings: Settings, plain_static_files: None) -> str:
    """One bucket, without S3_PREFIX."""
    name = s3.new_bucket(s3_endpoint)
    storage = s3.storage_on(s3_endpoint, name, prefix=None)
    settings.STORAGES = {**settings.STORAGES, "default": storage}
    return name


def be_another_installation() -> None:
    """Go on as an installation with a database of its own."""
    Installation.objects.all().delete()
    StorageUse.objects.all().delete()
    forget()
    claims.forget()


def be_a_copy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Go on as a copy of this database, made from a dump: with all rows, in another database."""
    monkeypatch.setattr(claims, "database_identity", lambda: "0123456789ab")
    forget()
    claims.forget()


def age_marks() -> None:
    """Make the marks that are there an hour older. Works on local disk only."""
    for key in all_keys():
        if key.startswith("installations/"):
            path = Path(default_storage.path(key))
            hour_ago = path.stat().st_mtime - 3600
            os.utime(path, (hour_ago, hour_ago))


def upload() -> str:
    """Store a picture as the product does, outside the folders that are swept here, and return its key."""
    with new_files() as write:
        return write("models", b"picture", "png")


def keys_of(endpoint: str, bucket: str) -> set[str]:
    listed = s3.client_for(endpoint).list_objects_v2(Bucket=bucket).get("Contents", [])
    return {entry["Key"] for entry in listed}


def test_each_installation_sweeps_its_own_folder_of_a_bucket(bucket: str, s3_endpoint: str) -> None:
    for _ in range(9):
        stored("results")
    others = keys_of(s3_endpoint, bucket)
    be_another_installation()
    mine = stored("results")

    assert "stored_files: removed 1" in clean("stored_files")

    assert others <= keys_of(s3_endpoint, bucket)
    assert mine not in stored_keys()


def test_a_folder_of_its_own_is_chosen_once(bucket: str, s3_endpoint: str) -> None:
    first, second = upload(), upload()
    prefix = installation().prefix
    assert prefix.startswith("tryon-")
    assert {f"{prefix}/{first}", f"{prefix}/{second}"} <= keys_of(s3_endpoint, bucket)
    forget()  # as another process, or another machine
    assert read(first) == b"picture"
    assert default_storage.url(first) != default_storage.url(second)


@pytest.mark.parametrize("sign", ["a row that names a file", "a count of files"])
def test_files_that_are_there_already_stay_where_they_are(bucket: str, s3_endpoint: str, sign: str) -> None:
    """An installation of an earlier version has its pictures in the bucket's root."""
    key = "results/ab/ab000000000000000000000000000000.png"
    s3.client_for(s3_endpoint).put_object(Bucket=bucket, Key=key, Body=b"old picture")
    Installation.objects.all().delete()
    if sign == "a row that names a file":
        ModelImageFactory.create(image=key, thumbnail=key)
    else:
        StorageUse.objects.create(kind="results", objects_stored=1, bytes_stored=11)

    call_command("migrate", verbosity=0)

    assert installation().prefix == ""
    assert read(key) == b"old picture"


@pytest.mark.usefixtures("store")
@pytest.mark.parametrize("force", [False, True])
def test_nothing_is_swept_where_another_installation_keeps_its_pictures(force: bool) -> None:
    forgotten = stored("results")
    default_storage.save(OTHERS_MARK, ContentFile(b"Another installation's."))

    with pytest.raises(CommandError, match="stored_files"):
        clean("stored_files", force=force)

    assert forgotten in stored_keys()
    refused = CleanupRun.objects.get()
    assert (refused.problem, refused.looked_at, refused.removed) == ("cleanup_refused", 0, 0)
    assert OTHERS_MARK in refused.notes[0]
    assert "S3_PREFIX" in refused.notes[0]

    default_storage.delete(OTHERS_MARK)
    assert "removed 1" in clean("stored_files")


@pytest.mark.usefixtures("store")
def test_one_that_comes_between_looking_and_removing_stops_the_sweep(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from tryon.cleanup import files

    forgotten, after_looking = stored("results"), files._after_looking

    def then_the_other_comes(*args: object, **kwargs: object) -> str:
        default_storage.save(OTHERS_MARK, ContentFile(b"Another installation's."))
        return after_looking(*args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(files, "_after_looking", then_the_other_comes)
    with pytest.raises(CommandError, match="stored_files"):
        clean("stored_files")
    assert forgotten in stored_keys()


@pytest.mark.usefixtures("store")
@pytest.mark.parametrize("first_use", [upload, lambda: clean("stored_files")])
def test_the_first_use_leaves_a_mark_that_others_find(first_use: object) -> None:
    assert callable(first_use)
    first_use()
    assert [key for key in all_keys() if key.startswith(f"installations/{installation().id.hex}")]

    be_another_installation()
    with pytest.raises(CommandError, match="stored_files"):
        clean("stored_files")


@pytest.mark.usefixtures("store")
def test_the_mark_is_left_once() -> None:
    for _ in range(3):
        upload()
        claims.forget()  # as another process
    assert "removed 0" in clean("stored_files", dry_run=False)
    assert len([key for key in all_keys() if key.startswith("installations/")]) == 1


def test_a_mark_that_can_not_be_left_keeps_no_picture_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def is_away(folder: str) -> list[object]:
        raise StorageUnavailable

    monkeypatch.setattr(claims, "objects_in", is_away)
    assert read(upload()) == b"picture"
    monkeypatch.undo()
    upload()  # the next one leaves it
    assert any(key.startswith("installations/") for key in all_keys())


@pytest.mark.usefixtures("store")
@pytest.mark.parametrize("force", [False, True])
def test_neither_a_copy_nor_its_original_sweeps_a_place_that_they_share(
    monkeypatch: pytest.MonkeyPatch, force: bool
) -> None:
    upload()
    added_since = stored("results")  # after the dump: the copy has no row for it
    with monkeypatch.context() as as_copy:
        be_a_copy(as_copy)
        with pytest.raises(CommandError, match="stored_files"):
            clean("stored_files", force=force)
        told = CleanupRun.objects.latest("started_at").notes[0]
        assert installation().id.hex in told
        assert "S3_PREFIX" in told
    with pytest.raises(CommandError, match="stored_files"):
        clean("stored_files", force=force)
    assert added_since in stored_keys()


GIVEN_UP = [
    *("expired_results", "rejected_results", "abandoned_uploads", "spent_uploads"),
    *("kept_pictures", "erasures"),
]


@pytest.mark.parametrize("task", GIVEN_UP)
def test_a_copy_deletes_no_file_that_its_original_may_need(
    monkeypatch: pytest.MonkeyPatch, task: str
) -> None:
    """Such as an upload without a try-on in the copy: the original's shopper has tried it on since."""
    upload()
    age_marks()
    photo(hours_old=1000)
    result(expires_in=timedelta(hours=-1))
    before = stored_keys()
    with monkeypatch.context() as as_copy:
        be_a_copy(as_copy)
        with pytest.raises(CommandError, match=task):
            clean(task)
        assert stored_keys() == before
    clean("expired_results")  # the original goes on
    assert len(before - stored_keys()) == 2


def test_a_database_that_was_moved_goes_on_when_its_old_mark_is_deleted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    upload()
    stored("results")
    age_marks()
    be_a_copy(monkeypatch)
    with pytest.raises(CommandError):
        clean("stored_files")
    (old,) = claims.copies_marks()
    default_storage.delete(old)
    assert "removed 1" in clean("stored_files")
    assert "removed 0" in clean("expired_results")


def test_the_mark_of_an_earlier_release_names_no_database_and_counts_as_ours() -> None:
    default_storage.save(f"installations/{installation().id.hex}.txt", ContentFile(b"Ours."))
    stored("results")
    assert "removed 1" in clean("stored_files")


def test_a_database_has_an_identity_that_a_copy_does_not_have(
    monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    ours = identity.database_identity()
    assert identity.database_identity() == ours
    other = connection.copy()
    if connection.vendor == "postgresql":
        settings.SECRET_KEY = "another"
        assert identity.database_identity() == ours
        other.settings_dict = {**connection.settings_dict, "NAME": "postgres"}
        monkeypatch.setattr(identity, "connection", other)
    settings.SECRET_KEY = "another"
    try:
        assert identity.database_identity() != ours
    finally:
        other.close()


def test_a_service_that_hides_its_clusters_id_is_told_apart_by_its_secret_key(
    monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    monkeypatch.setattr(identity, "_POSTGRESQL", "SELECT 1 FROM pg_there_is_no_such_table")
    ours = identity.database_identity()
    settings.SECRET_KEY = "another"
    assert identity.database_identity() != ours
