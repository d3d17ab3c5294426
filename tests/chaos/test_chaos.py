"""The short version of ``make chaos``: one seed, a few jobs, all four counts zero."""

from pathlib import Path

import pytest

from tests.chaos.run import run_seed


def test_a_short_run_loses_nothing_and_pays_nothing_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    lines: list[str] = []
    judged = run_seed(11, jobs=8, seconds=8, redis_seconds=3, say=lines.append)
    assert judged.jobs == 8
    assert judged.clean, "\n".join(lines)
    assert judged.paid
