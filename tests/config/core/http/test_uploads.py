"""Uploaded files on their way to the disk."""

from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any, override

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from PIL import Image
from pytest_django import Settings

from tests import images
from tests.conftest import Api
from tryon.models import ProductImage

pytestmark = pytest.mark.django_db


class Watched(BytesIO):
    """A request's body, which looks around at each read."""

    def __init__(self, body: bytes, look: Callable[[], None]) -> None:
        super().__init__(body)
        self.look = look

    @override
    def read(self, size: int | None = -1, /) -> bytes:
        self.look()
        return super().read(size)


@pytest.fixture
def folder(tmp_path: Path, settings: Settings) -> Path:
    settings.FILE_UPLOAD_TEMP_DIR = str(tmp_path / "uploads")
    (tmp_path / "uploads").mkdir()
    return tmp_path / "uploads"


def form_with(content: bytes) -> bytes:
    return encode_multipart(BOUNDARY, {"file": SimpleUploadedFile("a.jpg", content), "productId": "SKU-1"})


def test_large_upload_has_no_name_that_a_killed_process_would_leave(owner: Api, folder: Path) -> None:
    photo = images.encode(Image.effect_noise((2500, 2500), 90), "JPEG", quality=95)
    body = form_with(photo)
    seen: list[list[Path]] = []
    watched = Watched(body, lambda: seen.append(list(folder.iterdir())))

    extra: dict[str, Any] = {"wsgi.input": watched}
    response = owner.client.generic("POST", "/api/tryon/upload", body, MULTIPART_CONTENT, **extra)

    assert response.status_code == 201
    assert len(photo) > 3_000_000
    assert len(seen) > 10
    assert not any(seen)
    assert ProductImage.objects.get().width == 2000


def test_upload_that_breaks_off_is_refused_and_leaves_nothing(owner: Api, folder: Path) -> None:
    body = form_with(images.encode(Image.effect_noise((2500, 2500), 90), "JPEG", quality=95))[:-100_000]

    response = owner.client.generic("POST", "/api/tryon/upload", body, MULTIPART_CONTENT)

    assert response.status_code in {400, 422}
    assert not list(folder.iterdir())
    assert not ProductImage.objects.exists()
