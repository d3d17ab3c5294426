"""Advice about poor photos: the words of each warning, and how to shoot the photo better."""

from typing import Final

from django.utils.translation import gettext

from config.core.images import DUPLICATE, SIMILAR, WARNINGS
from tryon.catalogue.services import OTHERS


def _(message: str) -> str:
    """Mark a message for translation and return it unchanged. The page that shows it translates it."""
    return message


HINTS: Final[dict[str, str]] = {
    "image_small": _("Go nearer, or export the photo with at least 1,500 pixels on its longer side."),
    "image_blurred": _("Put the camera on a tripod, wipe the lens, and focus on the garment."),
    "image_dark": _("Shoot by a large window, or with a lamp on each side. Don't use the flash."),
    "image_narrow": _("Leave a little room on all sides, and keep the usual shape of 2 to 3."),
    "image_hdr": _("Turn off HDR in the settings of the camera."),
}
MESSAGES: Final[dict[str, str]] = {
    **{code: warning.message for code, warning in WARNINGS.items()},
    **{warning.code: warning.message for warning in (DUPLICATE, SIMILAR, OTHERS)},
}


def advice(code: str) -> list[str]:
    """Return the sentences about a warning, in the reader's language: what is poor, and what helps."""
    return [gettext(text) for text in (MESSAGES.get(code), HINTS.get(code)) if text]
