"""The promises of both stores: private objects, written whole or not at all, with faults told apart."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import override

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from pytest_django import Settings

from config.core.storage import (
    OUR_KEY,
    ObjectMissing,
    StorageUnavailable,
    discard,
    folders,
    new_files,
    objects_in,
    read,
)
from tests.stores import away, stored_keys

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("store")]


def test_what_is_written_can_be_read() -> None:
    with new_files() as write:
        key = write("results", b"picture", "png")
    assert read(key) == b"picture"
    assert OUR_KEY.fullmatch(key)


def test_keys_are_random_and_lie_in_a_folder_that_is_swept() -> None:
    with new_files() as write:
        keys = {write("products", b"picture", "jpg") for _ in range(5)}
    assert len(keys) == 5
    assert {key.rpartition("/")[0] for key in keys} <= set(folders())


def test_a_folder_lists_its_objects_with_their_sizes() -> None:
    default_storage.save("results/ab/one.png", ContentFile(b"12345"))
    default_storage.save("results/abc/other.png", ContentFile(b"1"))
    (found,) = objects_in("results/ab")
    assert (found.key, found.bytes) == ("results/ab/one.png", 5)
    assert found.modified_at.tzinfo is not None
    assert objects_in("results/00") == []


def test_files_are_taken_back_when_the_block_fails() -> None:
    def write_and_fail() -> None:
        with new_files() as write:
            write("results", b"picture", "png")
            raise LookupError

    with pytest.raises(LookupError):
        write_and_fail()
    assert stored_keys() == set()


def test_a_missing_object_is_not_an_unreachable_store() -> None:
    with pytest.raises(ObjectMissing):
        read("results/00/gone.png")


def test_an_unreachable_store_is_told(settings: Settings) -> None:
    with away(settings):
        with pytest.raises(StorageUnavailable):
            read("results/00/some.png")
        with pytest.raises(StorageUnavailable):
            objects_in("results/00")
        with pytest.raises(StorageUnavailable), new_files() as write:
            write("results", b"picture", "png")


def test_an_object_is_deleted_and_deleting_it_again_is_no_error() -> None:
    with new_files() as write:
        key = write("models", b"picture", "webp")
    discard(key, "", key)
    assert stored_keys() == set()


def test_a_url_stays_the_same_while_a_job_is_polled() -> None:
    with new_files() as write:
        key = write("results", b"picture", "png")
    assert default_storage.url(key) == default_storage.url(key)


def test_a_full_disk_leaves_no_half_file(store: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Half of the content goes, then the source breaks: what a full disk and a cut connection look like."""

    class Breaking(ContentFile):  # type: ignore[type-arg]  # not subscriptable at run time
        @override
        def chunks(self, chunk_size: int | None = None) -> Iterator[bytes]:
            yield b"half"
            raise OSError("No space left on device")

        @override
        def read(self, *args: object) -> bytes:
            raise OSError("No space left on device")

    monkeypatch.setattr("config.core.storage.files.ContentFile", Breaking)
    with pytest.raises(StorageUnavailable), new_files() as write:
        write("results", b"picture", "png")
    assert stored_keys() == set()
    assert not [path for path in tmp_path.rglob("*") if re.search(r"\.png", path.name)]
