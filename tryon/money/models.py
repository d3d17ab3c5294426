"""The rollup of the ledger: what was paid on each day, for what, and what came of it.

The ledger is the predictions. A row of these tables can be made from it again, but for ``is_archived`` rows,
whose jobs a cleanup has removed.
"""

from typing import ClassVar, override

from django.db import models
from django.utils.translation import gettext_lazy as _

from config.core import clock
from results.models import Review
from tryon.models import Account


class Outcome(models.TextChoices):
    """The outcome of the job that a call was paid for, as it is now."""

    APPROVED = "approved", _("Approved")
    ALMOST = "almost", _("Almost")
    REJECTED = "rejected", _("Rejected")
    TO_REVIEW = "to_review", _("To review")
    UNSEEN = "unseen", _("Gone without a review")
    FAILED = "failed", _("Failed")
    CANCELED = "canceled", _("Canceled")
    UNDER_WAY = "under_way", _("Under way")


class OfCalls(models.Model):
    """The columns of all rows of the rollup. ``party`` is the shop or the person who asked for them."""

    day = models.DateField(_("day"), help_text=_("Of the submission, UTC."))
    account = models.CharField(_("account"), max_length=20, choices=Account)
    party = models.CharField(_("asked by"), max_length=60)
    batch_id = models.UUIDField(_("batch"), null=True)
    model_image_id = models.UUIDField(_("model photo"), null=True)
    garment_type = models.CharField(_("garment photo type"), max_length=20)
    is_archived = models.BooleanField(default=False)

    class Meta:
        abstract = True


class Spending(OfCalls):
    """Paid and unknown calls of a day that have all these columns in common, with their sums.

    ``credits`` are paid. ``unknown_credits`` may be: FASHN has not answered those calls. ``pictures`` counts
    the completed jobs whose last paid call is here. ``is_rescued``: the job was given up before its picture
    came.
    """

    model_name = models.CharField(_("model"), max_length=40)
    speed = models.CharField(_("mode"), max_length=40)
    outcome = models.CharField(_("outcome"), max_length=10, choices=Outcome)
    is_rescued = models.BooleanField(_("rescued"), default=False)
    calls = models.PositiveIntegerField(_("paid calls"), default=0)
    credits = models.PositiveIntegerField(_("credits"), default=0)
    unknown_calls = models.PositiveIntegerField(_("unknown calls"), default=0)
    unknown_credits = models.PositiveIntegerField(_("unknown credits"), default=0)
    pictures = models.PositiveIntegerField(_("pictures"), default=0)

    class Meta:
        verbose_name = _("spending")
        verbose_name_plural = _("spending")
        default_permissions = ["view"]
        indexes = [models.Index(fields=["day"], name="spending_day")]

    @override
    def __str__(self) -> str:
        return f"{self.day} {self.party}"


class Complaint(OfCalls):
    """The number of times that a reason was given against the pictures of such calls."""

    reason = models.CharField(_("reason"), max_length=30)
    number = models.PositiveIntegerField(_("number"))

    class Meta:
        default_permissions = ()
        indexes = [models.Index(fields=["day"], name="complaint_day")]

    @override
    def __str__(self) -> str:
        return self.reason


class RemovedResult(models.Model):
    """The review of a result that is gone. Its job stays."""

    job = models.OneToOneField(
        "tryon.TryOnJob", on_delete=models.CASCADE, primary_key=True, related_name="removed_result"
    )
    review = models.CharField(_("review"), max_length=10, choices=Review)

    class Meta:
        default_permissions = ()

    @override
    def __str__(self) -> str:
        return self.review


class ChangedDay(models.Model):
    """A day whose rows have changed without an event since they were rolled up.

    A change adds a row of its own, even if another names the day already: that one may be taken away by a
    process that has not seen this change.
    """

    day = models.DateField()

    class Meta:
        default_permissions = ()

    @override
    def __str__(self) -> str:
        return str(self.day)


class Rollup(models.Model):
    """The one row that says how far the ledger is rolled up, and the lock of who rolls a day up.

    The days up to ``through`` are, as they were at ``at``.
    """

    THE_ONE: ClassVar[int] = 1

    number = models.PositiveSmallIntegerField(primary_key=True, default=THE_ONE, editable=False)
    through = models.DateField(null=True)
    at = models.DateTimeField(null=True)

    class Meta:
        default_permissions = ()

    @override
    def __str__(self) -> str:
        return str(self.through)


class Balance(models.Model):
    """The credits that an account had at FASHN when it was last asked."""

    account = models.CharField(_("account"), max_length=20, primary_key=True)
    credits = models.PositiveIntegerField(_("credits"))
    at = models.DateTimeField(_("at"), default=clock.now)

    class Meta:
        default_permissions = ()

    @override
    def __str__(self) -> str:
        return str(self.credits)
