"""Headers of static files (WhiteNoise asks here)."""

import re
from typing import Final
from wsgiref.headers import Headers

# A version of the widget that is out never changes: pages name its hash.
VERSIONED: Final = re.compile(r"/widget/v\d+\.\d+\.\d+/[^/]+$")
FOR_GOOD: Final = "max-age=31536000, public, immutable"


def add_headers(headers: Headers, path: str, url: str) -> None:
    """Let browsers keep what never changes, though its name has no hash."""
    if VERSIONED.search(url):
        headers["Cache-Control"] = FOR_GOOD
