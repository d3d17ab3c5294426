"""The widget's files: small, versioned, and those that the repository says they are."""

import gzip
import json
import re
import subprocess
from functools import partial
from pathlib import Path
from typing import Final

import pytest
from django.test import Client
from pytest_django import Settings

from tests.widget import build

MOST_BYTES: Final = 15_000


def served(version: str) -> str:
    return (build.WIDGET / f"v{version}" / "tryon.js").read_text()


def test_the_served_file_is_made_of_the_present_parts() -> None:
    now = build.integrity(build.whole() + build.TYPES.read_text())
    assert build.known()[build.version()]["parts"] == now, (
        "Run make widget, and in a new version after a release."
    )


def test_each_version_is_the_file_that_its_integrity_names() -> None:
    for version, facts in build.known().items():
        assert build.integrity(served(version)) == facts["integrity"], version
    assert served("1") == served(build.version())


def test_the_guide_names_the_present_version_and_its_integrity() -> None:
    guide = build.GUIDE.read_text()
    assert set(re.findall(r"/v(\d+\.\d+\.\d+)/", guide)) == {build.version()}
    assert set(re.findall(r"sha384-[\w+/=]+", guide)) == {build.known()[build.version()]["integrity"]}


def test_the_guide_describes_each_attribute_event_word_and_variable() -> None:
    guide, parts = build.GUIDE.read_text(), build.whole()
    types = build.TYPES.read_text()
    events = set(re.findall(r'fire\("(\w+)"', parts))
    assert events == set(re.findall(r'"tryon:(\w+)"', types))
    [attributes] = re.findall(r"const TEXTS = \[(.*?)\]", parts)
    words = [
        *(f"`{name}`" for name in re.findall(r'"([\w-]+)"', attributes)),
        *(f"`tryon:{name}`" for name in events),
        *(f"`{name}`" for name in set(re.findall(r"var\((--try-on-[\w-]+)", parts))),
        *(f"`{name}`" for name in set(re.findall(r'h\("slot", \{ name: "(\w+)"', parts))),
    ]
    assert [word for word in words if word not in guide] == []


def test_both_languages_have_each_word() -> None:
    english, korean = (
        set(re.findall(r"^  (\w+): ", block, re.MULTILINE))
        for block in re.findall(
            r"^const \w\w = \{\n(.*?)^\};", build.script("texts.js"), re.MULTILINE | re.DOTALL
        )
    )
    assert english == korean
    said = set(re.findall(r'\bsay\("(\w+)"', build.whole()))
    assert said <= english


def test_it_is_small() -> None:
    assert len(gzip.compress(served("1").encode(), 9)) < MOST_BYTES


@pytest.fixture
def collected(settings: Settings, tmp_path: Path, db: None) -> Client:
    """Return a client of a service whose static files are the widget's."""
    for version in ("1", build.version()):
        folder = tmp_path / "widget" / f"v{version}"
        folder.mkdir(parents=True)
        (folder / "tryon.js").write_text(served(version))
    settings.STATIC_ROOT = tmp_path
    return Client()


def test_a_version_is_kept_for_good_and_the_moving_one_for_a_minute(collected: Client) -> None:
    kept, moving = (
        collected.get(f"/static/widget/v{version}/tryon.js") for version in (build.version(), "1")
    )
    assert kept["Cache-Control"] == "max-age=31536000, public, immutable"
    assert moving["Cache-Control"] == "max-age=60, public"
    for answer in (kept, moving):
        answer.close()
        assert answer["Content-Type"].startswith("text/javascript")
        assert answer["Access-Control-Allow-Origin"] == "*"  # integrity needs crossorigin


def test_a_version_that_is_out_is_not_written_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert build.changed_after_release(build.known()) == []
    now, changes = build.version(), tmp_path / "CHANGELOG.md"
    kept = tmp_path / build.VERSIONS.relative_to(build.ROOT)
    kept.parent.mkdir(parents=True)
    for version, heading in (("0.9.0", "[0.1.0]"), (now, "[0.2.0] - 2026-12-01"), ("2.0.0", "Notes")):
        kept.write_text(json.dumps({version: {"integrity": "sha384-out"}}))
        changes.write_text(f"{changes.read_text() if changes.exists() else ''}## {heading}\n")
        commit(tmp_path)
    monkeypatch.setattr(build, "released", partial(build.released, tmp_path))
    monkeypatch.setattr(
        build, "files", lambda: {build.VERSIONS: json.dumps({now: {"integrity": "sha384-new"}})}
    )
    before = build.VERSIONS.read_text()
    assert build.main([]) == 1
    said = capsys.readouterr().err
    assert f"Version {now} of the widget is released" in said
    assert "Raise the version in templates/static/widget/src/tryon.js." in said
    assert build.VERSIONS.read_text() == before


def commit(root: Path) -> None:
    by = ("-c", "user.name=Ada", "-c", "user.email=ada@shop.example", "-c", "commit.gpgsign=false")
    for command in (("init", "-q"), ("add", "."), (*by, "commit", "-qm", "Work")):
        subprocess.run(["git", *command], cwd=root, check=True)
