"""Colours as sRGB."""

from functools import cache
from io import BytesIO

from PIL import Image, ImageCms

SPACES = {"L": "GRAY", "RGB": "RGB ", "CMYK": "CMYK"}
PROBE_STEPS = (0, 32, 96, 160, 224, 255)
INVISIBLE = 2  # steps of 255 by which a profile may differ from sRGB and still count as sRGB


def to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """Return an L, RGB or CMYK picture as RGB in sRGB, of the same size.

    Without a usable profile L and RGB count as sRGB, and the plain formula converts CMYK. A picture with
    slightly wrong colours is worth more than none.
    """
    source = _profile(profile) if profile else None
    if source is None:
        return image.convert("RGB")
    if image.mode == "L" and source.profile.xcolor_space == SPACES["RGB"]:
        image = image.convert("RGB")
    transform = _transform(image.mode, source)
    if transform is None:
        return image.convert("RGB")
    try:
        return ImageCms.applyTransform(image, transform) or image
    except ImageCms.PyCMSError:
        return image.convert("RGB")


def _profile(profile: bytes) -> ImageCms.ImageCmsProfile | None:
    try:
        return ImageCms.ImageCmsProfile(BytesIO(profile))
    except (OSError, ValueError, ImageCms.PyCMSError):
        return None


def _transform(mode: str, source: ImageCms.ImageCmsProfile) -> ImageCms.ImageCmsTransform | None:
    """Return the transform to sRGB, or None if none is needed or possible."""
    try:
        if source.profile.xcolor_space != SPACES[mode]:
            return None
        transform = ImageCms.buildTransform(
            source, _srgb(), mode, "RGB", ImageCms.Intent.RELATIVE_COLORIMETRIC
        )
    except (OSError, ValueError, ImageCms.PyCMSError):  # ValueError: names in the profile that are not ASCII
        return None
    return None if mode == "RGB" and _is_identity(transform) else transform


@cache
def _srgb() -> ImageCms.ImageCmsProfile:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))


def _is_identity(transform: ImageCms.ImageCmsTransform) -> bool:
    """Push 216 colours through: a profile called "sRGB" may be another, and sRGB has a dozen names.

    Most phones and cameras embed sRGB. Without the transform, a 12-megapixel photo takes a third less time.
    """
    colours = bytes(
        value for r in PROBE_STEPS for g in PROBE_STEPS for b in PROBE_STEPS for value in (r, g, b)
    )
    probe = Image.frombytes("RGB", (len(colours) // 3, 1), colours)
    result = ImageCms.applyTransform(probe, transform)
    if result is None:
        return False
    return max(abs(new - old) for new, old in zip(result.tobytes(), colours, strict=True)) <= INVISIBLE
