"""E-mail to the people who keep the library, about releases of model photos that end."""

from collections.abc import Sequence
from smtplib import SMTPException
from typing import Any, Final

import structlog
from django.conf import settings
from django.contrib.auth.models import User
from django.core.mail import send_mail
from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils import translation
from django.utils.formats import date_format
from django.utils.translation import gettext, ngettext

from config.core import clock
from models_library.models import RELEASE_NOTICE, ModelImage
from models_library.selectors import releases_ending

logger = structlog.stdlib.get_logger(__name__)

KEEPERS: Final = "Merchandiser"
MOST_NAMED: Final = 50


def release_alerts_send() -> int:
    """Tell people of the releases that end within 30 days or have ended, of each once. Return their number.

    Who was not reached at all is told the next time. Nothing is sent without EMAIL_SERVER.
    """
    photos = releases_to_tell_of()
    if not photos:
        return 0
    people = list(keepers()) if settings.EMAIL_SERVER else []
    reached = sum(_is_told(person, photos) for person in people)
    if not reached:
        logger.warning("release_alerts_not_sent", photos=len(photos), people=len(people))
        return 0
    for photo in photos:
        ModelImage.objects.filter(pk=photo.pk).update(release_alert=_alert(photo))
    logger.info("release_alerts_sent", photos=len(photos), people=reached)
    return len(photos)


def releases_to_tell_of() -> list[ModelImage]:
    """Return the photos in use whose release ends within 30 days or has ended, and nobody was told yet."""
    soon = releases_ending(clock.today() + RELEASE_NOTICE).filter(is_active=True)
    return [photo for photo in soon if photo.release_alert != _alert(photo)]


def keepers() -> QuerySet[User]:
    """Return the people who hear of releases: merchandisers and owners, with an address."""
    keep = Q(is_superuser=True) | Q(groups__name=KEEPERS)
    return User.objects.filter(keep, is_active=True).exclude(email="").order_by("pk").distinct()


def _alert(photo: ModelImage) -> str:
    """Return the name of the alert that a release calls for today: its last day, and if that is over."""
    return f"{photo.release_until} {photo.release_state}"


def _is_told(person: User, photos: Sequence[ModelImage]) -> bool:
    """Send the e-mail in the person's language. Return False if the server does not take it."""
    chosen: Any = getattr(person, "preferences", None)
    with translation.override(getattr(chosen, "language", "") or settings.LANGUAGE_CODE):
        subject, text = _words(photos)
    try:
        return bool(send_mail(subject, text, None, [person.email]))
    except (SMTPException, OSError) as error:
        logger.warning("email_not_sent", person=person.pk, error=type(error).__name__)
        return False


def _words(photos: Sequence[ModelImage]) -> tuple[str, str]:
    """Return the subject and the text of the e-mail."""
    subject = ngettext(
        "The release of %(count)d model photo ends", "The releases of %(count)d model photos end", len(photos)
    )
    ends = [(photo.name, photo.release_until) for photo in photos[:MOST_NAMED]]
    lines = [f"- {name}: {date_format(day)}" for name, day in ends if day is not None]
    if len(photos) > MOST_NAMED:
        lines.append("…")
    origin = f"{settings.PUBLIC.scheme}://{settings.PUBLIC.netloc}" if settings.PUBLIC_BASE_URL else ""
    page = f"{origin}{reverse('admin:releases')}"
    text = gettext(
        "The last day of each release:\n\n%(photos)s\n\nAfter it, new try-ons with the photo are refused. "
        "Renew the release, or take the results down. This page lists them:\n%(page)s"
    )
    return subject % {"count": len(photos)}, text % {"photos": "\n".join(lines), "page": page}
