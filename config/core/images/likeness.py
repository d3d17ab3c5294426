"""A fingerprint by which pictures that look alike are found, whatever their size, format and compression.

A difference hash: for each of 8 x 8 places and each of red, green and blue, one bit says that the picture
gets darker to the right. The colours count because photos of a shop often differ in nothing else.
"""

from typing import Final

from PIL import Image

SIDE: Final = 8
# Steps of 255 that count as a difference: a plain wall has no direction.
STEP: Final = 3
# Bits of 192. The same photo, smaller, compressed or a little lighter, differs in a few; another has dozens.
ALIKE: Final = 10


def fingerprint(image: Image.Image) -> str:
    """Return the fingerprint of an RGB picture: 48 hexadecimal digits."""
    small = image.resize((SIDE + 1, SIDE), Image.Resampling.BOX, reducing_gap=2.0)
    bits = 0
    for band in small.split():
        values = band.tobytes()
        for left in range(len(values) - 1):
            if left % (SIDE + 1) < SIDE:
                bits = bits << 1 | (values[left] > values[left + 1] + STEP)
    return f"{bits:048x}"


def is_alike(one: str, other: str) -> bool:
    """Return whether two fingerprints are of pictures that look alike."""
    return (int(one, 16) ^ int(other, 16)).bit_count() <= ALIKE
