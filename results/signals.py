"""News of results, sent in the transaction that changes them.

``stored`` has the new ``result`` of a job that is completed. ``reviewed`` has ``job_ids``, the ``results``
among them whose review has changed, and the ``review``. ``leaving`` has ``results``, which are still there.
``given_up`` has a ``result`` that stays for others, and the ``requesters`` who have given it up.
"""

from typing import Final

from django.dispatch import Signal

stored: Final = Signal()
reviewed: Final = Signal()
leaving: Final = Signal()
given_up: Final = Signal()
