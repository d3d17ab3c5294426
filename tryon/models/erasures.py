"""Receipts for the erasure of all that is kept of a shopper."""

import uuid
from typing import override

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from config.core import clock


class Erasure(models.Model):
    """The erasure of a shopper of a shop, and its receipt.

    ``shopper`` is there until all rows are erased, and ``keys`` name the erased objects until a check has
    found that the store has none of them. Then only times and counts stay.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    shop = models.CharField(max_length=60, editable=False)
    shopper = models.CharField(max_length=60, blank=True, editable=False)
    counts = models.JSONField(_("counts"), default=dict, editable=False)
    keys = models.JSONField(default=list, editable=False)
    objects_found = models.PositiveIntegerField(_("objects"), default=0, editable=False)
    requested_at = models.DateTimeField(_("requested"), default=clock.now, editable=False)
    erased_at = models.DateTimeField(_("erased"), null=True, editable=False)
    verified_at = models.DateTimeField(_("verified"), null=True, editable=False)

    class Meta:
        verbose_name = _("erasure")
        verbose_name_plural = _("erasures")
        ordering = ["-requested_at", "id"]
        default_permissions = ()  # nobody sees them in the admin
        indexes = [
            models.Index(fields=["id"], condition=Q(verified_at__isnull=True), name="erasure_not_verified")
        ]

    @override
    def __str__(self) -> str:
        return str(self.pk)
