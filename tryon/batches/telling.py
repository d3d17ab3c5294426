"""The e-mail to the person whose batch is done."""

from datetime import timedelta
from typing import Final

from django.conf import settings
from django.contrib.auth.models import User
from django.utils.translation import gettext

from config.core import clock
from config.core.http.address import public_address
from config.people.mail import send_to
from tryon.batches.models import Batch, BatchState, ItemState
from tryon.batches.selectors import credits_taken

# A mail server that is away for longer than this is not asked again: the page says it too.
TRIED_FOR: Final = timedelta(hours=1)


def tell_all() -> None:
    """Tell each person, once, of their batches that are done. Nothing is sent without EMAIL_SERVER."""
    if not settings.EMAIL_SERVER:
        return
    done = Batch.objects.filter(
        state=BatchState.DONE,
        told_at=None,
        finished_at__gt=clock.now() - TRIED_FOR,
        created_by__is_active=True,
    ).exclude(created_by__email="")
    for batch in done.select_related("created_by").defer("selection"):
        mine = Batch.objects.filter(pk=batch.pk, told_at=None)
        if mine.update(told_at=clock.now()) and not _tell(batch):
            Batch.objects.filter(pk=batch.pk).update(told_at=None)


def _tell(batch: Batch) -> bool:
    """Send the e-mail. Return False if the server does not take it."""
    person = batch.created_by
    return not isinstance(person, User) or send_to(person, lambda: _words(batch))


def _words(batch: Batch) -> tuple[str, str]:
    facts = {
        "name": batch.name,
        "done": batch.counts.get(ItemState.DONE, 0),
        "reused": batch.counts.get(ItemState.REUSED, 0),
        "failed": batch.counts.get(ItemState.FAILED, 0),
        "blocked": batch.counts.get(ItemState.BLOCKED, 0),
        "credits": credits_taken(batch),
        "page": public_address("admin:batch", str(batch.pk)),
    }
    text = gettext(
        "Your batch %(name)s is done.\n\nNew pictures: %(done)d\nThere before: %(reused)d\n"
        "Failed: %(failed)d\nBlocked: %(blocked)d\nCredits: %(credits)d\n\n"
        "See it, or retry what failed, on this page:\n%(page)s"
    )
    subject = gettext("Batch done: %(name)s") % facts
    return " ".join(subject.split()), text % facts  # the name's person may have broken its line
