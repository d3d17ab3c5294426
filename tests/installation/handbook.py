"""The texts that an owner reads: README's chapter about an installation, compose.yaml and the Dockerfile."""

import json
import re
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import yaml

ROOT: Final = Path(__file__).resolve().parents[2]
DOCKERFILE: Final = (ROOT / "Dockerfile").read_text()
SERVICES: Final[dict[str, dict[str, Any]]] = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]


def section(title: str, *, page: str = "README.md") -> str:
    """Return the text below a heading of the second or the third level, to the next heading of any."""
    return (ROOT / page).read_text().split(f"## {title}\n")[1].split("\n##")[0]


def blocks(title: str, language: str) -> list[str]:
    """Return the blocks of a language below a heading."""
    return page_blocks("README.md", title, language)


def page_blocks(page: str, title: str, language: str) -> list[str]:
    """Return the blocks of a language below a heading of a page."""
    return re.findall(rf"```{language}\n(.*?)```", section(title, page=page), re.DOTALL)


def processes() -> dict[str, str]:
    """Return the command of each process, as README's table has it."""
    rows = re.findall(r"^\| (\w+)[^|]*\| `([^`]+)` \|$", section("Without Docker"), re.MULTILINE)
    return dict(rows)


def instead(text: str, substitutions: Mapping[str, str]) -> str:
    """Return a text with the places of this machine. Fails for one that the text does not name."""
    for theirs, ours in substitutions.items():
        assert theirs in text, theirs
        text = text.replace(theirs, ours)
    return text


def settings_in(text: str) -> dict[str, str]:
    """Return the variables of a file such as ``.env``."""
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return dict(line.split("=", 1) for line in lines)


def image_environment() -> dict[str, str]:
    """Return the variables that the image sets for its processes."""
    last = DOCKERFILE.split("\nFROM ")[-1]
    lines = re.findall(r"^ENV (.+)$", last, re.MULTILINE)
    return dict(pair.split("=", 1) for line in lines for pair in shlex.split(line))


def image_command() -> list[str]:
    """Return the command of a container that has no other."""
    found = re.findall(r"^CMD (\[.+\])$", DOCKERFILE, re.MULTILINE)
    return list(json.loads(found[-1]))


def collect_command() -> str:
    """Return the line of the Dockerfile that puts static files into the image."""
    (line,) = re.findall(r"^RUN (.+collectstatic.+)$", DOCKERFILE, re.MULTILINE)
    return str(line)
