"""News of jobs, sent in the transaction that changes them.

``changed`` has ``job_id`` and ``status``: the one that the job has entered, None where it keeps its own.
"""

from typing import Final

from django.dispatch import Signal

changed: Final = Signal()
