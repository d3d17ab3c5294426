"""A rejected picture stays rejected when its result is gone, however it went."""

from typing import Any

from django.db.models.signals import pre_delete
from django.dispatch import receiver

from results.models import Review, TryOnResult
from tryon.engine import actions


@receiver(pre_delete, sender=TryOnResult)
def forget_rejected_pictures(instance: TryOnResult, **_: Any) -> None:
    """Mark the paid pictures of a rejected result as not usable, before its row and the review go."""
    if instance.review == Review.REJECTED:
        actions.refuse_pictures(instance.job, code="rejected")
