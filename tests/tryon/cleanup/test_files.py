"""Storage against rows: files without a row, rows without a file, and what is measured."""

from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import CommandError
from pytest_django import Settings

from config.core.storage.keys import StoredObject
from config.core.upkeep.models import CleanupRun, StorageUse
from tests.conftest import Api, data_of
from tests.factories import ModelImageFactory
from tests.stores import stored_keys
from tests.tryon.cleanup.world import clean, kept_copy, names, photo, result, stored

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


@pytest.fixture
def few_folders(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look only where the tests write: a sweep of all 1,024 folders takes seconds."""
    few = [f"{kind}/ab" for kind in ("models", "originals", "products", "results")]
    monkeypatch.setattr("tryon.cleanup.files.folders", lambda: few)


@pytest.fixture
def all_old(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every file counts as written long ago: a store's clock can't be set."""
    monkeypatch.setattr("tryon.cleanup.files.YOUNG", timedelta(seconds=-60))


@pytest.mark.usefixtures("store", "few_folders", "all_old")
def test_files_without_a_row_go_and_all_others_stay() -> None:
    kept = {
        *names(*(lambda row: (row.original, row.processed, row.thumbnail))(photo())),
        *names(*(lambda row: (row.image, row.thumbnail))(result(expires_in=DAY))),
        str(kept_copy().kept.name),
        str(ModelImageFactory.create(image=stored("models"), thumbnail=stored("models", "webp")).image.name),
    }
    stray = [stored(kind) for kind in ("originals", "products", "models", "results")]
    foreign = default_storage.save("results/ab/notes.txt", ContentFile(b"somebody else's"))

    assert "stored_files: removed 4, 40" in clean("stored_files")

    left = stored_keys()
    assert kept | {foreign} <= left
    assert not left & set(stray)


@pytest.mark.usefixtures("few_folders")
def test_a_young_file_may_still_get_its_row() -> None:
    young, old = stored("results"), stored("results", hours_old=25)
    clean("stored_files")
    assert stored_keys() == {young}
    assert old not in stored_keys()


@pytest.mark.usefixtures("few_folders")
def test_a_dry_run_tells_and_removes_nothing() -> None:
    stored("results", hours_old=25)
    assert "stored_files: would remove 1\n" in clean("stored_files", dry_run=True)
    assert len(stored_keys()) == 1


@pytest.mark.usefixtures("store", "few_folders")
def test_a_row_without_its_file_is_told(caplog: pytest.LogCaptureFixture) -> None:
    row = result(expires_in=DAY)
    default_storage.delete(str(row.image.name))
    assert f"The file {row.image.name} is missing." in clean("stored_files")
    assert CleanupRun.objects.get().notes == [f"The file {row.image.name} is missing."]


@pytest.mark.usefixtures("few_folders")
def test_the_wrong_database_removes_nothing() -> None:
    for _ in range(12):
        stored("results", hours_old=25)
    with pytest.raises(CommandError, match="stored_files"):
        clean("stored_files")
    assert len(stored_keys()) == 12
    refused = CleanupRun.objects.get()
    assert (refused.problem, refused.removed, refused.cursor) == ("cleanup_refused", 0, "")
    assert "12 of 12 files have no row" in refused.notes[0]

    assert "removed 12" in clean("stored_files", force=True)
    assert stored_keys() == set()


@pytest.mark.usefixtures("few_folders")
def test_a_row_that_appears_between_looking_and_removing_saves_its_file(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from tryon.cleanup import files

    key = stored("models", hours_old=25)
    look = files._may_go

    def look_then_add(entry: StoredObject) -> bool:
        orphan = look(entry)
        ModelImageFactory.create(image=key, thumbnail=key)
        return orphan

    monkeypatch.setattr(files, "_may_go", look_then_add)
    clean("stored_files")
    assert stored_keys() == {key}


@pytest.mark.usefixtures("store", "few_folders")
def test_use_is_measured_and_kept_up_between(owner: Api, manager: Api, product_id: str) -> None:
    counted = data_of(manager.get("stats"))["storage"]
    files = {kind: [key for key in stored_keys() if key.startswith(kind)] for kind in counted["bytes"]}
    sizes = {kind: sum(default_storage.size(key) for key in keys) for kind, keys in files.items()}
    assert counted["bytes"] == sizes
    assert counted["bytesInAll"] == sum(sizes.values()) > 0

    StorageUse.objects.update(bytes_stored=7)
    result(expires_in=DAY)
    clean("stored_files")
    assert data_of(manager.get("stats"))["storage"]["bytes"]["results"] == 20


@pytest.mark.usefixtures("few_folders")
def test_a_store_that_is_away_is_told_and_gone_on_with(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored("results", hours_old=25)
    there = settings.MEDIA_ROOT
    settings.MEDIA_ROOT = "/dev/null"
    with pytest.raises(CommandError, match="stored_files"):
        clean("stored_files")
    assert CleanupRun.objects.get().problem == "storage_unavailable"
    settings.MEDIA_ROOT = there
    assert "removed 1" in clean("stored_files")


@pytest.mark.slow
def test_an_empty_store_is_in_order() -> None:
    assert "stored_files: removed 0" in clean("stored_files")
