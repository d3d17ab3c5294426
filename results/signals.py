"""News of results, sent in the transaction that changes them.

``reviewed`` has ``job_ids``, those of results whose review changed. ``leaving`` has ``results``, which are
still there.
"""

from typing import Final

from django.dispatch import Signal

reviewed: Final = Signal()
leaving: Final = Signal()
