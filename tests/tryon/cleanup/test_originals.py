"""Originals that an earlier release stored as they came: their metadata go, their pixels stay."""

from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from config.core.images import clean as without_metadata
from config.core.storage import StorageUnavailable, read
from config.core.upkeep.models import CleanupRun
from tests import images
from tests.stores import stored_keys
from tests.tryon.cleanup.world import clean, photo
from tryon.cleanup import originals
from tryon.models import ProductImage

pytestmark = pytest.mark.django_db

TASK = "original_metadata"


def with_original(content: bytes) -> ProductImage:
    """A photo whose original is stored as it came."""
    row = photo()
    default_storage.delete(str(row.original.name))
    default_storage.save(str(row.original.name), ContentFile(content))
    return row


@pytest.fixture
def dirty() -> ProductImage:
    return with_original(images.jpeg_with_metadata())


def test_only_originals_with_metadata_are_stored_again(
    dirty: ProductImage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(originals, "BATCH", 1)
    plain = with_original(images.garment_photo(images.SMALL_SQUARE))
    broken = with_original(b"no picture")
    old, number = str(dirty.original.name), len(stored_keys())

    assert "would remove 1" in clean(TASK, dry_run=True)
    assert default_storage.exists(old)
    said = clean(TASK)

    assert f"{TASK}: removed 1, " in said
    assert f"The original of photo {broken.pk} was left as it is: image_type_unsupported." in said
    dirty.refresh_from_db()
    assert read(str(dirty.original.name)) == without_metadata(images.jpeg_with_metadata())
    assert b"Secret" not in read(str(dirty.original.name))
    assert str(dirty.original.name).endswith(".jpg")
    assert not default_storage.exists(old)
    assert len(stored_keys()) == number
    for row in (plain, broken):
        before = str(row.original.name)
        row.refresh_from_db()
        assert row.original.name == before
    run = CleanupRun.objects.latest("started_at")
    assert (run.looked_at, run.cursor) == (3, "")
    assert run.freed_bytes > 100
    assert f"{TASK}: removed 0, " in clean(TASK)


def test_a_photo_that_goes_in_the_meantime_leaves_no_file(
    dirty: ProductImage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cleaned(content: bytes) -> bytes:
        ProductImage.objects.update(original="")
        return without_metadata(content)

    monkeypatch.setattr(originals, "clean", cleaned)
    number = len(stored_keys())

    assert "removed 0" in clean(TASK)
    dirty.refresh_from_db()
    assert (dirty.original.name, len(stored_keys())) == ("", number)


def test_a_store_that_goes_away_stops_it_and_the_next_run_goes_on(
    dirty: ProductImage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(originals, "BATCH", 1)
    with_original(images.jpeg_with_metadata())
    looked: list[str] = []

    def away(key: str) -> Any:
        looked.append(key)
        if len(looked) == 2:
            raise StorageUnavailable
        return read(key)

    monkeypatch.setattr(originals, "read", away)
    with pytest.raises(Exception, match="Not finished: original_metadata"):
        clean(TASK)
    assert "removed 1" in clean(TASK)
    assert len(set(looked)) == 2
    assert len(looked) == 3
