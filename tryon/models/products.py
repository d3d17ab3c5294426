"""Product photos."""

import uuid
from typing import override

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from config.core import clock


class GarmentCategory(models.TextChoices):
    """The kind of garment, by FASHN's names."""

    TOPS = "tops", _("Top")
    BOTTOMS = "bottoms", _("Bottom")
    ONE_PIECES = "one-pieces", _("One-piece")


class ProductImage(models.Model):
    """A product photo, stored as uploaded, cleaned for FASHN, and as a thumbnail.

    ``original``, ``processed`` and ``thumbnail`` are keys in private storage; ``width`` and ``height`` are
    the processed copy's pixels. ``requester`` uploaded it; it is empty for the catalogue, which every shop
    may use. ``shop`` is the requester's shop, also if the requester is one of its shoppers. A shop's photo
    loses its files, and its keys become empty, when its try-ons are over. The row stays for the history of
    its jobs. An erased photo also loses its product and metadata.

    Only photos of the catalogue have a ``catalogue_product``, a category (empty: FASHN finds it), a view such
    as ``front``, and tags. A retired photo (not ``is_active``) takes no new try-ons.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    product_id = models.CharField(_("product"), max_length=100, db_index=True)
    # Not "product": its column would be the number above.
    catalogue_product = models.ForeignKey(
        "catalogue.Product",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="photos",
        editable=False,
        verbose_name=_("product of the catalogue"),
    )
    category = models.CharField(
        _("category"), max_length=16, choices=GarmentCategory, blank=True, default="", db_default=""
    )
    view = models.CharField(
        _("view"),
        max_length=40,
        blank=True,
        default="",
        db_default="",
        help_text=_("The side that it shows, such as front or back."),
    )
    tags = models.JSONField(_("tags"), default=list, db_default=[], blank=True)
    is_active = models.BooleanField(
        _("active"), default=True, db_default=True, help_text=_("A retired photo takes no new try-ons.")
    )
    original = models.FileField(_("original"), max_length=200, editable=False)
    processed = models.FileField(_("processed"), max_length=200, editable=False)
    thumbnail = models.FileField(_("thumbnail"), max_length=200, editable=False)
    metadata = models.JSONField(_("metadata"), default=dict, blank=True)
    width = models.PositiveIntegerField(_("width"), editable=False)
    height = models.PositiveIntegerField(_("height"), editable=False)
    checksum = models.CharField(_("checksum"), max_length=64, editable=False, db_index=True)
    requester = models.CharField(_("requester"), max_length=60, blank=True, editable=False, db_index=True)
    shop = models.CharField(max_length=60, blank=True, default="", db_default="", editable=False)
    is_test = models.BooleanField(
        _("test"),
        default=False,
        db_default=False,
        editable=False,
        help_text=_("Of a test key. It goes after a day."),
    )
    created_at = models.DateTimeField(_("created"), default=clock.now, editable=False)

    class Meta:
        verbose_name = _("product photo")
        verbose_name_plural = _("product photos")
        ordering = ["-created_at", "id"]
        indexes = [
            models.Index(fields=["-created_at", "id"], name="product_image_newest"),
            models.Index(fields=["requester", "-created_at", "id"], name="product_image_of_requester"),
            models.Index(
                fields=["shop", "-created_at", "id"], condition=~Q(shop=""), name="product_image_of_shop"
            ),
            models.Index(fields=["created_at"], condition=Q(is_test=True), name="product_image_of_tests"),
            # The nightly sweep asks by the beginning of a key.
            *(
                models.Index(
                    fields=[column], opclasses=["varchar_pattern_ops"], name=f"product_image_{column}"
                )
                for column in ("original", "processed", "thumbnail")
            ),
        ]
        permissions = [
            ("erase_photos", _("Can erase photos, with the results made with them")),
            ("fetch_photos", _("Can upload photos by their address")),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(width__gt=0, height__gt=0), name="product_image_has_a_size")
        ]

    @override
    def __str__(self) -> str:
        return self.product_id or gettext("Erased photo")

    @property
    def is_erased(self) -> bool:
        """Return whether the photo was erased on request."""
        return not self.product_id
