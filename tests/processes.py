"""A process of the product beside the tests' own, for what is decided when a process starts."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

from tests.waiting import LONGEST_SECONDS

ROOT: Final = Path(__file__).resolve().parents[1]


def output_of(code: str, **environment: str) -> str:
    """Return what a fresh process prints that runs this code with the product's settings.

    ``environment`` is added to that of the tests.
    """
    outcome = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings", **environment},
        capture_output=True,
        text=True,
        timeout=LONGEST_SECONDS,
        check=False,
    )
    assert outcome.returncode == 0, outcome.stderr
    return outcome.stdout.strip()
