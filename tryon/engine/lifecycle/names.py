"""The names of shoppers in jobs, calls and events: no state, so no edge of the table changes them."""

from config.core import clock
from config.shops.shoppers import name_of_erased
from tryon.models import JobEvent, Prediction, TryOnJob


def forget_shopper(job: TryOnJob, *, shopper: str) -> None:
    """Take the name of a shopper who is erased from a job, its calls and its events."""
    erased = name_of_erased(shopper, clock.now().date())
    TryOnJob.objects.filter(pk=job.pk, shopper=shopper).update(shopper=erased)
    Prediction.objects.filter(job=job, shopper=shopper).update(shopper=erased)
    JobEvent.objects.filter(job=job, data__by=shopper).update(data={})
