"""Photos of people that garments are tried on."""

import uuid
from typing import Final, override

from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from config.core import clock

# The subject of snapshots of the library's pages.
LIBRARY: Final = uuid.UUID(int=1)


class Category(models.TextChoices):
    """The part of the person that the photo shows."""

    FULL_BODY = "full_body", _("Full body")
    UPPER_BODY = "upper_body", _("Upper body")
    LOWER_BODY = "lower_body", _("Lower body")


class ModelImage(models.Model):
    """A model photo. While a job points at it, it can be retired but not deleted.

    ``image`` and ``thumbnail`` are keys in private storage. ``model_image_create`` writes them after the
    picture has passed ``config.core.images``. ``width`` and ``height`` are the image's pixels. An erased
    photo has no name and no files. Its row stays for the history of its jobs.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(_("name"), max_length=200)
    image = models.FileField(_("image"), max_length=200, editable=False)
    thumbnail = models.FileField(_("thumbnail"), max_length=200, editable=False)
    category = models.CharField(_("category"), max_length=16, choices=Category)
    tags = models.JSONField(_("tags"), default=list, blank=True)
    is_active = models.BooleanField(_("active"), default=True)
    width = models.PositiveIntegerField(_("width"), editable=False)
    height = models.PositiveIntegerField(_("height"), editable=False)
    checksum = models.CharField(_("checksum"), max_length=64, editable=False, db_index=True)
    # Empty for photos of the releases before it.
    fingerprint = models.CharField(
        _("fingerprint"), max_length=192, blank=True, default="", db_default="", editable=False
    )
    created_at = models.DateTimeField(_("created"), default=clock.now, editable=False)

    class Meta:
        verbose_name = _("model photo")
        verbose_name_plural = _("model photos")
        ordering = ["-created_at", "id"]
        indexes = [models.Index(fields=["is_active", "category", "-created_at"], name="model_image_library")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(category__in=Category.values), name="model_image_category"
            ),
            models.CheckConstraint(
                condition=models.Q(width__gt=0, height__gt=0), name="model_image_has_a_size"
            ),
        ]

    @override
    def __str__(self) -> str:
        return self.name or gettext("Erased photo")

    @property
    def is_erased(self) -> bool:
        """Return whether the photo was erased on request."""
        return not self.name
