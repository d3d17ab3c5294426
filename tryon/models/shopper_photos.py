"""Photos of shoppers, who agreed to have pictures made with them."""

import uuid
from typing import override

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from config.core import clock


class ShopperPhoto(models.Model):
    """A shopper's own photo, stored as uploaded without its metadata, and cleaned for FASHN.

    Only the shopper sees it, and only until ``expires_at``: then it loses its files, and what was made with
    it goes. The row stays for the history of its jobs, and ``original`` and ``processed`` are empty.
    ``consent_version`` names the text that the shopper agreed to, at ``consented_at``, through ``api_key``
    and from an address whose keyed hash is ``address_hash``. An erased photo has lost them, and its shopper.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    original = models.FileField(_("original"), max_length=200, editable=False)
    processed = models.FileField(_("processed"), max_length=200, editable=False)
    width = models.PositiveIntegerField(_("width"), editable=False)
    height = models.PositiveIntegerField(_("height"), editable=False)
    checksum = models.CharField(_("checksum"), max_length=64, blank=True, editable=False)
    requester = models.CharField(_("requester"), max_length=60, blank=True, editable=False)
    shop = models.CharField(max_length=60, blank=True, editable=False)
    is_test = models.BooleanField(_("test"), default=False, editable=False)
    consent_version = models.CharField(_("consent version"), max_length=64, blank=True, editable=False)
    consented_at = models.DateTimeField(_("consented"), default=clock.now, editable=False)
    api_key = models.UUIDField(_("API key"), null=True, editable=False)
    address_hash = models.CharField(_("address hash"), max_length=64, blank=True, editable=False)
    expires_at = models.DateTimeField(_("expires"), editable=False, db_index=True)

    class Meta:
        verbose_name = _("shopper photo")
        verbose_name_plural = _("shopper photos")
        ordering = ["-consented_at", "id"]
        default_permissions = ()  # nobody sees them in the admin
        indexes = [
            models.Index(fields=["requester", "-consented_at"], name="shopper_photo_of_shopper"),
            # The nightly sweep asks by the beginning of a key.
            *(
                models.Index(
                    fields=[column], opclasses=["varchar_pattern_ops"], name=f"shopper_photo_{column}"
                )
                for column in ("original", "processed")
            ),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(width__gt=0, height__gt=0), name="shopper_photo_has_a_size")
        ]

    @override
    def __str__(self) -> str:
        return gettext("A shopper's photo")
