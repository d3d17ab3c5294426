"""Telling a subject from a plain background, in pure Pillow.

A small copy decides, pixel by pixel; the photo itself then refines the edge.
"""

from collections.abc import Iterable

from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageStat

SMALL_SIDE = 160
CUT_OUT_SIDE = 220
BACKGROUND_DISTANCE = 60
STEP_DISTANCE = 14
ENCLOSED_DISTANCE = 26
GARMENT_DISTANCE = 70
GARMENT_STEP = 16
PLAIN_BORDER = 0.7
PLAUSIBLE = (0.04, 0.97)
WHITE = 255

type Colour = tuple[int, int, int]


def cut_out(photo: Image.Image) -> Image.Image:
    """Return an L mask of the photo's size (RGB in): 255 is the main subject, with soft edges.

    Where no plain background reaches the border, the mask is a soft oval in the middle.
    """
    small = photo.copy()
    small.thumbnail((CUT_OUT_SIDE, CUT_OUT_SIDE), Image.Resampling.BOX)
    border = _border(small.size)
    background = _flood(small, border, STEP_DISTANCE, BACKGROUND_DISTANCE)
    plain = sum(background.getpixel(place) == WHITE for place in border) / len(border)
    if plain < PLAIN_BORDER or not PLAUSIBLE[0] < 1 - coverage(background) < PLAUSIBLE[1]:
        return _oval(photo.size)
    colour = _median(small, background)
    background = ImageChops.lighter(background, _enclosed(small, colour))
    subject = ImageChops.invert(background).filter(ImageFilter.MedianFilter(3))
    return _refine(photo, subject, colour)


def region_around(photo: Image.Image, point: tuple[float, float]) -> Image.Image | None:
    """Return an L mask (of the RGB photo's size) of the even-coloured area around ``point``.

    ``point`` is in fractions of width and height. None when the area is a detail, most of the photo, or runs
    to both sides like a background.
    """
    small = photo.copy()
    small.thumbnail((SMALL_SIDE, SMALL_SIDE), Image.Resampling.BOX)
    width, height = small.size
    seed = (int(point[0] * width), int(point[1] * height))
    area = _flood(small, [seed], GARMENT_STEP, GARMENT_DISTANCE).filter(ImageFilter.MedianFilter(3))
    box = area.getbbox()
    if box is None or not 0.03 < coverage(area) < 0.45 or (box[0] <= 1 and box[2] >= width - 1):
        return None
    colour = _median(small, area)
    alike = _difference(photo, colour).point(lambda value: min(255, max(0, (80 - value) * 8)))
    return _sharpen(photo, area, alike)


def without_skin(photo: Image.Image, mask: Image.Image) -> Image.Image:
    """Return the mask without skin and what skin separates from the middle: a garment worn by a person.

    A mask with little skin, which is a garment by itself, comes back unchanged.
    """
    small = photo.copy()
    small.thumbnail((SMALL_SIDE, SMALL_SIDE), Image.Resampling.BOX)
    subject = mask.resize(small.size).point(lambda value: 255 if value > 127 else 0)
    skin = ImageChops.darker(_skin(small), subject)
    if coverage(skin) < 0.06 * max(coverage(subject), 0.01):
        return mask
    cloth = ImageChops.subtract(subject, skin.filter(ImageFilter.MaxFilter(3)))
    piece = _largest_piece(cloth)
    if coverage(piece) < PLAUSIBLE[0]:
        return mask
    piece = (
        _at_most_square(piece).filter(ImageFilter.MaxFilter(3)).resize(photo.size, Image.Resampling.BICUBIC)
    )
    return ImageChops.darker(mask, piece.filter(ImageFilter.GaussianBlur(photo.width / 300)))


def coverage(mask: Image.Image) -> float:
    """Return which part of an L mask is set, 0 to 1."""
    return ImageStat.Stat(mask).mean[0] / 255


def _border(size: tuple[int, int]) -> list[tuple[int, int]]:
    # The bottom is left out: a person or garment is often cropped there.
    width, height = size
    sides = [(x, y) for y in range(height) for x in (0, width - 1)]
    return [*((x, 0) for x in range(width)), *sides]


def _enclosed(image: Image.Image, background: Colour) -> Image.Image:
    """Return an L mask of background enclosed by the subject, as between arm and body; print is spared."""
    alike = _difference(image, background).point(lambda value: WHITE if value < ENCLOSED_DISTANCE else 0)
    return alike.filter(ImageFilter.MinFilter(3)).filter(ImageFilter.MaxFilter(3))


def _difference(image: Image.Image, colour: Colour) -> Image.Image:
    red, green, blue = ImageChops.difference(image, Image.new("RGB", image.size, colour)).split()
    return ImageChops.lighter(ImageChops.lighter(red, green), blue)


