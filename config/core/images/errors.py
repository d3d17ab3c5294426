"""The refusals of pictures: one class, code and sentence for each reason."""

from typing import ClassVar

from config.core.errors import DomainError


def _(message: str) -> str:
    """Mark a message for translation and return it unchanged. The view that shows it translates it."""
    return message


class ImageRefused(DomainError):
    """The bytes are not a picture that we take. The same bytes are refused every time."""

    code = "image_refused"
    status = 422


class ImageMissing(ImageRefused):
    code = "image_missing"
    status = 400
    message = _("There is no file, or it is empty. Send a photo in the field “file”.")


class ImageTooLarge(ImageRefused):
    """``details``: ``limit`` and ``actual`` in bytes."""

    code = "image_too_large"
    status = 413
    message = _("The file is too large. Save the photo as a JPEG or make it smaller, then send it again.")


class ImageTypeUnsupported(ImageRefused):
    code = "image_type_unsupported"
    status = 415
    message = _("This is not a photo in a format that we read. Send a JPEG, PNG, WebP, AVIF or HEIC file.")


class ImageTruncated(ImageRefused):
    code = "image_truncated"
    message = _("The file ends too early, as after a broken upload. Send the whole photo again.")


class ImageUnreadable(ImageRefused):
    code = "image_unreadable"
    message = _("The file is damaged and can't be read. Save the photo again as a JPEG and send that file.")


class ImageAnimated(ImageRefused):
    code = "image_animated"
    message = _("The file holds several pictures or an animation. Send a single still photo.")


class ImageTooManyPixels(ImageRefused):
    """``details``: ``limit`` and ``actual`` in pixels, ``width`` and ``height`` in pixels as stored."""

    code = "image_too_many_pixels"
    message = _(
        "The photo has too many pixels for its format. Make it smaller or save it as a JPEG, then send that."
    )


class ImageBlank(ImageRefused):
    """The picture shows nothing: it is transparent, or of one colour."""

    code = "image_blank"
    message = _("The picture shows nothing. Send another photo.")


class ImageTooSmall(ImageRefused):
    """``details``: ``limit`` and ``actual``, both the shortest side in pixels."""

    code = "image_too_small"
    message = _("The photo is too small. Send one that is at least 256 pixels on its shortest side.")


class ImageMemoryExceeded(ImageRefused):
    """Decoding needs more than ``IMAGE_MEMORY_MB``."""

    code = "image_memory_exceeded"
    message = _(
        "The photo takes too much memory to read. Make it smaller or save it as a JPEG, then send that."
    )


class ImageTimeExceeded(ImageRefused):
    """Decoding takes longer than ``IMAGE_SECONDS``."""

    code = "image_time_exceeded"
    message = _("The photo takes too long to read. Make it smaller or save it as a JPEG, then send that.")


class ImageDecoderFailed(ImageRefused):
    """The process that decoded it died."""

    code = "image_decoder_failed"
    message = _("The photo can't be read. Save it again as a JPEG and send that file.")


REFUSALS = {kind.code: kind for kind in ImageRefused.__subclasses__()}


class ImagesBusy(DomainError):
    """No place to decode the picture became free in time. The picture itself may be good."""

    code = "images_busy"
    status = 503
    retryable = True
    wait: ClassVar[int] = 5  # seconds, for Retry-After
    message = _("The service is busy with other photos. Send this one again in a few seconds.")
