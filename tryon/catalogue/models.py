"""Products, and what people keep while they work on the library: their uploads and their filters."""

import uuid
from typing import override

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from config.core import clock


class Product(models.Model):
    """Something that the shop sells. Its photos are the catalogue's product photos with its number.

    ``source_photo`` is the one that try-ons are made with. ``price`` is in units of ``currency``, an ISO 4217
    code such as EUR.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    product_id = models.CharField(
        _("product"), max_length=100, unique=True, help_text=_("The shop's own number for the product.")
    )
    name = models.CharField(_("name"), max_length=200, blank=True, default="")
    price = models.DecimalField(
        _("price"), max_digits=12, decimal_places=2, null=True, blank=True, validators=[MinValueValidator(0)]
    )
    currency = models.CharField(
        _("currency"), max_length=3, blank=True, default="", help_text=_("Three letters, such as EUR or KRW.")
    )
    collection = models.CharField(_("collection"), max_length=100, blank=True, default="", db_index=True)
    tags = models.JSONField(_("tags"), default=list, blank=True)
    source_photo = models.ForeignKey(
        "tryon.ProductImage",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="source_of",
        verbose_name=_("source photo"),
        help_text=_("The photo that try-ons are made with."),
    )
    created_at = models.DateTimeField(_("created"), default=clock.now, editable=False)

    class Meta:
        verbose_name = _("product")
        verbose_name_plural = _("products")
        ordering = ["product_id"]
        indexes = [models.Index(fields=["-created_at", "id"], name="product_newest")]
        constraints = [
            models.CheckConstraint(
                condition=Q(price__isnull=True) | Q(price__gte=0), name="product_price_not_negative"
            )
        ]

    @override
    def __str__(self) -> str:
        return f"{self.product_id} · {self.name}" if self.name else self.product_id


class Outcome(models.TextChoices):
    """The end of an upload."""

    ADDED = "added", _("Added")
    DUPLICATE = "duplicate", _("Already there")
    REFUSED = "refused", _("Refused")


class UploadAttempt(models.Model):
    """A file that a person sent to the library, and its outcome, kept for some days.

    One of the photos is set: the new one, or the one that a duplicate equals. ``warnings`` has the codes.
    ``message`` says why a file was refused, in the language of the person.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    file_name = models.CharField(max_length=200)
    outcome = models.CharField(max_length=16, choices=Outcome)
    code = models.CharField(max_length=64, blank=True)
    message = models.TextField(blank=True)
    warnings = models.JSONField(default=list)
    product_image = models.ForeignKey("tryon.ProductImage", models.CASCADE, null=True, related_name="uploads")
    model_image = models.ForeignKey(
        "models_library.ModelImage", models.CASCADE, null=True, related_name="uploads"
    )
    library = models.CharField(max_length=40)  # the label of the list that the file was meant for
    at = models.DateTimeField(default=clock.now)

    class Meta:
        default_permissions = ()
        ordering = ["-at", "id"]
        indexes = [
            models.Index(fields=["person", "library", "-at"], name="upload_of_person"),
            models.Index(fields=["at"], name="upload_oldest"),
        ]

    @override
    def __str__(self) -> str:
        return self.file_name


class SavedFilter(models.Model):
    """A choice of rows of a list that a person has named. ``query`` is the part of its address after "?"."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    library = models.CharField(max_length=40)  # the label of the list
    name = models.CharField(_("name"), max_length=60)
    query = models.CharField(max_length=1000)
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        default_permissions = ()
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["person", "library", "name"], name="saved_filter_once")
        ]

    @override
    def __str__(self) -> str:
        return self.name


class ImportState(models.TextChoices):
    """The state of an import."""

    CHECKED = "checked", _("Checked")
    APPLIED = "applied", _("Applied")


class ProductImport(models.Model):
    """A table of products that a person has sent. Its rows wait here, until the person applies them.

    ``rows`` begin with their number in the file, and go when they are applied or old. ``summary`` is what the
    page shows: the counts, the first errors and the first rows.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    file_name = models.CharField(max_length=200)
    encoding = models.CharField(max_length=20, blank=True)
    headers = models.JSONField(default=list)
    rows = models.JSONField(default=list)
    summary = models.JSONField(default=dict)
    state = models.CharField(max_length=10, choices=ImportState, default=ImportState.CHECKED)
    created_at = models.DateTimeField(default=clock.now, db_index=True)
    applied_at = models.DateTimeField(null=True)

    class Meta:
        default_permissions = ()
        ordering = ["-created_at", "id"]

    @override
    def __str__(self) -> str:
        return self.file_name


class PhotoFetch(models.Model):
    """A photo that an import names by its address. A worker fetches it. Its photo gets the same id."""

    class State(models.TextChoices):
        """The state of a fetch."""

        WAITING = "waiting", _("Waiting")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    product_import = models.ForeignKey(ProductImport, models.CASCADE, related_name="fetches")
    product = models.ForeignKey(Product, models.CASCADE, related_name="+")
    address = models.CharField(max_length=2000)
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    code = models.CharField(max_length=64, blank=True)
    at = models.DateTimeField(default=clock.now)

    class Meta:
        default_permissions = ()
        ordering = ["at", "id"]
        indexes = [
            models.Index(fields=["at"], condition=Q(state="waiting"), name="photo_fetch_waiting"),
        ]

    @override
    def __str__(self) -> str:
        return self.address


class PhotoReplacement(models.Model):
    """A product photo that was replaced, and the photo in its place now.

    If that one is replaced too, the row names its successor.
    """

    old = models.OneToOneField(
        "tryon.ProductImage", models.CASCADE, primary_key=True, related_name="replacement"
    )
    new = models.ForeignKey("tryon.ProductImage", models.CASCADE, related_name="replaces")
    at = models.DateTimeField(default=clock.now)

    class Meta:
        default_permissions = ()

    @override
    def __str__(self) -> str:
        return str(self.old)
