"""E-mail to the people who keep the library, about releases of model photos that end."""

from collections.abc import Sequence
from typing import Final

from django.contrib.auth.models import User
from django.db.models import Q, QuerySet
from django.utils.formats import date_format
from django.utils.translation import gettext, ngettext

from config.core import clock
from config.core.http.address import public_address
from config.people.mail import send_to
from models_library.models import RELEASE_NOTICE, ModelImage
from models_library.selectors import releases_ending

KEEPERS: Final = "Merchandiser"
MOST_NAMED: Final = 50


def releases_to_tell_of() -> list[ModelImage]:
    """Return the photos in use whose release ends within 30 days or has ended.

    Left out are those that the release of this product before has told of: it kept a mark in the row.
    """
    soon = releases_ending(clock.today() + RELEASE_NOTICE).filter(is_active=True)
    return [photo for photo in soon if photo.release_alert != f"{photo.release_until} {photo.release_state}"]


def releases_tell(ids: Sequence[str]) -> int:
    """Tell people of the releases of photos, by one e-mail to each. Return the number of people reached."""
    photos = list(ModelImage.objects.filter(pk__in=ids).order_by("release_until", "name", "id"))
    if not photos:
        return 0
    return sum(send_to(person, lambda: _words(photos)) for person in keepers())


def keepers() -> QuerySet[User]:
    """Return the people who hear of releases: merchandisers and owners, with an address."""
    keep = Q(is_superuser=True) | Q(groups__name=KEEPERS)
    return User.objects.filter(keep, is_active=True).exclude(email="").order_by("pk").distinct()


def _words(photos: Sequence[ModelImage]) -> tuple[str, str]:
    """Return the subject and the text of the e-mail."""
    subject = ngettext(
        "The release of %(count)d model photo ends", "The releases of %(count)d model photos end", len(photos)
    )
    ends = [(photo.name, photo.release_until) for photo in photos[:MOST_NAMED]]
    lines = [f"- {name}: {date_format(day)}" for name, day in ends if day is not None]
    if len(photos) > MOST_NAMED:
        lines.append("…")
    page = public_address("admin:releases")
    text = gettext(
        "The last day of each release:\n\n%(photos)s\n\nAfter it, new try-ons with the photo are refused. "
        "Renew the release, or take the results down. This page lists them:\n%(page)s"
    )
    return subject % {"count": len(photos)}, text % {"photos": "\n".join(lines), "page": page}
