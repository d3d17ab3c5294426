"""What a picture may cost: sizes in bytes, sides and areas in pixels.

The memory budget is what binds. Peak RSS of a whole web or worker process must stay below 300 MB for any
upload: a granian worker that has served for a while takes about 110 MB, the rest goes to pixels. The costs
per pixel were measured on flat pictures of 24 megapixels (Pillow 13, libheif 1.23, libwebp 1.6, libavif 1.4);
tests/config/core/images/test_images_memory.py holds them. With them a file may have at most, in megapixels:

    baseline JPEG, grey or palette PNG  50      HEIC, 8 bits 4:2:0  33, 10 bits  16
    progressive JPEG 4:2:0  36, 4:4:4  18       AVIF, 8 bits 4:2:0  16, 10 bits  14
    truecolour PNG  32                          WebP  9.9
"""

MAX_UPLOAD_BYTES = 20 * 1024 * 1024
MAX_PIXELS = 50_000_000
MIN_SIDE = 256

MAX_RESULT_BYTES = 60 * 1024 * 1024
MAX_RESULT_PIXELS = 24_000_000

PROCESSED_SIDE = 2000
THUMBNAIL_SIDE = 400

DECODING_BYTES = 160_000_000

# libjpeg keeps the coefficients of a progressive JPEG beside the pixels, which draft() has made fewer: at
# most 50 MB.
PROGRESSIVE_BYTES = 110_000_000

# Pillow stores RGB in four bytes, beside it lies the reduced copy.
TRUECOLOUR_PNG_COST = 5.0

# libwebp's two canvases, its copy as bytes and Pillow's: four bytes each. Nothing here can be shrunk on the
# way.
WEBP_COST = 16.1

# Beside libavif's planes: its RGB(A) or a copy of it, Pillow's four bytes, and dav1d's borders.
AVIF_FIXED_COST = 5.0

# libheif's planes, its conversions of them and the result, as a multiple of the planes.
HEIC_PLANES_FACTOR = 3.2


def affordable_pixels(cost: float, *, file_bytes: int = 0, budget: int = DECODING_BYTES) -> int:
    """Return how many pixels may be decoded at ``cost`` bytes each, beside a file held in memory."""
    return max(0, min(MAX_PIXELS, int((budget - file_bytes) / cost)))
