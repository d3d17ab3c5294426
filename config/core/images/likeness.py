"""A fingerprint by which pictures that look alike are found, whatever their size, format and compression.

The picture at 8 x 8 pixels, with 16 steps for each of red, green and blue. Hashes of differences, the usual
choice, see no colours, and photos of a shop often differ in nothing else.
"""

from typing import Final

from PIL import Image

SIDE: Final = 8
# In steps of 16, on photos and drawn pictures: the same one, smaller, compressed, recoloured by a fifth, a
# tenth lighter or cut by a twenty-fifth, stays below all three. Others in the same pose and light do not.
MOST_LIGHTER: Final = 1.6
MOST_AVERAGE: Final = 0.62
MOST_ANYWHERE: Final = 2.0


def fingerprint(image: Image.Image) -> str:
    """Return the fingerprint of an RGB picture: 192 hexadecimal digits."""
    small = image.resize((SIDE, SIDE), Image.Resampling.BOX)
    return "".join(f"{value >> 4:x}" for value in small.tobytes())


def is_alike(one: str, other: str) -> bool:
    """Return whether two fingerprints are of pictures that look alike. An empty one is like none."""
    if not one or not other:
        return False
    differences = [int(a, 16) - int(b, 16) for a, b in zip(one, other, strict=True)]
    lighter = sum(differences) / len(differences)
    rest = [abs(difference - lighter) for difference in differences]
    return (
        abs(lighter) <= MOST_LIGHTER and sum(rest) / len(rest) <= MOST_AVERAGE and max(rest) <= MOST_ANYWHERE
    )
