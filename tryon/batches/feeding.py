"""The feeder. It asks for the try-ons of started batches, a few at a time, as the batch's person.

The engine stays as it is: a pair's job is one more wish in the bulk lane. The feeder may be killed anywhere,
and several may work at once.
"""

from typing import Final

import structlog

from tryon.accounts import concurrency_of
from tryon.batches import telling
from tryon.batches.asking import ask, ask_for_lost
from tryon.batches.claims import claim, stop
from tryon.batches.models import Batch, BatchState, PauseCode
from tryon.batches.orders import give_back, withdraw
from tryon.batches.plans import plans_forget
from tryon.batches.selectors import batches_to_feed, items_under_way, open_batches, payer_of
from tryon.batches.settling import finish_all, settle
from tryon.fashn.options import OptionError, TryOnOptions
from tryon.models import Account

logger = structlog.stdlib.get_logger(__name__)

# The jobs that are queued for each slot: no slot is idle until the next feeder comes.
JOBS_A_SLOT: Final = 2


def feed() -> None:
    """Look after all batches. A part that raises does not stop the others.

    Raise an ExceptionGroup of the errors at the end.
    """
    errors: list[Exception] = []
    parts = (settle, ask_for_lost, withdraw_all, feed_all, finish_all, telling.tell_all, plans_forget)
    for part in parts:
        try:
            part()
        except Exception as error:  # noqa: BLE001  (raised below)
            errors.append(error)
    if errors:
        raise ExceptionGroup("batches", errors)


def withdraw_all() -> None:
    """Take back what a feeder has asked for while its batch was being paused or canceled."""
    for batch in open_batches().filter(state__in=[BatchState.PAUSED, BatchState.CANCELED]):
        withdraw(batch)


def feed_all() -> None:
    """Ask for the next pairs, of the most urgent batch first, as far as there is room for all together."""
    room = JOBS_A_SLOT * concurrency_of(Account.LIVE) - items_under_way().count()
    for batch in batches_to_feed():
        if room <= 0:
            return
        room -= _feed(batch, room)


def _feed(batch: Batch, room: int) -> int:
    """Ask for at most ``room`` pairs of a batch. Return the number that was claimed."""
    payer = payer_of(batch)
    if payer is None:
        return stop(batch, PauseCode.PERSON_GONE)
    try:
        options = TryOnOptions.from_mapping(batch.options)
    except OptionError:
        return stop(batch, PauseCode.OPTIONS_OUTDATED)
    claimed = claim(batch, room)
    for place, item in enumerate(claimed):
        if _is_stopped(batch) or not ask(item, payer, options):
            for left in claimed[place:]:
                give_back(left, batch.state)
            break
    if _is_stopped(batch):
        withdraw(batch)
    return len(claimed)


def _is_stopped(batch: Batch) -> bool:
    """Return whether a person has paused or canceled the batch since it was read."""
    batch.refresh_from_db(fields=["state"])
    return batch.state != BatchState.RUNNING
