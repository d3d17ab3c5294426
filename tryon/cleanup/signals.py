"""News of cleanups, sent in the transaction of the change.

``jobs_leaving`` has the ``job_ids`` of jobs that are removed. ``shopper_erased`` has the ``erasure`` of a
shopper of whom no row is left, and their name as ``shopper``.
"""

from typing import Final

from django.dispatch import Signal

jobs_leaving: Final = Signal()
shopper_erased: Final = Signal()
