"""A picture that shapes are laid on: soft light on every shape, smooth edges."""

import io
import math
from dataclasses import dataclass

from PIL import Image, ImageChops, ImageColor, ImageDraw, ImageFilter

from tryon.demo.drawing.shapes import Outline, Point

WIDTH, HEIGHT = 900, 1350
# Drawn larger and reduced: Pillow's own edges are jagged.
OVERSAMPLING = 2
# What is soft anyway is worked out on smaller pictures: the light on a shape, and folds and shadows.
COARSE = 8
SOFT = 2
JPEG_QUALITY = 92

type Colour = tuple[int, int, int]


@dataclass(frozen=True)
class Camera:
    """Which part of the drawing the picture shows: its middle, its top, and its height in units."""

    middle: float = 50.0
    top: float = 0.0
    height: float = 150.0


class Canvas:
    """RGB, 900x1350 px."""

    def __init__(self, light: str, dark: str, camera: Camera = Camera()) -> None:
        """A backdrop that is ``light`` around the middle and ``dark`` towards the corners."""
        size = (WIDTH * OVERSAMPLING, HEIGHT * OVERSAMPLING)
        self._scale = size[1] / camera.height
        self._left = camera.middle - size[0] / self._scale / 2
        self._top = camera.top
        glow = Image.radial_gradient("L").resize(size, Image.Resampling.BICUBIC)
        self._image = Image.composite(Image.new("RGB", size, dark), Image.new("RGB", size, light), glow)

    def jpeg(self) -> bytes:
        """The picture as a JPEG file."""
        buffer = io.BytesIO()
        small = self._image.resize((WIDTH, HEIGHT), Image.Resampling.BOX)
        small.save(buffer, "JPEG", quality=JPEG_QUALITY)
        return buffer.getvalue()

    def fill(self, outline: Outline, colour: str, *, depth: float = 0.16) -> None:
        """Fill a shape; ``depth`` (0 to 1) is how much darker it turns towards its right and lower edge."""
        mask, box = self._mask(outline)
        base = ImageColor.getrgb(colour)[:3]
        lit = Image.new("RGB", mask.size, base)
        if depth:
            shade = _shade(mask, depth)
            lit.paste(_darker(base, 1 - depth), mask=shade)
        self._image.paste(lit, box, mask)

    def shadow(self, outline: Outline, *, strength: float, blur: float, shift: Point = (0, 0)) -> None:
        """A soft shadow of a shape on what is there already; ``blur`` and ``shift`` in units."""
        moved = [(x + shift[0], y + shift[1]) for x, y in outline]
        self._soft(moved, None, (38, 30, 46), strength, blur)

    def tint(
        self, outline: Outline, inside: Outline, colour: str, *, strength: float = 0.35, blur: float = 0.8
    ) -> None:
        """A soft stain of colour, such as a fold or a cheek, that stays ``inside`` another shape."""
        self._soft(outline, inside, ImageColor.getrgb(colour)[:3], strength, blur)

    def line(self, points: Outline, colour: str, width: float) -> None:
        """A line with round ends, ``width`` units wide."""
        draw = ImageDraw.Draw(self._image)
        placed, thick = self._place(points), max(1, round(width * self._scale))
        draw.line(placed, fill=colour, width=thick, joint="curve")
        radius = thick / 2
        for x, y in (placed[0], placed[-1]):
            draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=colour)

    def _soft(
        self, outline: Outline, inside: Outline | None, colour: tuple[int, ...], strength: float, blur: float
    ) -> None:
        radius = blur * self._scale / SOFT
        placed = [(x / SOFT, y / SOFT) for x, y in self._place(outline)]
        left, top, right, bottom = _box(placed, margin=3 * radius)
        stain = Image.new("L", (right - left, bottom - top))
        ImageDraw.Draw(stain).polygon([(x - left, y - top) for x, y in placed], fill=round(255 * strength))
        stain = stain.filter(ImageFilter.GaussianBlur(radius))
        mask = stain.resize((stain.width * SOFT, stain.height * SOFT), Image.Resampling.BICUBIC)
        corner = (left * SOFT, top * SOFT)
        if inside is not None:
            limit = Image.new("L", mask.size)
            edge = [(x - corner[0], y - corner[1]) for x, y in self._place(inside)]
            ImageDraw.Draw(limit).polygon(edge, fill=255)
            mask = ImageChops.darker(mask, limit)
        self._image.paste(colour, (*corner, corner[0] + mask.width, corner[1] + mask.height), mask)

    def _mask(self, outline: Outline) -> tuple[Image.Image, tuple[int, int]]:
        """The shape as an L mask of its own box, and where the box begins."""
        placed = self._place(outline)
        left, top, right, bottom = _box(placed, margin=1)
        mask = Image.new("L", (right - left, bottom - top))
        ImageDraw.Draw(mask).polygon([(x - left, y - top) for x, y in placed], fill=255)
        return mask, (left, top)

    def _place(self, points: Outline) -> Outline:
        return [((x - self._left) * self._scale, (y - self._top) * self._scale) for x, y in points]


def _box(points: Outline, *, margin: float) -> tuple[int, int, int, int]:
    """Left, top, right and bottom in whole pixels, ``margin`` pixels around the points."""
    across, down = [x for x, _ in points], [y for _, y in points]
    return (
        math.floor(min(across) - margin),
        math.floor(min(down) - margin),
        math.ceil(max(across) + margin),
        math.ceil(max(down) + margin),
    )


def _shade(mask: Image.Image, depth: float) -> Image.Image:
    """An L mask of the shape's dark side: light comes from the upper left."""
    size = (max(4, mask.width // COARSE), max(4, mask.height // COARSE))
    small = mask.resize(size, Image.Resampling.BOX)
    reach = max(2, min(size) // 3)
    room = Image.new("L", (size[0] + 2 * reach, size[1] + 2 * reach))
    room.paste(small, (reach, reach))
    lit = room.filter(ImageFilter.GaussianBlur(reach / 2))
    lit = lit.crop(
        (reach + reach // 2, reach + reach // 4, reach + reach // 2 + size[0], reach + reach // 4 + size[1])
    )
    return ImageChops.invert(lit).resize(mask.size, Image.Resampling.BICUBIC)


def _darker(colour: tuple[int, ...], factor: float) -> tuple[int, ...]:
    return tuple(round(value * factor) for value in colour)
