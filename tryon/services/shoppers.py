"""Erasure of all that is kept of a shopper."""

from config.core.revoking import end_tickets
from config.shops.callers import Caller
from tryon.access.photos import require_shopper
from tryon.cleanup.shopper_erasures import erase_for_a_while
from tryon.engine import queue
from tryon.models import Erasure

# A request erases for so long. A worker goes on at once.
ERASE_SECONDS = 5.0


def shopper_erase(shopper: Caller) -> Erasure:
    """Erase all that is kept of a shopper, and return the receipt. It is safe to repeat.

    Photos, uploads, results, requests and comments go, also those of jobs under way. What others have asked
    for too stays theirs. A worker finishes a large erasure, and asks the store for each object afterwards.
    Raise ShopperNeeded.
    """
    require_shopper(shopper)
    erasure = Erasure.objects.create(shop=shopper.shop, shopper=shopper.requester)
    erase_for_a_while(erasure, seconds=ERASE_SECONDS)
    end_tickets([shopper.requester])
    queue.enqueue_cleanup("shopper_erasures")
    return erasure
