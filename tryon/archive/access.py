"""Access to archived jobs: who saw a job sees it in the archive, and sees the same."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from config.shops.abilities import Ability
from config.shops.callers import Caller
from results.garments import Photo
from tryon.archive.models import ArchivedJob, ArchivedViewer
from tryon.models import Status


@dataclass(frozen=True, slots=True)
class Seen:
    """An archived job as a caller sees it, with the photo and the product of each garment.

    ``left_at`` is the time at which the caller gave it up.
    """

    job: ArchivedJob
    status: str
    garments: list[Photo]
    left_at: datetime | None


def archived_job(caller: Caller, job_id: UUID) -> Seen | None:
    """Return an archived job that the caller asked for, or any for who may see every job."""
    job = ArchivedJob.objects.filter(pk=job_id).prefetch_related("viewers").first()
    if job is None:
        return None
    sees_all = caller.may(Ability.SEE_ALL_JOBS)
    if sees_all and caller.is_test:
        return None  # they see the jobs of tests, and the archive takes none
    viewers = sorted(job.viewers.all(), key=lambda viewer: viewer.pk)
    own = next((viewer for viewer in viewers if viewer.requester == caller.requester), None)
    if own is None and not sees_all:
        return None
    left_at = None if own is None or sees_all else own.left_at
    left_early = left_at is not None and (job.completed_at is None or left_at < job.completed_at)
    status = Status.CANCELED if left_early else job.status
    return Seen(job, status, _garments(job, own, viewers), left_at)


def _garments(job: ArchivedJob, own: ArchivedViewer | None, viewers: list[ArchivedViewer]) -> list[Photo]:
    """Return the garments as the caller asked for them, the further ones else as another viewer did."""
    first = Photo(job.product_image_id, job.product_id)
    if own is not None and own.product_image_id is not None:
        first = Photo(own.product_image_id, own.product_id)
    others = [viewer for viewer in viewers if viewer.garments]
    further = own.garments if own is not None else others[0].garments if others else []
    return [first, *(Photo(UUID(photo), product) for photo, product in further)]
