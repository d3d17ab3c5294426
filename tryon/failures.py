"""The failures of a job, in words for the person who waits. Codes are stable. Texts say what to do next."""

from typing import Final

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

PASSING: Final = _("The try-on did not work this time. Try again in a few minutes.")


class FailureCode(TextChoices):
    """Every ``errorCode`` of a job: refusals and failures of FASHN, our limits and our own errors."""

    POSE_NOT_FOUND = (
        "pose_not_found",
        _("No person could be found in the model photo. Choose another model photo."),
    )
    CONTENT_REFUSED = "content_refused", _("These photos can't be used for a try-on. Choose other photos.")
    IMAGE_NOT_LOADED = "image_not_loaded", _("A photo could not be read. Upload it again, then try again.")
    INPUT_REFUSED = (
        "input_refused",
        _("These photos and options do not work together. Choose another photo or other options."),
    )
    PICTURE_MISSING = "picture_missing", _("A photo's file is gone. Upload it again, then try again.")
    PICTURE_ARCHIVED = (
        "picture_archived",
        _("A photo's file was moved to an archive. Upload the photo again, then try again."),
    )
    SUBMISSION_UNKNOWN = (
        "submission_unknown",
        _("The connection broke while your try-on was being started. Try again."),
    )
    PREDICTION_LOST = "prediction_lost", _("Your try-on got lost on the way. Try again.")
    ACCOUNT_UNREACHABLE = "account_unreachable", _("Your try-on can't be fetched at the moment. Try again.")
    INTERNAL_ERROR = "internal_error", _("Something went wrong on our side. Try again.")
    DEADLINE_PASSED = "deadline_passed", _("Your try-on took too long. Try again.")
    DAILY_LIMIT_TOO_LOW = (
        "daily_limit_too_low",
        _("One try-on with these options costs more than a day's credits. Choose other options."),
    )
    CREDITS_USED_UP = "credits_used_up", _("Today's try-ons are used up. Try again tomorrow.")
    RESULT_NOT_USABLE = "result_not_usable", _("The picture that came back can't be shown. Try again.")
    STORAGE_UNAVAILABLE = "storage_unavailable", PASSING
    PROVIDER_ERROR = "provider_error", PASSING
    PROVIDER_REFUSED_REQUEST = "provider_refused_request", PASSING
    PROVIDER_NOT_FOUND = "provider_not_found", PASSING
    PROVIDER_SERVER_ERROR = "provider_server_error", PASSING
    PROVIDER_NOT_REACHED = "provider_not_reached", PASSING
    PROVIDER_UNANSWERED = "provider_unanswered", PASSING
    PROVIDER_UNEXPECTED_ANSWER = "provider_unexpected_answer", PASSING
    PROVIDER_UNAVAILABLE = "provider_unavailable", PASSING
    PROVIDER_PIPELINE_ERROR = "provider_pipeline_error", PASSING
    PROVIDER_INTERNAL_ERROR = "provider_internal_error", PASSING
    PROVIDER_CANCELED = "provider_canceled", PASSING
    PROVIDER_TIMED_OUT = "provider_timed_out", PASSING
    PROVIDER_UNKNOWN_ERROR = "provider_unknown_error", PASSING
    THIRD_PARTY_FAILED = "third_party_failed", PASSING


# The same request, sent again by a person, would fail again.
PERMANENT: Final = frozenset(
    {
        FailureCode.POSE_NOT_FOUND,
        FailureCode.CONTENT_REFUSED,
        FailureCode.INPUT_REFUSED,
        FailureCode.PICTURE_MISSING,
        FailureCode.PICTURE_ARCHIVED,
        FailureCode.DAILY_LIMIT_TOO_LOW,
    }
)
CURABLE: Final = frozenset(FailureCode) - PERMANENT


def message_for(code: str) -> str:
    """Return the words for the shopper, in the language of the request."""
    return str(FailureCode(code).label if code in FailureCode else PASSING)


def is_retryable(code: str) -> bool:
    """Return whether the same request may succeed another time."""
    return bool(code) and code not in PERMANENT
