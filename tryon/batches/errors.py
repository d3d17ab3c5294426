"""The refusals of orders about batches, in words for the person at the page."""

from typing import Any, ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class BatchRefused(Exception):
    """An order that can't be followed now. ``message`` says what to do next."""

    code: ClassVar[str] = "batch_refused"
    message: Any = ""

    def __init__(self, message: str | Promise = "") -> None:
        self.message = message or type(self).message
        super().__init__(self.code)


class NothingChosen(BatchRefused):
    code: ClassVar[str] = "nothing_chosen"
    message: Any = _("Choose at least one product photo and one model photo.")


class TooManyPairs(BatchRefused):
    code: ClassVar[str] = "too_many_pairs"
    message: Any = _("A plan has at most 10,000 try-ons. Choose fewer photos, or make several plans.")


class StillPlanned(BatchRefused):
    code: ClassVar[str] = "still_planned"
    message: Any = _("The plan is being counted. Wait until its price is there.")


class AlreadyStarted(BatchRefused):
    code: ClassVar[str] = "already_started"
    message: Any = _("This batch has been started before. Nothing was started or paid a second time.")


class PriceChanged(BatchRefused):
    code: ClassVar[str] = "price_changed"
    message: Any = _("The price has changed since this page was opened. Look at it and confirm again.")


class NothingToStart(BatchRefused):
    code: ClassVar[str] = "nothing_to_start"
    message: Any = _("Nothing of this plan has to be made. Change the choice of photos.")


class NotNow(BatchRefused):
    code: ClassVar[str] = "not_now"
    message: Any = _("The state of the batch has changed. Look at it again.")
