"""The flight recorder: the kinds of events of a job, and the recorded events."""

from typing import override

from django.db import models
from django.utils.translation import gettext_lazy as _

from config.core import clock
from tryon.models.jobs import TryOnJob


class EventKind(models.TextChoices):
    """The kinds of recorded events, with the words that the job's page shows.

    Rates and counts of credits are read from events, so a value never changes its meaning. The
    column has no ``choices``, so a change of words needs no migration.
    """

    QUEUED = "queued", _("Queued")
    STARTED = "started", _("Started, with a slot reserved")
    SUBMITTING = "submitting", _("Sending to FASHN")
    SUBMITTED = "submitted", _("Accepted by FASHN")
    WOKEN = "woken", _("FASHN called back")
    CHECKED = "checked", _("Asked FASHN for the status")
    CHECK_POSTPONED = "check_postponed", _("Status call postponed, to stay within FASHN's limit")
    PICTURE_READY = "picture_ready", _("Picture ready at FASHN")
    PREDICTION_FAILED = "prediction_failed", _("The prediction brought no picture")
    PREDICTION_UNKNOWN = "prediction_unknown", _("FASHN did not answer the submission")
    WAITING_FOR_WEBHOOK = "waiting_for_webhook", _("No answer came: waiting for FASHN to call back")
    ADOPTED = "adopted", _("FASHN called back and named the unanswered prediction")
    COLLECTING_FAILED = (
        "collecting_failed",
        _("The picture could not be fetched or stored, and is tried again"),
    )
    COMPLETED = "completed", _("Completed")
    FAILED = "failed", _("Failed")
    SUBMISSION_REFUSED = "submission_refused", _("FASHN takes no more for now, and started nothing")
    SLOT_RETURNED = "slot_returned", _("The slot was given back before anything was sent")
    BACKED_OFF = "backed_off", _("Back in the queue for a later try")
    CANCELED = "canceled", _("Canceled")
    RETRIED = "retried", _("Retried by a person")
    PRICED = "priced", _("Priced: an earlier release had queued it")
    INHERITED = "inherited", _("Continues with the predictions of an earlier attempt at the same recipe")
    HANDED_OVER = "handed_over", _("A prediction was handed over to a later attempt at the same recipe")
    RESUMED = "resumed", _("Waits again for an earlier prediction")
    HURRIED = "hurried", _("A shopper waits for it: moved ahead of the batch")
    RESCUE_PLANNED = "rescue_planned", _("The next rescue of the picture was planned")
    RESCUE_TRIED = "rescue_tried", _("Looked for the picture that no job waits for")
    PICTURE_KEPT = "picture_kept", _("The paid picture was copied to our storage")
    KEEPING_FAILED = "keeping_failed", _("The paid picture could not be copied, and is tried again")
    COPY_REMOVED = "copy_removed", _("The copy of the paid picture was removed")
    PICTURE_REFUSED = "picture_refused", _("The paid picture is lost or not usable")
    LATE_PICTURE = "late_picture", _("A picture came late, and no job waits for it")
    REVIVED = "revived", _("A late picture revived the job")
    RESCUED = "rescued", _("A late picture was saved")
    RESULT_REMOVED = "result_removed", _("The result was removed")
    PHOTO_CHANGED = "photo_changed", _("Its photo was erased: another requester's copy takes its place")
    PASSED_ON = "passed_on", _("Its requester left: another who waits for it takes over")
    ERASED = "erased", _("Erased on request, with its pictures")
    PICTURE_ERASED = "picture_erased", _("The paid picture was erased on request")


class JobEvent(models.Model):
    """One event of a job. Events happened in the order of their ids."""

    job = models.ForeignKey(TryOnJob, on_delete=models.CASCADE, related_name="events")
    at = models.DateTimeField(_("at"), default=clock.now, editable=False)
    kind = models.CharField(_("kind"), max_length=40)
    data = models.JSONField(_("data"), default=dict, blank=True)

    class Meta:
        verbose_name = _("job event")
        verbose_name_plural = _("job events")
        ordering = ["id"]
        indexes = [models.Index(fields=["kind", "-at"], name="job_event_kind")]

    @override
    def __str__(self) -> str:
        return self.kind

    @property
    def label(self) -> str:
        """Return the words for the kind, or the kind itself if a later release wrote it."""
        return str(EventKind(self.kind).label) if self.kind in EventKind else self.kind
