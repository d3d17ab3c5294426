"""README.md tells the truth: its commands work, its settings are all there are."""

import os
import re
import subprocess
from dataclasses import fields
from importlib import import_module
from pathlib import Path

import pytest
from django.conf import settings
from PIL import Image
from pytest_django.live_server_helper import LiveServer

from config.core.errors import errors
from config.core.http.exceptions import KNOWN
from config.shops.keys import key_issue
from tests import images
from tests.conftest import Finish
from tests.settings_read import settings_read
from tests.waiting import LONGEST_SECONDS
from tryon.api.serializers import OptionsSerializer
from tryon.failures import PASSING, FailureCode
from tryon.fashn.options import TryOnOptions
from tryon.models import TryOnJob
from tryon.sandbox import Sandbox

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text()


def api_blocks() -> list[str]:
    """The shell blocks of the chapter on the API."""
    chapter = README.split("## The API")[1].split("\n## ")[0]
    return re.findall(r"```sh\n(.*?)```", chapter, re.DOTALL)


@pytest.mark.django_db(transaction=True)
def test_the_curl_examples_work(
    tmp_path: Path, live_server: LiveServer, sandbox: Sandbox, finish: Finish
) -> None:
    (tmp_path / "garment.jpg").write_bytes(images.garment_photo())
    (tmp_path / "model.jpg").write_bytes(images.model_photo())
    key = key_issue(name="Reader", is_manager=True)[1]
    setup, *blocks = api_blocks()
    setup = setup.replace("http://127.0.0.1:8000", live_server.url).replace(
        "the key that make demo printed", key
    )
    assert live_server.url in setup
    assert key in setup
    for block in blocks:
        run_block(setup, block, tmp_path)
        if "generate" in block:
            finish(str(TryOnJob.objects.get().pk))
    with Image.open(tmp_path / "picture.png") as picture:
        assert picture.size == (864, 1296)
    assert not hasattr(TryOnJob.objects.get(), "result")


def run_block(setup: str, block: str, folder: Path) -> None:
    """Run a block in bash as a reader would, with the variables of those before it."""
    names = "${!PRODUCT*} ${!MODEL*} ${!JOB*} ${!RESULT*}"
    script = f"set -euo pipefail\n{setup}\ntouch state; . ./state\n{block}\ndeclare -p {names} > state"
    outcome = subprocess.run(
        ["bash", "-c", script],
        cwd=folder,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        timeout=LONGEST_SECONDS,
        check=False,
    )
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr


def test_every_setting_is_listed_and_every_listed_setting_exists() -> None:
    read = {setting.name for setting in settings_read()}
    table = README.split("### Settings")[1].split("\n## ")[0]
    listed = {
        name
        for row in re.findall(r"^\| (`.*?) \|", table, re.MULTILINE)
        for name in re.findall(r"`([A-Z0-9_]+)`", row)
    }
    assert len(read) > 20
    assert read == listed


def test_every_link_leads_to_a_file() -> None:
    links = [link for link in re.findall(r"\]\(([^)#]+)\)", README) if "://" not in link]
    assert links
    for link in links:
        assert (ROOT / link).is_file(), link


def test_every_error_code_is_in_the_docs() -> None:
    for doors in (settings.ROOT_URLCONF, "config.core.http.gate"):
        import_module(doors)  # and with it every module that defines an error
    listed = set(re.findall(r"^\| `(\w+)` \|", (ROOT / "docs" / "errors.md").read_text(), re.MULTILINE))
    ours = {error.code for error in errors()}
    frameworks = {code for _, code, _ in KNOWN.values()}
    assert len(ours) > 10
    assert (
        ours
        | frameworks
        | {code.value for code in FailureCode if code.label != PASSING}
        | {"validation_error", "internal_error"}
        == listed
    )


def test_every_try_on_option_is_in_the_schema_and_in_the_readme() -> None:
    # A request names its garments beside the options.
    parts = (field.name.split("_") for field in fields(TryOnOptions) if field.name != "garments")
    names = {first + "".join(map(str.title, others)) for first, *others in parts}
    assert set(OptionsSerializer().fields) == names
    table = README.split("`generate` takes these options")[1].split("\n\n")[1]
    assert set(re.findall(r"^\| `(\w+)`", table, re.MULTILINE)) == names
