"""The manual and the sandbox agree."""

import re
from pathlib import Path

from tryon.sandbox.faults import SEEDS
from tryon.sandbox.settings import Settings

MANUAL = (Path(__file__).parents[3] / "docs" / "sandbox.md").read_text()


def test_manual_lists_every_seed() -> None:
    rows = re.findall(r"^\| (\d{6}) \| (\w+) \| `(\w+)` \|", MANUAL, re.MULTILINE)
    assert {int(seed): (endpoint, name) for seed, endpoint, name in rows} == SEEDS


def test_manual_lists_every_switch() -> None:
    missing = [name for name in Settings().to_json() if f"`{name}`" not in MANUAL]
    assert missing == []
