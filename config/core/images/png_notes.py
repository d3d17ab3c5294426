"""PNG's notes on colours and on a transparent value, as far as Pillow leaves them to us."""

from PIL import Image

from config.core.images.metadata.png import colour_code
from config.core.images.profiles import SRGB, Colours, Primaries, colours_of_codes, gamma_curve, profile

# Where the header states the bits of a sample.
DEPTH_AT = 24
# A gamma this near to sRGB's 1/2.2 means sRGB: libpng's threshold.
USUAL_GAMMA, GAMMA_THRESHOLD = 1 / 2.2, 0.05


def correct_transparency(image: Image.Image, content: bytes) -> None:
    """Bring the transparent value of a PNG to the 8 bits of its pixels. Pillow returns it as stored."""
    value, depth = image.info.get("transparency"), content[DEPTH_AT]
    if image.mode == "L" and isinstance(value, int) and depth < 8:
        image.info["transparency"] = value * 255 // ((1 << depth) - 1)
    elif image.mode == "RGB" and isinstance(value, tuple) and depth > 8:
        image.info["transparency"] = tuple(sample >> 8 for sample in value)


def stated_colours(image: Image.Image, content: bytes) -> Colours:
    """Return the colours by the chunk that counts: cICP, else sRGB, else gAMA and cHRM."""
    if code := colour_code(content):
        return colours_of_codes(*code[:2]) if len(code) == 4 else Colours()
    gamma = image.info.get("gamma", 0)
    usual = not gamma or abs(gamma / USUAL_GAMMA - 1) < GAMMA_THRESHOLD
    if "srgb" in image.info or usual:
        return Colours()
    return Colours(profile(_primaries(image.info.get("chromaticity")), gamma_curve(1 / gamma)))


def _primaries(chromaticity: tuple[float, ...] | None) -> Primaries:
    """Return the primaries of a cHRM chunk, which names white first, or sRGB's."""
    if chromaticity is None or 0 in chromaticity[1::2]:
        return SRGB
    white, red, green, blue = zip(chromaticity[::2], chromaticity[1::2], strict=True)
    return red, green, blue, white
