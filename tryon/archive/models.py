"""Archived jobs: what their answers show, and who may see them. What they cost is in the money's rollup.

The rows name photos by their ids alone, so that the archive keeps no photo: those go as if it were not there.
"""

from typing import override

from django.db import models
from django.utils.translation import gettext_lazy as _

from config.core import clock
from tryon.models import Status


class ArchivedJob(models.Model):
    """A job that ended long ago and has no picture, with the values that it had.

    ``product_image_id`` and ``product_id`` are those of the job's own photo. ``credits`` are what its calls
    cost.
    """

    id = models.UUIDField(primary_key=True, editable=False)
    status = models.CharField(_("status"), max_length=10, choices=Status)
    progress = models.PositiveSmallIntegerField(_("progress"))
    options = models.JSONField(_("options"), default=dict)
    error_code = models.CharField(_("error code"), max_length=60, blank=True)
    product_image_id = models.UUIDField(_("product photo"))
    product_id = models.CharField(_("product"), max_length=100, blank=True)
    model_image_id = models.UUIDField(_("model photo"), null=True)
    shopper_photo_id = models.UUIDField(_("shopper photo"), null=True)
    photo_expires_at = models.DateTimeField(null=True)
    requester = models.CharField(_("requester"), max_length=60)
    is_test = models.BooleanField(_("test"), default=False)
    credits = models.PositiveIntegerField(_("credits used"), default=0)
    created_at = models.DateTimeField(_("created"))
    started_at = models.DateTimeField(_("started"), null=True)
    completed_at = models.DateTimeField(_("completed"), null=True)
    ended_at = models.DateTimeField(_("ended"), db_index=True)
    archived_at = models.DateTimeField(_("archived"), default=clock.now)

    class Meta:
        verbose_name = _("archived job")
        verbose_name_plural = _("archived jobs")
        default_permissions = ()  # who sees jobs sees these
        ordering = ["-ended_at", "id"]

    @override
    def __str__(self) -> str:
        return str(self.pk)


class ArchivedViewer(models.Model):
    """A requester who may see an archived job, as ``JobViewer`` had it.

    ``garments`` has the photo and the product of each further garment of an outfit, as texts.
    """

    job = models.ForeignKey(ArchivedJob, on_delete=models.CASCADE, related_name="viewers")
    requester = models.CharField(max_length=60, db_index=True)
    shop = models.CharField(max_length=60, blank=True)
    via_shopper = models.BooleanField(default=False)
    left_at = models.DateTimeField(null=True)
    product_image_id = models.UUIDField(null=True)
    product_id = models.CharField(max_length=100, blank=True)
    garments = models.JSONField(default=list)

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["job", "requester"], name="archived_viewer_once")]

    @override
    def __str__(self) -> str:
        return self.requester
