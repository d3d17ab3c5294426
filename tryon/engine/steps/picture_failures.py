"""The reason why a paid picture was not stored, and the sign that the failure is final."""

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
from tryon.failures import FailureCode
from tryon.fashn.errors import DownloadError

type PictureError = DownloadError | ImageRefused | ImagesBusy | StorageUnavailable

# The network may have cut the picture short, and a full machine may kill a decoder. A wrong kind of picture
# stays wrong.
PASSING: Final = (ImageTruncated, ImageUnreadable, ImageDecoderFailed, ImageTimeExceeded)


@dataclass(frozen=True, slots=True)
class PictureFailure:
    """``hopeless``: another try soon can't help. ``lost``: unless that changes, there is no picture."""

    code: str
    hopeless: bool
    lost: bool


# An error that no code expects, such as a fault of ours. The picture itself may be all right.
UNEXPECTED: Final = PictureFailure(FailureCode.INTERNAL_ERROR.value, hopeless=False, lost=False)


def failure_of(error: PictureError) -> PictureFailure:
    """Return the failure that an error of the download, the picture or our storage stands for."""
    match error:
        case DownloadError():
            return PictureFailure(error.code, hopeless=error.permanent, lost=error.lost)
        case ImageRefused():
            # A decoder that dies or runs out of time may say more of the machine than of the picture.
            lost = not isinstance(error, ImageDecoderFailed | ImageTimeExceeded)
            return PictureFailure(error.code, hopeless=not isinstance(error, PASSING), lost=lost)
        case ImagesBusy() | StorageUnavailable():
            return PictureFailure(error.code, hopeless=False, lost=False)
