"""The leases of the review page."""

from typing import override

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class ReviewLease(models.Model):
    """A result that a person has in front of them until a time of the database's clock."""

    result = models.OneToOneField(
        "results.TryOnResult",
        on_delete=models.CASCADE,
        primary_key=True,
        related_name="lease",
        verbose_name=_("result"),
    )
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="review_leases",
        verbose_name=_("person"),
    )
    until = models.DateTimeField(_("until"), db_index=True)

    class Meta:
        verbose_name = _("review lease")
        verbose_name_plural = _("review leases")

    @override
    def __str__(self) -> str:
        return str(self.pk)
