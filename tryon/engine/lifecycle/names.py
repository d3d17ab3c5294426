"""The names of shoppers in jobs, calls and events: no state, so no edge of the table changes them."""

from tryon.models import JobEvent, Prediction, TryOnJob


def forget_shopper(job: TryOnJob, *, shopper: str) -> None:
    """Take the name of a shopper who is erased from a job, its calls and its events."""
    TryOnJob.objects.filter(pk=job.pk, shopper=shopper).update(shopper="")
    Prediction.objects.filter(job=job, shopper=shopper).update(shopper="")
    JobEvent.objects.filter(job=job, data__by=shopper).update(data={})
