"""The Korean words: every text for people has them, and people see what the translators' file says."""

import ast
import gettext
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from django.conf import settings
from django.db.models import fields as django_fields
from django.template import Template
from django.template.base import Node, TextNode
from django.templatetags.i18n import BlockTranslateNode, TranslateNode
from rest_framework import fields, serializers

ROOT: Final = Path(settings.BASE_DIR)
KOREAN: Final = ROOT / "config" / "locale" / "ko" / "LC_MESSAGES"
PACKAGES: Final = ("config", "models_library", "results", "tryon")
MARKS: Final = {"_", "gettext", "gettext_lazy", "ngettext", "ngettext_lazy"}
# Libraries whose Korean is not complete, or under a name that Django does not look for.
LIBRARIES: Final = [Path(module.__file__ or "") for module in (django_fields, fields, serializers)]

# %(count)d, %s and {name}: what the code fills in.
PLACES: Final = re.compile(r"%\(\w+\)[a-z]|%[a-z]|\{\w+\}")
# What a page shows of its markup, and what it does not.
SHOWN: Final = re.compile(r'\b(?:alt|aria-label|placeholder|title)="([^"]*)"')
NOT_SHOWN: Final = re.compile(r"<(script|style|code)\b.*?</\1>|<!--.*?-->|<[^>]*>|&\w+;", re.DOTALL)
# Names, the same in every language.
NAMES: Final = {"Linden", "Row"}


def entries() -> Iterator[tuple[str, str]]:
    """Yield each text of the file and its translation."""
    for block in (KOREAN / "django.po").read_text().split("\n\n"):
        found = dict(re.findall(r'^(msg\S+) (".*")$', block, re.MULTILINE))
        source = ast.literal_eval(found["msgid"])
        if source:
            yield source, ast.literal_eval(found.get("msgstr") or found["msgstr[0]"])


def marked_in_python() -> Iterator[str]:
    """Yield each text in a call such as ``_("…")``."""
    for path in (path for package in PACKAGES for path in (ROOT / package).rglob("*.py")):
        source = path.read_text()
        for node in ast.walk(ast.parse(source)) if re.search(r"\b_\(|gettext", source) else ():
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in MARKS:
                match node.args[0]:
                    case ast.Constant(value=str(text)):
                        yield text


def parts(template: Template, kind: type[Node]) -> list[Any]:
    """Return the nodes of one kind, in order."""
    return [*template.nodelist.get_nodes_by_type(kind)]


def templates() -> Iterator[tuple[str, Template]]:
    for path in (ROOT / "templates").rglob("*.html"):
        yield path.relative_to(ROOT).as_posix(), Template(path.read_text())


def marked_in_templates() -> Iterator[str]:
    """Yield each text in ``{% translate %}`` and ``{% blocktranslate %}``."""
    for _name, template in templates():
        for node in parts(template, TranslateNode):
            yield node.filter_expression.var.literal
        for node in parts(template, BlockTranslateNode):
            yield node.render_token_list(node.singular)[0]


@pytest.fixture(scope="module")
def compiled() -> gettext.GNUTranslations:
    with (KOREAN / "django.mo").open("rb") as file:
        return gettext.GNUTranslations(file)


def test_the_compiled_file_is_that_of_the_texts(compiled: gettext.GNUTranslations) -> None:
    for source, translation in entries():
        assert translation in {compiled.gettext(source), compiled.ngettext(source, source, 1)}


def test_a_translation_fills_in_the_same_as_its_text() -> None:
    wrong = [one for one in entries() if len({tuple(sorted(PLACES.findall(text))) for text in one}) > 1]
    assert wrong == []


def test_every_text_has_one_translation_and_no_translation_is_left_over() -> None:
    translated = [source for source, translation in entries() if translation]
    marked = {*marked_in_python(), *marked_in_templates()}
    of_libraries = "".join(path.read_text() for path in LIBRARIES)
    assert marked - {*translated} == set()
    assert {source for source in {*translated} - marked if source not in of_libraries} == set()
    assert len(translated) == len({*translated})


def test_no_page_has_words_that_are_not_marked_for_translation() -> None:
    found = {}
    for name, template in templates():
        markup = "".join(node.s for node in parts(template, TextNode))
        shown = " ".join([*SHOWN.findall(markup), NOT_SHOWN.sub(" ", markup)])
        if words := {*re.findall(r"[A-Za-z]{2,}", shown)} - NAMES:
            found[name] = words
    assert found == {}
