"""Predictions: the paid calls to FASHN."""

import secrets
import uuid
from typing import Final, override

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from config.core import clock
from tryon.models.governor import Account
from tryon.models.jobs import TryOnJob


class PredictionState(models.TextChoices):
    """The state of a prediction.

    ``reserved`` holds a slot with nothing sent. ``sending`` is the unsafe window. ``unknown`` may have been
    paid: we ask or wait for it as long as FASHN keeps pictures.
    """

    RESERVED = "reserved", _("Reserved")
    SENDING = "sending", _("Sending")
    RUNNING = "running", _("Running")
    SUCCEEDED = "succeeded", _("Succeeded")
    FAILED = "failed", _("Failed")
    UNKNOWN = "unknown", _("Unknown")


IN_FLIGHT = (PredictionState.RESERVED, PredictionState.SENDING, PredictionState.RUNNING)

# The output of a call that FASHN answered with the picture itself. Only our copy has it.
INLINE: Final = "<base64>"


def new_callback_token() -> str:
    """Return 256 random bits. Only this token proves a webhook, because FASHN does not sign it."""
    return secrets.token_urlsafe(32)


class Prediction(models.Model):
    """One paid call to FASHN. ``provider_id`` is opaque text, because FASHN documents two shapes of ids."""

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
    kept = models.FileField(
        _("kept"),
        max_length=200,
        blank=True,
        editable=False,
        help_text=_("Our own copy of a paid picture whose job failed, waits or was canceled."),
    )
    account = models.CharField(
        _("account"),
        max_length=20,
        default=Account.LIVE,
        db_default=Account.LIVE,
        help_text=_("The account at FASHN that made it."),
    )
    price = models.PositiveIntegerField(_("price"), default=0, help_text=_("Credits, if it succeeds."))
    # Who has asked for it: a later attempt may take the call over, and pays nothing.
    payer = models.CharField(_("payer"), max_length=60, null=True, blank=True)
    api_key = models.UUIDField(_("API key"), null=True, blank=True)
    shopper = models.CharField(_("shopper"), max_length=60, blank=True, default="", db_default="")
    credits_used = models.PositiveIntegerField(_("credits used"), default=0)
    error_name = models.CharField(_("error name"), max_length=100, blank=True)
    error_message = models.TextField(_("error message"), blank=True)
    created_at = models.DateTimeField(_("created"), default=clock.now, editable=False)
    submitted_at = models.DateTimeField(_("submitted"), null=True, blank=True)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)
    rescue_at = models.DateTimeField(
        _("rescue at"),
        null=True,
        blank=True,
        help_text=_("When a picture whose job no longer waits is looked after again."),
    )

    class Meta:
        verbose_name = _("prediction")
        verbose_name_plural = _("predictions")
        ordering = ["created_at"]
        indexes = [
            models.Index(fields=["state", "-finished_at"], name="prediction_state"),
            models.Index(fields=["submitted_at"], name="prediction_submitted"),
            models.Index(
                fields=["payer", "state", "submitted_at"],
                condition=Q(payer__isnull=False),
                name="prediction_paid_by",
            ),
            # Not only of those that succeeded: SQLite can't use such an index for a state in a parameter. The
            # account is not its first field: SQLite would find all other predictions of an account by it.
            models.Index(
                fields=["model_name", "speed", "state", "account", "-finished_at"],
                name="prediction_durations",
            ),
            models.Index(
                fields=["kept"],
                condition=~Q(kept=""),
                opclasses=["varchar_pattern_ops"],
                name="prediction_kept_key",
            ),
            models.Index(
                fields=["rescue_at"], condition=Q(rescue_at__isnull=False), name="prediction_rescue"
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["job"], condition=Q(state__in=IN_FLIGHT), name="prediction_one_in_flight_per_job"
            ),
            models.UniqueConstraint(
                fields=["provider_id"], condition=~Q(provider_id=""), name="prediction_provider_id_once"
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
