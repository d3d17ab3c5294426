"""The number of queries of each page of the back office, as ``tests/queries.json`` has it.

A page asks as often with many rows as with few. ``make queries`` writes the file again: look at what has
changed before you commit it.
"""

import json
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Final

import pytest
from django.conf import settings
from django.core.cache import caches
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.admin_pages import sign_in
from tests.back_office import NEXT_ADDRESS, NEXT_BODY, REVIEW_NEXT, pages
from tryon.demo.scale import scale_seed
from tryon.demo.scale_shop import Size

pytestmark = [pytest.mark.django_db, pytest.mark.slow]  # a large shop is made, and each page read twice

BASELINE: Final = Path(__file__).with_name("queries.json")
FEW, MANY = Size(photos=80, results=500), Size(photos=240, results=1_000)


@pytest.mark.parametrize("size", [FEW, MANY], ids=["few rows", "many rows"])
def test_each_page_asks_the_database_as_often_as_the_baseline_says(size: Size) -> None:
    scale_seed(size)
    staff = sign_in()
    found = {name: queries_of(partial(staff.get, address)) for name, address in pages()}
    found[REVIEW_NEXT] = queries_of(
        partial(staff.post, NEXT_ADDRESS, NEXT_BODY, content_type="application/json")
    )
    if "PYTEST_WRITE_QUERIES" in os.environ and size == FEW:
        BASELINE.write_text(json.dumps(found, indent=2) + "\n")
    assert found == json.loads(BASELINE.read_text()), "Run make queries, if the change is meant."


def queries_of(call: Callable[[], Any]) -> int:
    """Return the queries of a call that finds nothing remembered: what is, depends on the time."""
    call()  # Django keeps content types for good
    for name in settings.CACHES:
        caches[name].clear()
    with CaptureQueriesContext(connection) as queries:
        assert call().status_code == 200
    return len(queries)
