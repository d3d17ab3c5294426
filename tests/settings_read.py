"""The settings that config/settings reads, found in its text: a new one is in every test of them."""

import ast
import sys
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Final, override

import pytest

ROOT: Final = Path(__file__).resolve().parents[1]
SETTINGS: Final = ROOT / "config" / "settings"


@dataclass(frozen=True, slots=True)
class SettingRead:
    """One setting and the reader in config/env.py that reads it. ``least`` is a number's smallest."""

    name: str
    reader: str
    least: float | None

    @override
    def __str__(self) -> str:
        return self.name


def settings_read() -> list[SettingRead]:
    """Return every call of a reader, ``env.number("QUEUE_CONCURRENCY", 5, least=1)``."""
    return [
        _setting(call, call.func.attr)
        for module in sorted(SETTINGS.glob("*.py"))
        for call in ast.walk(ast.parse(module.read_text()))
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and isinstance(call.func.value, ast.Name)
        and call.func.value.id == "env"
    ]


def settings_now() -> dict[str, Any]:
    """Return the settings that the environment of now gives, beside those that Django runs with."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in sys.modules if f"{name}.".startswith("config.settings.")]:
            patch.delitem(sys.modules, name)
        return vars(import_module("config.settings"))


def _setting(call: ast.Call, reader: str) -> SettingRead:
    given = {word.arg: word.value for word in call.keywords}
    least = ast.literal_eval(given["least"]) if "least" in given else None
    return SettingRead(ast.literal_eval(call.args[0]), reader, least)
