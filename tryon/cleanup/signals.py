"""News of cleanups. ``jobs_leaving`` has ``job_ids``, sent in the transaction that removes the jobs."""

from typing import Final

from django.dispatch import Signal

jobs_leaving: Final = Signal()
