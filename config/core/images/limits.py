"""Sizes in bytes, sides and areas in pixels. The most pixels of each format are in ``formats``.

None of them guards the server's memory: the wall does (``IMAGE_MEMORY_MB``).
"""

MAX_UPLOAD_BYTES = 20 * 1024 * 1024
MIN_SIDE = 256

MAX_RESULT_BYTES = 60 * 1024 * 1024
MAX_RESULT_PIXELS = 24_000_000

PROCESSED_SIDE = 2000
THUMBNAIL_SIDE = 400
