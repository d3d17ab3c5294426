"""From decoded rows to a small picture without transparency."""

from collections.abc import Callable

from PIL import Image, ImageChops

STRIP_ROWS = 256


def reduced(size: tuple[int, int], rows: Callable[[int, int], Image.Image], side: int) -> Image.Image:
    """Average whole blocks of pixels, strip by strip; the long side stays at ``side`` pixels or more."""
    width, height = size
    factor = max(1, max(width, height) // side)
    step = factor * max(1, STRIP_ROWS // factor)
    strips = (rows(top, min(top + step, height)).reduce(factor) for top in range(0, height, step))
    first = next(strips)
    whole = Image.new(first.mode, (first.width, -(-height // factor)))
    whole.paste(first)
    for index, strip in enumerate(strips, start=1):
        whole.paste(strip, (0, index * step // factor))
    return whole


def is_plain(image: Image.Image) -> bool:
    return image.mode in {"L", "RGB", "CMYK"} and "transparency" not in image.info


def plain(image: Image.Image) -> Image.Image:
    """Return the picture as L, RGB or CMYK, laid on white where it is transparent."""
    if is_plain(image):
        return image
    if image.mode.startswith("I"):
        return _upper_bytes(image)
    if image.has_transparency_data:
        return _on_white(image if image.mode in {"LA", "RGBA"} else image.convert("RGBA"))
    return image.convert("L" if image.mode == "1" else "RGB")


def _upper_bytes(image: Image.Image) -> Image.Image:
    """Return greyscale of 16 bits as L, with white in place of the one value that may stand for nothing."""
    data = image.tobytes()
    high, low = (Image.frombytes("L", image.size, data[start::2]) for start in (1, 0))
    value = image.info.get("transparency")
    if value is None:
        return high
    nothing = ImageChops.darker(_where(high, value >> 8), _where(low, value & 255))
    white = Image.new("L", image.size, "white")
    return Image.composite(white, high, nothing)


def _where(image: Image.Image, value: int) -> Image.Image:
    return image.point([255 * (other == value) for other in range(256)])


def _on_white(image: Image.Image) -> Image.Image:
    # Before averaging: the colour under a transparent pixel must not bleed into its neighbours.
    colour = image.mode.removesuffix("A")
    white = Image.new(colour, image.size, "white")
    white.paste(image.convert(colour), mask=image.getchannel("A"))
    return white
