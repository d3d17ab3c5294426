"""Documents, docstrings, comments and messages keep the mechanical part of CONTRIBUTING's English."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("config", "models_library", "results", "tests", "tryon")
FILES_OF_WORDS = (
    *sorted(ROOT.glob("*.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
    *sorted(path for path in (ROOT / "templates").rglob("*") if path.suffix in {".html", ".js", ".css"}),
    ROOT / "Makefile",
    ROOT / "Dockerfile",
    ROOT / "compose.yaml",
    ROOT / "deploy" / "nginx.conf",
    ROOT / ".ci" / "run",
)
OPENINGS = re.compile(r"(What|Who|Whose|Whom|Whether|How|Returns|Raises|Yields)\b|.*\. Raises\b")
AVOIDED = re.compile(
    r"\b(meanwhile|whoever|anew|all the same|so many|for ever|at this moment|just now|of no more use"
    r"|cancelled|cancelling|clean-ups?)\b",
    re.IGNORECASE,
)


def modules(package: str) -> list[Path]:
    """Return the Python files of a package, without this one, which names the words."""
    return sorted(path for path in (ROOT / package).rglob("*.py") if path != Path(__file__).resolve())


def docstrings(source: str) -> Iterator[tuple[int, str]]:
    """Yield the line and the text of each docstring."""
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, documented) and (text := ast.get_docstring(node)):
            yield node.body[0].lineno, text


def comments(source: str) -> Iterator[tuple[int, str]]:
    """Yield the line and the text of each comment; comments on neighbouring lines are one text."""
    first, last, text = 0, 0, ""
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type != tokenize.COMMENT:
            continue
        line, words = token.start[0], token.string.lstrip("# ")
        if line == last + 1:
            last, text = line, f"{text} {words}"
            continue
        if text:
            yield first, text
        first, last, text = line, line, words
    if text:
        yield first, text


def messages(source: str) -> Iterator[tuple[int, str]]:
    """Yield the line and the text of each string that has a blank in it, docstrings included."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value:
            yield node.lineno, node.value


def avoided(text: str) -> list[str]:
    """Return the words to avoid in a text, also those that a line break divides."""
    return AVOIDED.findall(re.sub(r"\s+", " ", text))


@pytest.mark.parametrize("package", PACKAGES)
def test_docstrings_open_with_a_statement(package: str) -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line} {text.splitlines()[0]}"
        for path in modules(package)
        for line, text in docstrings(path.read_text())
        if OPENINGS.match(text)
    ]
    assert found == []


@pytest.mark.parametrize("package", PACKAGES)
def test_code_speaks_in_plain_words(package: str) -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line} {word}"
        for path in modules(package)
        for line, text in (*comments(path.read_text()), *messages(path.read_text()))
        for word in avoided(text)
    ]
    assert found == []


@pytest.mark.parametrize("path", FILES_OF_WORDS, ids=lambda path: str(path.relative_to(ROOT)))
def test_documents_and_pages_speak_in_plain_words(path: Path) -> None:
    assert avoided(path.read_text()) == []


def test_a_broken_rule_is_found() -> None:
    source = '''
def price() -> int:
    """What it costs."""
    # It is counted all
    # the same, and then cancelled.
    return call("Nothing is done\\nat this moment.")
'''
    assert [line for line, text in docstrings(source) if OPENINGS.match(text)] == [3]
    assert [avoided(text) for _, text in comments(source)] == [["all the same", "cancelled"]]
    assert [avoided(text) for _, text in messages(source) if avoided(text)] == [["at this moment"]]
