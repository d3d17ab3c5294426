"""What is wrong with a paid picture that could not be taken in, and whether it has to be paid for anew."""

from dataclasses import dataclass

from config.core.images import ImageRefused, ImageTruncated, ImageUnreadable
from config.core.storage import StorageUnavailable
from tryon.fashn.errors import DownloadError

type PictureError = DownloadError | ImageRefused | StorageUnavailable


@dataclass(frozen=True, slots=True)
class PictureFault:
    """``hopeless``: trying again soon can't help. ``lost``: unless that changes, there is no picture."""

    code: str
    hopeless: bool
    lost: bool


def fault_of(error: PictureError) -> PictureFault:
    """Ours, FASHN's, or the way's between us."""
    match error:
        case DownloadError():
            return PictureFault(error.code, hopeless=error.permanent, lost=error.lost)
        case ImageRefused():
            # Half a picture may be the way's fault; a wrong kind of picture stays wrong.
            passing = isinstance(error, ImageTruncated | ImageUnreadable)
            return PictureFault(error.code, hopeless=not passing, lost=True)
        case StorageUnavailable():
            return PictureFault(error.code, hopeless=False, lost=False)
