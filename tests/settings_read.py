"""The settings that config/settings.py reads, found in its text: a new one is in every test of them."""

import ast
from dataclasses import dataclass
from pathlib import Path
from typing import Final, override

SETTINGS: Final = Path(__file__).resolve().parents[1] / "config" / "settings.py"


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
        for call in ast.walk(ast.parse(SETTINGS.read_text()))
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and isinstance(call.func.value, ast.Name)
        and call.func.value.id == "env"
    ]


def _setting(call: ast.Call, reader: str) -> SettingRead:
    given = {word.arg: word.value for word in call.keywords}
    least = ast.literal_eval(given["least"]) if "least" in given else None
    return SettingRead(ast.literal_eval(call.args[0]), reader, least)
