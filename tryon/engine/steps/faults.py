"""What is wrong with a paid picture that could not be taken in, and whether it has to be paid for anew."""

from dataclasses import dataclass
from typing import Final

from config.core.images import (
    ImageDecoderFailed,
    ImageRefused,
    ImagesBusy,
    ImageTimeExceeded,
    ImageTruncated,
    ImageUnreadable,
)
from config.core.storage import StorageUnavailable
from tryon.fashn.errors import DownloadError

type PictureError = DownloadError | ImageRefused | ImagesBusy | StorageUnavailable

# Half a picture may be the way's fault, and a dead decoder a full machine's; a wrong kind of picture stays
# wrong.
PASSING: Final = (ImageTruncated, ImageUnreadable, ImageDecoderFailed, ImageTimeExceeded)


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
            return PictureFault(error.code, hopeless=not isinstance(error, PASSING), lost=True)
        case ImagesBusy() | StorageUnavailable():
            return PictureFault(error.code, hopeless=False, lost=False)
