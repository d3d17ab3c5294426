"""The paid pictures."""

import uuid
from typing import override

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from config.core import clock


class Review(models.TextChoices):
    """A merchandiser's decision on a result."""

    PENDING = "pending", _("Not reviewed")
    APPROVED = "approved", _("Approved")
    REJECTED = "rejected", _("Rejected")
    ALMOST = "almost", _("Almost")


class Flag(models.TextChoices):
    """A doubt about a picture, found by measuring it. It sorts, and never decides."""

    UNCHANGED = "unchanged", _("Nothing changed on the model photo")
    BLANK = "blank", _("Nearly black or blank")
    COLOUR_OFF = "colour_off", _("The garment's colour is far off")
    OUTSIDE_CHANGED = "outside_changed", _("Changed far outside the garment")
    FACE_CHANGED = "face_changed", _("The face has changed")


class TryOnResult(models.Model):
    """One finished try-on picture.

    ``image`` and ``thumbnail`` are keys in private storage; ``width`` and ``height`` are the image's pixels.
    Identical requests find it by ``cache_key``, which is None once a newer picture has taken the key.
    ``flags`` is a list of ``{name, score}`` with names of ``Flag``, and ``is_flagged`` sorts by it.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    job = models.OneToOneField(
        "tryon.TryOnJob", on_delete=models.PROTECT, related_name="result", verbose_name=_("job")
    )
    image = models.FileField(_("image"), max_length=200, editable=False)
    thumbnail = models.FileField(_("thumbnail"), max_length=200, editable=False)
    width = models.PositiveIntegerField(_("width"), editable=False)
    height = models.PositiveIntegerField(_("height"), editable=False)
    cache_key = models.CharField(_("cache key"), max_length=64, unique=True, null=True, editable=False)
    expires_at = models.DateTimeField(_("expires"), db_index=True)
    credits_used = models.PositiveIntegerField(_("credits used"), default=0)
    review = models.CharField(_("review"), max_length=10, choices=Review, default=Review.PENDING)
    flags = models.JSONField(
        _("flags"),
        null=True,
        blank=True,
        editable=False,
        help_text=_("Doubts about the picture, each with its name and score. None until it is measured."),
    )
    is_flagged = models.BooleanField(_("flagged"), default=False, db_default=False, editable=False)
    created_at = models.DateTimeField(_("created"), default=clock.now, editable=False, db_index=True)

    class Meta:
        verbose_name = _("result")
        verbose_name_plural = _("results")
        ordering = ["-created_at", "id"]
        indexes = [
            models.Index(fields=["-created_at", "id"], name="result_newest"),
            # The nightly sweep asks by the beginning of a key.
            models.Index(fields=["image"], opclasses=["varchar_pattern_ops"], name="result_image_key"),
            models.Index(
                fields=["thumbnail"], opclasses=["varchar_pattern_ops"], name="result_thumbnail_key"
            ),
            # Of all reviews: SQLite takes no index with a condition for a review that comes as a parameter.
            models.Index(fields=["review", "-is_flagged", "created_at", "id"], name="result_review_order"),
            models.Index(fields=["review", "created_at", "id"], name="result_of_review"),
            models.Index(fields=["id"], condition=models.Q(flags__isnull=True), name="result_to_measure"),
        ]
        constraints = [
            models.CheckConstraint(condition=models.Q(review__in=Review.values), name="result_review"),
            models.CheckConstraint(condition=models.Q(width__gt=0, height__gt=0), name="result_has_a_size"),
        ]

    @override
    def __str__(self) -> str:
        return str(self.pk)


class Verdict(models.TextChoices):
    """A shopper's answer to: would you show this picture?"""

    YES = "yes", _("Yes")
    ALMOST = "almost", _("Almost")
    NO = "no", _("No")


class Reason(models.TextChoices):
    """A reason for a verdict against a picture."""

    GARMENT_CHANGED = "garment_changed", _("The garment looks different")
    WRONG_FIT = "wrong_fit", _("The fit is wrong")
    BODY_CHANGED = "body_changed", _("The body looks different")
    FACE_CHANGED = "face_changed", _("The face looks different")
    HANDS = "hands", _("Hands or arms are wrong")
    BACKGROUND = "background", _("The background is wrong")
    LOW_QUALITY = "low_quality", _("The picture is poor")
    OTHER = "other", _("Something else")


class Decision(models.TextChoices):
    """A person's decision on a result in front of them."""

    APPROVED = "approved", _("Approved")
    REJECTED = "rejected", _("Rejected")
    ALMOST = "almost", _("Almost")
    SKIPPED = "skipped", _("Skipped")


class ReviewDecision(models.Model):
    """One decision on a result. ``TryOnResult.review`` has what holds now.

    It belongs to the job, because results expire: ``result`` is None then. ``before`` is the review that an
    undo restores. The page that decides chooses the ``id``, so that a repeated call decides once.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    job = models.ForeignKey(
        "tryon.TryOnJob", on_delete=models.CASCADE, related_name="decisions", verbose_name=_("job")
    )
    result = models.ForeignKey(
        TryOnResult,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="decisions",
        verbose_name=_("result"),
    )
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="review_decisions",
        verbose_name=_("person"),
        db_index=False,  # its own index has the time too
    )
    verdict = models.CharField(_("decision"), max_length=10, choices=Decision)
    before = models.CharField(_("review before"), max_length=10, choices=Review, default=Review.PENDING)
    reasons = models.JSONField(_("reasons"), default=list, blank=True)
    comment = models.TextField(_("comment"), blank=True)
    at = models.DateTimeField(_("decided"), default=clock.now, editable=False, db_index=True)
    undone_at = models.DateTimeField(_("undone"), null=True, blank=True)

    class Meta:
        verbose_name = _("decision")
        verbose_name_plural = _("decisions")
        ordering = ["-at", "id"]
        indexes = [models.Index(fields=["person", "-at"], name="decision_of_person")]
        constraints = [
            models.CheckConstraint(condition=models.Q(verdict__in=Decision.values), name="decision_verdict"),
        ]

    @override
    def __str__(self) -> str:
        return str(self.get_verdict_display())


class ResultFeedback(models.Model):
    """One requester's feedback on a picture. It belongs to the job, because results expire."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    job = models.ForeignKey(
        "tryon.TryOnJob", on_delete=models.CASCADE, related_name="feedback", verbose_name=_("job")
    )
    requester = models.CharField(_("requester"), max_length=60)
    verdict = models.CharField(_("verdict"), max_length=10, choices=Verdict)
    reasons = models.JSONField(_("reasons"), default=list, blank=True)
    comment = models.TextField(_("comment"), blank=True)
    created_at = models.DateTimeField(_("created"), default=clock.now, editable=False)

    class Meta:
        verbose_name = _("feedback")
        verbose_name_plural = _("feedback")
        ordering = ["-created_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["job", "requester"], name="feedback_once"),
            models.CheckConstraint(condition=models.Q(verdict__in=Verdict.values), name="feedback_verdict"),
        ]

    @override
    def __str__(self) -> str:
        return str(self.get_verdict_display())
