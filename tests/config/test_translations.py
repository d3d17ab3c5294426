"""The Korean words: what the people see is what the translators' file says."""

import ast
import gettext
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

KOREAN = Path(settings.BASE_DIR) / "config" / "locale" / "ko" / "LC_MESSAGES"
FIELDS = re.compile(r"%\((\w+)\)")


def entries() -> Iterator[tuple[str, str]]:
    """Yield each text of the file and its translation."""
    for block in (KOREAN / "django.po").read_text().split("\n\n"):
        found = dict(re.findall(r'^(msg\S+) (".*")$', block, re.MULTILINE))
        source = ast.literal_eval(found["msgid"])
        if source:
            yield source, ast.literal_eval(found.get("msgstr") or found["msgstr[0]"])


@pytest.fixture(scope="module")
def compiled() -> gettext.GNUTranslations:
    with (KOREAN / "django.mo").open("rb") as file:
        return gettext.GNUTranslations(file)


def test_the_compiled_file_is_that_of_the_texts(compiled: gettext.GNUTranslations) -> None:
    pairs = list(entries())
    assert len(pairs) > 5
    for source, translation in pairs:
        assert translation in {compiled.gettext(source), compiled.ngettext(source, source, 1)}
        assert sorted(FIELDS.findall(source)) == sorted(FIELDS.findall(translation))


def test_every_text_is_still_in_use() -> None:
    folders = ("config", "models_library", "results", "templates", "tryon")
    files = [
        path
        for folder in folders
        for path in (Path(settings.BASE_DIR) / folder).rglob("*")
        if path.suffix in {".py", ".html"}
    ]
    used = re.sub(r"{{ (\w+) }}", r"%(\1)s", "\n".join(path.read_text() for path in files))
    assert [source for source, _translation in entries() if source not in used] == []