def _flood(image: Image.Image, seeds: Iterable[tuple[int, int]], step: int, reach: int) -> Image.Image:
    """Return an L mask of the pixels joined to the seeds by small steps, and not far from their colour."""
    width, height = image.size
    pixels = image.tobytes()
    seeds = list(seeds)
    home = _median_colour([_at(pixels, y * width + x) for x, y in seeds])
    found = bytearray(width * height)
    stack = [y * width + x for x, y in seeds if _distance(_at(pixels, y * width + x), home) < reach]
    for place in stack:
        found[place] = 255
    while stack:
        place = stack.pop()
        colour = _at(pixels, place)
        for near in _neighbours(place, width, height):
            if not found[near]:
                other = _at(pixels, near)
                if _distance(colour, other) < step and _distance(other, home) < reach:
                    found[near] = 255
                    stack.append(near)
    return Image.frombytes("L", image.size, bytes(found))


def _neighbours(place: int, width: int, height: int) -> Iterable[int]:
    x = place % width
    if x:
        yield place - 1
    if x < width - 1:
        yield place + 1
    if place >= width:
        yield place - width
    if place < width * (height - 1):
        yield place + width


def _at(pixels: bytes, place: int) -> Colour:
    start = place * 3
    return pixels[start], pixels[start + 1], pixels[start + 2]


def _distance(one: Colour, other: Colour) -> int:
    return max(abs(one[0] - other[0]), abs(one[1] - other[1]), abs(one[2] - other[2]))


def _median_colour(colours: list[Colour]) -> Colour:
    middle = len(colours) // 2
    red, green, blue = (sorted(channel)[middle] for channel in zip(*colours, strict=True))
    return red, green, blue


def _median(image: Image.Image, mask: Image.Image) -> Colour:
    red, green, blue = ImageStat.Stat(image, mask).median
    return int(red), int(green), int(blue)


def _refine(photo: Image.Image, subject: Image.Image, background: Colour) -> Image.Image:
    unlike = _difference(photo, background).point(lambda value: min(255, max(0, (value - 16) * 7)))
    return _sharpen(photo, subject, unlike)


def _sharpen(photo: Image.Image, coarse: Image.Image, fine: Image.Image) -> Image.Image:
    """Return the coarse mask at the photo's size; within two small pixels of its edge, ``fine`` decides."""
    inner = _enlarge(coarse.filter(ImageFilter.MinFilter(5)), photo.size)
    outer = _enlarge(coarse.filter(ImageFilter.MaxFilter(3)), photo.size)
    mask = ImageChops.lighter(inner, ImageChops.darker(outer, fine))
    return mask.filter(ImageFilter.GaussianBlur(max(0.6, photo.width / 1000)))


def _enlarge(mask: Image.Image, size: tuple[int, int]) -> Image.Image:
    return mask.resize(size, Image.Resampling.BICUBIC)


def _oval(size: tuple[int, int]) -> Image.Image:
    width, height = size
    mask = Image.new("L", size, 0)
    box = (round(width * 0.12), round(height * 0.08), round(width * 0.88), round(height * 0.92))
    ImageDraw.Draw(mask).ellipse(box, fill=255)
    return mask.filter(ImageFilter.GaussianBlur(width / 40))


def _skin(image: Image.Image) -> Image.Image:
    """Return an L mask of skin-like pixels: a band of hue and strength that holds for light and dark skin."""
    luma, blue, red = image.convert("YCbCr").split()
    bands = (
        luma.point(lambda value: 255 if value > 50 else 0),
        blue.point(lambda value: 255 if 77 <= value <= 125 else 0),
        red.point(lambda value: 255 if 136 <= value <= 175 else 0),
    )
    return ImageChops.darker(ImageChops.darker(bands[0], bands[1]), bands[2])


def _largest_piece(mask: Image.Image) -> Image.Image:
    width, height = mask.size
    left = bytearray(mask.tobytes())
    best: list[int] = []
    for start in range(width * height):
        if not left[start]:
            continue
        left[start] = 0
        piece = [start]
        for place in piece:
            for near in _neighbours(place, width, height):
                if left[near]:
                    left[near] = 0
                    piece.append(near)
        best = max(best, piece, key=len)
    found = bytearray(width * height)
    for place in best:
        found[place] = 255
    return Image.frombytes("L", mask.size, bytes(found))


def _at_most_square(mask: Image.Image) -> Image.Image:
    """Clear what hangs lower than the piece is wide: the trousers under a worn shirt of a like colour."""
    box = mask.getbbox()
    if box is None:
        return mask
    bottom = box[1] + round((box[2] - box[0]) * 0.92)
    mask.paste(0, (0, bottom, mask.width, max(bottom, mask.height)))
    return mask
