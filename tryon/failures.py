"""Why a job can fail, in words for the person who waits. Codes are stable; texts say what to do next."""

from typing import Final

from django.utils.translation import gettext_lazy as _

# FASHN's refusals of the pictures, our own limits, and the one case where money may be spent.
MESSAGES: Final = {
    "pose_not_found": _("No person could be found in the model photo. Choose another model photo."),
    "content_refused": _("These photos can't be used for a try-on. Choose other photos."),
    "image_not_loaded": _("A photo could not be read. Upload it again, then try again."),
    "input_refused": _("These photos and options do not work together. Change the options, then try again."),
    "picture_missing": _("A photo's file is gone. Upload it again, then try again."),
    "submission_unknown": _("The connection broke while your try-on was being started. Try again."),
    "prediction_lost": _("Your try-on got lost on the way. Try again."),
    "internal_error": _("Something went wrong on our side. Try again."),
    "deadline_passed": _("Your try-on took too long. Try again."),
    "daily_limit_too_low": _("One try-on with these options costs more than a day's credits. Choose others."),
    "result_not_usable": _("The picture that came back can't be shown. Try again."),
}
FALLBACK: Final = _("The try-on did not work this time. Try again in a few minutes.")

# Where the same request, sent again by a person, may well succeed.
NOT_WORTH_RETRYING: Final = frozenset(
    {"pose_not_found", "content_refused", "input_refused", "picture_missing", "daily_limit_too_low"}
)


def message_for(code: str) -> str:
    """What to tell the shopper, in the language of the request."""
    return str(MESSAGES.get(code, FALLBACK))


def worth_retrying(code: str) -> bool:
    """Whether the same request may succeed another time."""
    return bool(code) and code not in NOT_WORTH_RETRYING
