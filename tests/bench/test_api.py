"""The benchmark of the hot calls runs, and every call gets its answer."""

import subprocess
import sys
from pathlib import Path

import pytest

# It starts PostgreSQL and two servers, and is no promise of the product: it is tried before a release.
pytestmark = [pytest.mark.slow, pytest.mark.rehearsal]


def test_a_short_run_prints_a_line_for_every_call() -> None:
    command = [sys.executable, "-m", "tests.bench.api", "--jobs", "100", "--seconds", "0.1", "--rounds", "1"]
    run = subprocess.run(command, cwd=Path(__file__).resolve().parents[2], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    first, *lines = run.stdout.splitlines()
    assert "ratio" in first
    assert {line[:44].strip() for line in lines} >= {
        "bare view",
        *(
            f"GET /jobs/{{id}} {status}"
            for status in ("completed", "failed", "canceled", "processing", "queued")
        ),
        "GET /jobs/{id} completed, without Redis",
        "GET /models?pageSize=24",
        "GET /results?pageSize=24",
        "POST /generate, a hit",
    }
