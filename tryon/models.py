"""Product photos, jobs, the paid calls made for them, and what happened when."""

import secrets
import uuid
from typing import ClassVar, override

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class ProductImage(models.Model):
    """A product photo: as uploaded, cleaned for FASHN, and small.

    ``original``, ``processed`` and ``thumbnail`` are keys in private storage; ``width`` and ``height`` are
    the processed copy's pixels. ``requester`` is who uploaded it; empty for the shop's own catalogue, which
    every key may use.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    product_id = models.CharField(_("product"), max_length=100, db_index=True)
    original = models.FileField(_("original"), max_length=200, editable=False)
    processed = models.FileField(_("processed"), max_length=200, editable=False)
    thumbnail = models.FileField(_("thumbnail"), max_length=200, editable=False)
    metadata = models.JSONField(_("metadata"), default=dict, blank=True)
    width = models.PositiveIntegerField(_("width"), editable=False)
    height = models.PositiveIntegerField(_("height"), editable=False)
    checksum = models.CharField(_("checksum"), max_length=64, editable=False, db_index=True)
    requester = models.CharField(_("requester"), max_length=60, blank=True, editable=False, db_index=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("product photo")
        verbose_name_plural = _("product photos")
        ordering = ["-created_at", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(width__gt=0, height__gt=0), name="product_image_has_a_size")
        ]

    @override
    def __str__(self) -> str:
        return self.product_id


class Status(models.TextChoices):
    """Where a job is."""

    QUEUED = "queued", _("Queued")
    PROCESSING = "processing", _("Processing")
    COMPLETED = "completed", _("Completed")
    FAILED = "failed", _("Failed")
    CANCELED = "canceled", _("Canceled")


ACTIVE = (Status.QUEUED, Status.PROCESSING)


class Lane(models.TextChoices):
    """Who waits: a shopper in front of a screen, or a merchandiser's batch.

    The values sort, so ``ORDER BY lane DESC`` puts interactive first and an index can serve it.
    """

    INTERACTIVE = "interactive", _("Interactive")
    BULK = "bulk", _("Bulk")


class TryOnJob(models.Model):
    """One try-on. Its state changes only in ``tryon.lifecycle``."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    product_image = models.ForeignKey(
        ProductImage, on_delete=models.PROTECT, related_name="jobs", verbose_name=_("product photo")
    )
    model_image = models.ForeignKey(
        "models_library.ModelImage",
        on_delete=models.PROTECT,
        related_name="jobs",
        verbose_name=_("model photo"),
    )
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.QUEUED)
    progress = models.PositiveSmallIntegerField(_("progress"), default=0, help_text=_("0 to 100."))
    options = models.JSONField(_("options"), default=dict, blank=True)
    cache_key = models.CharField(_("cache key"), max_length=64, db_index=True)
    lane = models.CharField(_("lane"), max_length=11, choices=Lane, default=Lane.INTERACTIVE)
    error_code = models.CharField(_("error code"), max_length=60, blank=True)
    error_message = models.CharField(_("error message"), max_length=500, blank=True)
    retry_count = models.PositiveSmallIntegerField(_("retries"), default=0)
    not_before = models.DateTimeField(
        _("not before"), null=True, blank=True, help_text=_("Back-off: not tried again before this time.")
    )
    lease = models.UUIDField(_("lease"), null=True, blank=True, help_text=_("Who is moving the job now."))
    lease_until = models.DateTimeField(_("lease until"), null=True, blank=True)
    next_check_at = models.DateTimeField(
        _("next check"), null=True, blank=True, help_text=_("When FASHN is asked again.")
    )
    expected_at = models.DateTimeField(
        _("expected"), null=True, blank=True, help_text=_("When the picture should be there.")
    )
    requester = models.CharField(_("requester"), max_length=60)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    updated_at = models.DateTimeField(_("updated"), auto_now=True)
    started_at = models.DateTimeField(_("started"), null=True, blank=True)
    completed_at = models.DateTimeField(_("completed"), null=True, blank=True)

    class Meta:
        verbose_name = _("try-on job")
        verbose_name_plural = _("try-on jobs")
        ordering = ["-created_at", "id"]
        indexes = [
            models.Index("status", models.F("lane").desc(), "created_at", name="job_queue_order"),
            models.Index(fields=["-created_at", "id"], name="job_newest"),
            models.Index(fields=["requester", "-created_at"], name="job_of_requester"),
            models.Index(
                fields=["next_check_at"], condition=Q(status=Status.PROCESSING), name="job_next_check"
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["cache_key"], condition=Q(status__in=ACTIVE), name="job_one_active_per_cache_key"
            ),
            models.CheckConstraint(condition=Q(status__in=Status.values), name="job_status"),
            models.CheckConstraint(condition=Q(lane__in=Lane.values), name="job_lane"),
            models.CheckConstraint(condition=Q(progress__lte=100), name="job_progress_at_most_100"),
            models.CheckConstraint(
                condition=~Q(status=Status.FAILED) | ~Q(error_code=""), name="job_failed_has_a_code"
            ),
            models.CheckConstraint(
                condition=~Q(status=Status.COMPLETED) | Q(completed_at__isnull=False, progress=100),
                name="job_completed_has_a_time",
            ),
            models.CheckConstraint(
                condition=Q(lease__isnull=True, lease_until__isnull=True)
                | Q(lease__isnull=False, lease_until__isnull=False),
                name="job_lease_has_an_end",
            ),
        ]

    @override
    def __str__(self) -> str:
        return str(self.pk)

    @property
    def is_active(self) -> bool:
        """Queued or processing."""
        return self.status in ACTIVE


