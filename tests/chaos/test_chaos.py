"""The short version of ``make chaos``: one seed, a few jobs, all five counts zero."""

from pathlib import Path

import pytest

from tests.chaos.run import run_seed

# Few enough not to open the circuit, and none that pauses dispatch until the next sweep: half a minute each.
QUICKLY_OVER = ("RateLimitExceeded", "ConcurrencyLimitExceeded", "service_unavailable")


pytestmark = pytest.mark.slow


def test_a_short_run_loses_nothing_and_pays_nothing_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    lines: list[str] = []
    judged = run_seed(
        12,
        jobs=8,
        seconds=8,
        redis_seconds=3,
        refusals=QUICKLY_OVER,
        tell=lines.append,
        complain=lines.append,
    )
    assert judged.jobs >= 8  # people ask again
    assert judged.clean, "\n".join([str(judged), *lines])
    assert judged.paid
