"""Warnings about photos that are usable but poor. Nothing here refuses a picture."""

from PIL import Image, ImageFilter

from config.core.images.pictures import BLURRED, DARK, NARROW, SMALL, ImageWarning

# tryon-v1.6 works at 864 x 1296 pixels: with less than two thirds of that width the garment is enlarged
# visibly.
SMALL_SIDE = 576
# Of such a strip the models see little: it is a column of text, or a cut that went wrong.
NARROW_RATIO = 8

# Luminance (0 to 255) that the brightest tenth of the picture stays below. A black dress on a white wall is
# not dark, nor is a lit person before a black backdrop.
DARK_LUMINANCE = 70

# A sharp photo has edges somewhere, whatever it shows, so the strongest 0.2 % count (the outline of a shirt
# on white is that few). They are compared with the picture's own contrast: pale photos have weak edges and
# are sharp nevertheless. Drawn photos fall below this share when blurred by a radius of 3 to 4 pixels in
# 1,500; unblurred they reach 40 %.
BLUR_SIDE = 800
BLUR_STRONGEST = 0.998
BLUR_SHARE = 0.08

# A filter of three rows needs as many; a picture of 256 by 400,000 has one left after shrinking.
FEWEST_EDGE_PIXELS = 3
LAPLACE = ImageFilter.Kernel((3, 3), (0, 1, 0, 1, -4, 1, 0, 1, 0), scale=1, offset=0)


def warnings_for(image: Image.Image) -> tuple[ImageWarning, ...]:
    """Judge the processed copy (RGB, long side at most 2,000 pixels); about 10 ms."""
    grey = image.convert("L")
    grey.thumbnail((BLUR_SIDE, BLUR_SIDE), Image.Resampling.BOX)
    if min(grey.size) < FEWEST_EDGE_PIXELS:
        grey = grey.resize((max(FEWEST_EDGE_PIXELS, grey.width), max(FEWEST_EDGE_PIXELS, grey.height)))
    dark = _percentile(grey, 0.9) < DARK_LUMINANCE
    contrast = _percentile(grey, 0.995) - _percentile(grey, 0.005)
    blurred = _percentile(_edges(grey), BLUR_STRONGEST) < BLUR_SHARE * contrast
    narrow = max(image.size) > NARROW_RATIO * min(image.size)
    checks = (
        (SMALL, min(image.size) < SMALL_SIDE),
        (BLURRED, blurred),
        (DARK, dark),
        (NARROW, narrow),
    )
    return tuple(warning for warning, applies in checks if applies)


def _edges(grey: Image.Image) -> Image.Image:
    # The filter clips below 0, so this is one side of every edge. Its outermost row is unfiltered: cut off.
    return grey.filter(LAPLACE).crop((1, 1, grey.width - 1, grey.height - 1))


def _percentile(grey: Image.Image, share: float) -> int:
    """Return the value (0 to 255) that this share of the pixels does not exceed."""
    left = share * grey.width * grey.height
    for value, count in enumerate(grey.histogram()):
        left -= count
        if left <= 0:
            return value
    return 255
