"""The viewers of jobs: who sees a job, and with which photos of their own."""

from collections.abc import Sequence
from typing import override

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from config.shops.callers import Caller
from tryon.models.jobs import TryOnJob
from tryon.models.products import ProductImage


class ViewerQuerySet(models.QuerySet["JobViewer"]):
    """The viewers of a job."""

    def leaving_with(self, caller: Caller) -> "ViewerQuerySet":
        """Return the rows of one job's viewers that leave it when the caller does.

        A shop takes its shoppers along. The last of its shoppers takes the shop along, if the shop itself has
        not asked.
        """
        if caller.is_shop:
            return self.filter(Q(requester=caller.shop) | Q(shop=caller.shop))
        going = Q(requester=caller.requester)
        if caller.is_shopper and not self._others_of_shop(caller).exists():
            going |= Q(requester=caller.shop, via_shopper=True)
        return self.filter(going)

    def _others_of_shop(self, caller: Caller) -> "ViewerQuerySet":
        return self.filter(shop=caller.shop, left_at=None).exclude(requester=caller.requester)


class JobViewer(models.Model):
    """A requester who may see a job: identical requests by different callers share one job.

    ``product_image`` is the photo of the requester's last request, and they see this one. The job's own
    photo may be another caller's upload of the same picture. ``left_at`` is the time when the requester
    canceled for themselves, or gave the result up, while others go on. ``asks`` counts the requests that the
    job answers until it is completed, for ``creditsSaved``; it is 0 in rows of earlier releases.

    A shop sees the jobs of its shoppers, so each of them has two rows: the shopper's own, which names the
    ``shop``, and the shop's. The shop's is ``via_shopper`` while the shop itself has not asked.
    """

    job = models.ForeignKey(TryOnJob, on_delete=models.CASCADE, related_name="viewers")
    requester = models.CharField(_("requester"), max_length=60)
    product_image = models.ForeignKey(
        ProductImage, null=True, on_delete=models.PROTECT, related_name="viewers"
    )
    left_at = models.DateTimeField(null=True)
    asks = models.PositiveIntegerField(default=1, db_default=0)
    shop = models.CharField(max_length=60, blank=True, default="", db_default="")
    via_shopper = models.BooleanField(default=False, db_default=False)

    objects = ViewerQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["requester", "job"], name="job_viewer_once")]

    @override
    def __str__(self) -> str:
        return self.requester

    def note_garments(self, photos: Sequence[ProductImage]) -> None:
        """Note the photos of an outfit, in the order of its steps. The first is in this row."""
        if len(photos) > 1:
            self.garments.all().delete()
            ViewerGarment.objects.bulk_create(
                ViewerGarment(viewer=self, position=position, product_image=photo)
                for position, photo in enumerate(photos[1:], start=1)
            )


class ViewerGarment(models.Model):
    """A further garment of an outfit, with the photo that this viewer asked with.

    The first garment is in the viewer's own row, where a job of one garment has its only one. The photos of
    several viewers at one position are copies of one picture, and any of them does for the job.
    """

    viewer = models.ForeignKey(JobViewer, on_delete=models.CASCADE, related_name="garments")
    position = models.PositiveSmallIntegerField(_("position"))
    product_image = models.ForeignKey(ProductImage, on_delete=models.PROTECT, related_name="viewer_garments")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["viewer", "position"], name="viewer_garment_once")]

    @override
    def __str__(self) -> str:
        return str(self.position)