class JobViewer(models.Model):
    """Who may see a job: identical requests by different callers meet in one job."""

    job = models.ForeignKey(TryOnJob, on_delete=models.CASCADE, related_name="viewers")
    requester = models.CharField(_("requester"), max_length=60)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["requester", "job"], name="job_viewer_once")]

    @override
    def __str__(self) -> str:
        return self.requester


class PredictionState(models.TextChoices):
    """Where a paid call is. ``reserved`` holds a slot with nothing sent; ``sending`` is the unsafe window."""

    RESERVED = "reserved", _("Reserved")
    SENDING = "sending", _("Sending")
    RUNNING = "running", _("Running")
    SUCCEEDED = "succeeded", _("Succeeded")
    FAILED = "failed", _("Failed")
    UNKNOWN = "unknown", _("Unknown")


IN_FLIGHT = (PredictionState.RESERVED, PredictionState.SENDING, PredictionState.RUNNING)


def new_callback_token() -> str:
    """256 random bits: the only thing that vouches for a webhook, since FASHN does not sign them."""
    return secrets.token_urlsafe(32)


class Prediction(models.Model):
    """One paid call to FASHN. ``provider_id`` is opaque text: FASHN shows two shapes of ids."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    job = models.ForeignKey(TryOnJob, on_delete=models.PROTECT, related_name="predictions")
    step = models.PositiveSmallIntegerField(_("step"), default=0)
    model_name = models.CharField(_("model"), max_length=40)
    speed = models.CharField(
        _("speed"), max_length=40, help_text=_("What its duration depends on, such as mode and resolution.")
    )
    callback_token = models.CharField(max_length=64, unique=True, default=new_callback_token)
    provider_id = models.CharField(_("provider id"), max_length=200, blank=True, db_index=True)
    state = models.CharField(
        _("state"), max_length=10, choices=PredictionState, default=PredictionState.RESERVED
    )
    output = models.TextField(
        _("output"), blank=True, help_text=_("Where FASHN keeps the picture, 72 hours.")
    )
    credits_used = models.PositiveIntegerField(_("credits used"), default=0)
    error_name = models.CharField(_("error name"), max_length=100, blank=True)
    error_message = models.TextField(_("error message"), blank=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    submitted_at = models.DateTimeField(_("submitted"), null=True, blank=True)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)

    class Meta:
        verbose_name = _("prediction")
        verbose_name_plural = _("predictions")
        ordering = ["created_at"]
        indexes = [
            models.Index(fields=["state", "-finished_at"], name="prediction_state"),
            models.Index(fields=["submitted_at"], name="prediction_submitted"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["job"], condition=Q(state__in=IN_FLIGHT), name="prediction_one_in_flight_per_job"
            ),
            models.CheckConstraint(
                condition=Q(state__in=PredictionState.values), name="prediction_state_known"
            ),
            models.CheckConstraint(
                condition=~Q(state=PredictionState.RUNNING) | ~Q(provider_id=""),
                name="prediction_running_has_an_id",
            ),
        ]

    @override
    def __str__(self) -> str:
        return self.provider_id or str(self.pk)


class JobEvent(models.Model):
    """The flight recorder: every transition and every call, in the order they happened."""

    job = models.ForeignKey(TryOnJob, on_delete=models.CASCADE, related_name="events")
    at = models.DateTimeField(_("at"), auto_now_add=True)
    kind = models.CharField(_("kind"), max_length=40)
    data = models.JSONField(_("data"), default=dict, blank=True)

    class Meta:
        verbose_name = _("job event")
        verbose_name_plural = _("job events")
        ordering = ["id"]

    @override
    def __str__(self) -> str:
        return self.kind


class Governor(models.Model):
    """One row, number 1, that every dispatch locks: one worker at a time counts and gives out slots."""

    ROW: ClassVar[int] = 1

    id = models.PositiveSmallIntegerField(primary_key=True, default=ROW)
    held_until = models.DateTimeField(
        _("held until"), null=True, blank=True, help_text=_("No job is started before this time.")
    )
    held_reason = models.CharField(_("held because"), max_length=60, blank=True)

    class Meta:
        verbose_name = _("governor")
        verbose_name_plural = _("governor")
        constraints = [models.CheckConstraint(condition=Q(id=1), name="governor_is_one_row")]

    @override
    def __str__(self) -> str:
        return self.held_reason or "open"
