"""The runbook, ``docs/runbook.md``, as a page of the admin, and links to its parts.

The page needs no network: an operator reads it in trouble. It shows the text's own language, and its labels
in the person's.
"""

import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from config.core.admin.pages import admin_page, page_response

# The labels of the facts of each part, as the text has them.
LABELS: Final = {"Cause": _("Cause"), "Shoppers see": _("Shoppers see"), "Do": _("Do")}
_CHAPTER: Final = re.compile(r"^## (.+)$", re.MULTILINE)
_PART: Final = re.compile(r"^### `(\w+)`$", re.MULTILINE)
_FACT: Final = re.compile(r"^- \*\*([\w ]+):\*\* (.+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Part:
    """The facts about one code, alert or line of the log: labels, and texts as HTML."""

    name: str
    facts: list[tuple[Any, SafeString]]


@dataclass(frozen=True, slots=True)
class Chapter:
    """Parts that belong together. ``opening`` is a text about all of them, often empty."""

    title: str
    opening: SafeString
    parts: list[Part]


@functools.cache
def chapters() -> list[Chapter]:
    """Return the chapters of the runbook; none where the text is not installed."""
    path = settings.BASE_DIR / "docs" / "runbook.md"
    if not path.is_file():
        return []
    _before, *texts = _CHAPTER.split(path.read_text())
    return [_chapter(title, text) for title, text in zip(texts[::2], texts[1::2], strict=True)]


@functools.cache
def names() -> frozenset[str]:
    """Return the names of all parts."""
    return frozenset(part.name for chapter in chapters() for part in chapter.parts)


def runbook_link(name: str) -> SafeString:
    """Return a link to the part about a code, an alert or a line of the log. Empty where there is none."""
    if name not in names():
        return SafeString("")
    return format_html(
        '<a class="studio-runbook" href="{}#{}" aria-label="{}">{}</a>',
        reverse("admin:runbook"),
        name,
        gettext("Runbook: %(name)s") % {"name": name},
        gettext("Runbook"),
    )


@admin_page("runbook/", name="runbook", permission=None)
def runbook(request: HttpRequest) -> HttpResponseBase:
    """Show all parts on one page, so that the browser's own search finds any word."""
    return page_response(request, "admin/runbook.html", title=_("Runbook"), chapters=chapters())


def _chapter(title: str, text: str) -> Chapter:
    opening, *parts = _PART.split(text)
    pairs = zip(parts[::2], parts[1::2], strict=True)
    return Chapter(title, _html(opening.strip()), [Part(name, [*_facts(facts)]) for name, facts in pairs])


def _facts(text: str) -> Iterator[tuple[Any, SafeString]]:
    for label, words in _FACT.findall(text):
        yield LABELS.get(label, label), _html(words)


def _html(text: str) -> SafeString:
    """Return a line of the text with its code, emphasis and links. Other documents are not in the admin."""
    html: str = escape(text)
    html = re.sub(r"`(.+?)`", r"<code>\1</code>", html)
    html = re.sub(r"\*(.+?)\*", r"<em>\1</em>", html)
    html = re.sub(r"\[([^]]+)\]\([\w.#/-]+\)", r"<code>docs/\1</code>", html)
    return mark_safe(html)  # noqa: S308  (our own text, escaped before)
