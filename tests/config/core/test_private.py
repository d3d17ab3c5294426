"""Files that only our own user opens, whatever the umask is, and answers that no cache keeps."""

import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from tests.conftest import Api
from tests.images import SMALL_SQUARE, garment_photo

ROOT = Path(__file__).resolve().parents[3]
OTHERS = stat.S_IRWXG | stat.S_IRWXO
FILL = """
from io import BytesIO
from tests.images import garment_photo
from tryon.services.products import product_image_create
product_image_create(file=BytesIO(garment_photo()), product_id="SKU-1")
"""


def open_to_others(folder: Path) -> list[str]:
    """Return the folder and what lies in it, as far as other users may use it."""
    return [str(path) for path in (folder, *folder.rglob("*")) if path.lstat().st_mode & OTHERS]


@pytest.mark.slow
def test_database_photos_and_secret_are_our_users_alone(tmp_path: Path) -> None:
    var = tmp_path / "shop" / "var"
    environment = {
        **os.environ,
        "VAR_DIR": str(var),
        "SECRET_KEY": "",
        "DATABASE_URL": "",
        "PYTHONPATH": str(ROOT),
    }
    for arguments in (["migrate", "-v0"], ["shell", "-v0", "-c", FILL]):
        command = [sys.executable, "manage.py", *arguments]
        subprocess.run(command, cwd=ROOT, env=environment, check=True, umask=0o022)
    names = {path.name for path in var.rglob("*")}
    assert {"db.sqlite3", "secret-key", "media", "image-places"} <= names
    assert open_to_others(tmp_path / "shop") == []


@pytest.mark.django_db
def test_a_folder_that_an_owner_has_opened_keeps_its_mode(tmp_path: Path) -> None:
    from config.core.private import make_private_file

    (tmp_path / "var").mkdir()
    (tmp_path / "var").chmod(0o750)
    make_private_file(tmp_path / "var" / "new" / "file")
    assert (tmp_path / "var").stat().st_mode & 0o777 == 0o750
    assert open_to_others(tmp_path / "var" / "new") == []


@pytest.mark.django_db
def test_no_cache_keeps_what_the_api_says(owner: Api) -> None:
    uploaded: Any = owner.upload(garment_photo(SMALL_SQUARE))
    answers = [
        uploaded,
        owner.get("models"),
        owner.get("jobs"),
        owner.post("generate", {}),
        owner.get("jobs/00000000-0000-0000-0000-000000000000"),
        Client().get("/api/tryon/models"),
        Client().get("/api/tryon/nothing"),
        Client().get("/readyz"),
    ]
    assert {answer.status_code for answer in answers} >= {200, 201, 400, 401, 404}
    assert {answer["Cache-Control"] for answer in answers} <= {"private, no-store", "private, no-cache"}
    for answer in answers:
        assert (answer["Cache-Control"] == "private, no-store") == ("ETag" not in answer)


@pytest.mark.django_db
def test_pages_are_for_one_browser_and_pictures_say_their_own(client: Client, owner: Api) -> None:
    assert client.get("/api/docs")["Cache-Control"] == "private, no-cache"
    assert "no-store" in client.get("/admin/login/")["Cache-Control"]
    picture = owner.upload(garment_photo(SMALL_SQUARE)).json()["data"]["thumbnailUrl"]
    answer: Any = client.get(picture.removeprefix("http://testserver"))
    assert b"".join(answer.streaming_content)
    assert "immutable" in answer["Cache-Control"]
