"""The e-mail to the person whose batch is done."""

from datetime import timedelta
from smtplib import SMTPException
from typing import Final

import structlog
from django.conf import settings
from django.contrib.auth.models import User
from django.core.mail import send_mail
from django.utils.translation import gettext

from config.core import clock
from config.core.http.address import public_address
from config.people.preferences import writing_to
from tryon.batches.models import Batch, BatchState, ItemState
from tryon.batches.selectors import credits_taken

logger = structlog.stdlib.get_logger(__name__)

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
    """Send the e-mail, in the person's language. Return False if the server does not take it."""
    person = batch.created_by
    if not isinstance(person, User):
        return True
    with writing_to(person):
        subject, text = _words(batch)
    try:
        send_mail(subject, text, None, [person.email])
    except (SMTPException, OSError) as error:
        logger.warning("email_not_sent", person=person.pk, error=type(error).__name__)
        return False
    return True


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
