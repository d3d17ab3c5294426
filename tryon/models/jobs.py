"""Jobs."""

import uuid
from typing import Final, NamedTuple, override

from django.db import models
from django.db.models import Q
from django.db.models.fields.files import FieldFile
from django.utils.translation import gettext_lazy as _

from config.core import clock
from tryon.models.governor import Account
from tryon.models.products import ProductImage
from tryon.models.shopper_photos import ShopperPhoto


class Status(models.TextChoices):
    """The state of a job."""

    QUEUED = "queued", _("Queued")
    PROCESSING = "processing", _("Processing")
    COMPLETED = "completed", _("Completed")
    FAILED = "failed", _("Failed")
    CANCELED = "canceled", _("Canceled")


ACTIVE = (Status.QUEUED, Status.PROCESSING)
# The cache key of an erased job begins with it, and no request has such a key.
ERASED: Final = "erased-"


class Lane(models.TextChoices):
    """The line in which a job waits: for a shopper in front of a screen, or for a merchandiser's batch.

    The values sort, so ``ORDER BY lane DESC`` puts interactive first and an index can serve it.
    """

    INTERACTIVE = "interactive", _("Interactive")
    BULK = "bulk", _("Bulk")


class Payer(NamedTuple):
    """The budgets that a job uses: fields of it, and of its calls. A test and the staff have no ``payer``."""

    payer: str | None
    api_key: uuid.UUID | None
    shopper: str


class NewOwner(NamedTuple):
    """The requester for whom a job counts from a retry on, its budgets, and another lane, if any."""

    requester: str
    payer: Payer
    lane: Lane | None = None


class TryOnJob(models.Model):
    """One try-on. Its state changes only in ``tryon.engine.lifecycle``.

    The person is on a model photo of the library, or on a shopper's own photo. The pictures of such a private
    job are the shopper's.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    product_image = models.ForeignKey(
        ProductImage, on_delete=models.PROTECT, related_name="jobs", verbose_name=_("product photo")
    )
    model_image = models.ForeignKey(
        "models_library.ModelImage",
        on_delete=models.PROTECT,
        related_name="jobs",
        verbose_name=_("model photo"),
        null=True,
        blank=True,
    )
    shopper_photo = models.ForeignKey(
        ShopperPhoto,
        on_delete=models.PROTECT,
        related_name="jobs",
        verbose_name=_("shopper photo"),
        db_index=False,  # its own index has only the few jobs that have one
        null=True,
        blank=True,
    )
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.QUEUED)
    progress = models.PositiveSmallIntegerField(_("progress"), default=0, help_text=_("0 to 100."))
    options = models.JSONField(_("options"), default=dict, blank=True)
    cache_key = models.CharField(_("cache key"), max_length=64, db_index=True)
    lane = models.CharField(_("lane"), max_length=11, choices=Lane, default=Lane.INTERACTIVE)
    price = models.PositiveIntegerField(
        _("price"),
        default=0,
        db_default=0,
        help_text=_("Credits for the calls that are still to be made; 0 once the job has ended."),
    )
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
    requester = models.CharField(
        _("requester"), max_length=60, help_text=_("The shop or the person: fair shares and limits go by it.")
    )
    api_key = models.UUIDField(_("API key"), null=True, blank=True, help_text=_("The key that started it."))
    shopper = models.CharField(
        _("shopper"),
        max_length=60,
        blank=True,
        default="",
        db_default="",
        help_text=_("The shopper of the shop who started it."),
    )
    payer = models.CharField(
        _("payer"),
        max_length=60,
        null=True,
        blank=True,
        help_text=_(
            "The shop whose credits the started calls use. Those of the staff and of tests use none."
        ),
    )
    is_test = models.BooleanField(
        _("test"),
        default=False,
        db_default=False,
        help_text=_("A stand-in makes the picture, not FASHN. It costs no money."),
    )
    account = models.CharField(
        _("account"),
        max_length=20,
        choices=Account,
        default=Account.LIVE,
        db_default=Account.LIVE,
        help_text=_("The queue that it waits in: live, or test for the jobs of test keys."),
    )
    created_at = models.DateTimeField(_("created"), default=clock.now, editable=False)
    updated_at = models.DateTimeField(_("updated"), default=clock.now, editable=False)
    started_at = models.DateTimeField(_("started"), null=True, blank=True)
    completed_at = models.DateTimeField(_("completed"), null=True, blank=True)

    class Meta:
        verbose_name = _("try-on job")
        verbose_name_plural = _("try-on jobs")
        ordering = ["-created_at", "id"]
        indexes = [
            models.Index("account", "status", models.F("lane").desc(), "created_at", name="job_queue_order"),
            models.Index(
                fields=["account", "lane", "requester", "created_at", "not_before", "price"],
                condition=Q(status=Status.QUEUED),
                name="job_fair_order",
            ),
            models.Index(fields=["-created_at", "id"], name="job_newest"),
            models.Index(fields=["status", "-created_at", "id"], name="job_newest_of_status"),
            models.Index(fields=["requester", "-created_at"], name="job_of_requester"),
            models.Index(fields=["account", "status", "price"], name="job_price"),
            models.Index(
                fields=["payer", "status", "price", "shopper", "api_key"],
                condition=Q(payer__isnull=False),
                name="job_of_payer",
            ),
            models.Index(fields=["status", "error_code", "account"], name="job_failure"),
            models.Index(
                fields=["shopper_photo"],
                condition=Q(shopper_photo__isnull=False),
                name="job_of_shopper_photo",
            ),
            models.Index(
                fields=["next_check_at"], condition=Q(status=Status.PROCESSING), name="job_next_check"
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["cache_key"], condition=Q(status__in=ACTIVE), name="job_one_active_per_cache_key"
            ),
            models.CheckConstraint(
                condition=Q(model_image__isnull=False, shopper_photo__isnull=True)
                | Q(model_image__isnull=True, shopper_photo__isnull=False),
                name="job_has_one_person",
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
        """Return whether the job is queued or processing."""
        return self.status in ACTIVE

    @property
    def is_outfit(self) -> bool:
        """Return whether the job has several garments. Its viewers have the photos of the further ones."""
        return "garments" in self.options

    @property
    def is_private(self) -> bool:
        """Return whether the job's picture is of a shopper, who alone may see it."""
        return self.shopper_photo_id is not None

    @property
    def person(self) -> FieldFile:
        """Return the photo of the person, as FASHN gets it."""
        if self.shopper_photo is not None:
            return self.shopper_photo.processed
        if self.model_image is None:
            raise ValueError("The job has no person.")  # the database allows none
        return self.model_image.image

    @property
    def is_erased(self) -> bool:
        """Return whether the job's photo was erased, with all that was made of it."""
        return self.cache_key.startswith(ERASED)
