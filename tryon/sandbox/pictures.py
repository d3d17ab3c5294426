"""The pictures that the sandbox answers with.

Pure Pillow; the same inputs, seed and index give the same bytes.
"""

import hashlib
import io
import math
from collections.abc import Iterable, Mapping
from random import Random
from typing import Any

from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageFont, ImageOps, ImageStat

V16_SIZE = (864, 1296)
MEGAPIXELS = {"1k": 1.0, "2k": 4.0, "4k": 16.0}
CUT_OUT_MEGAPIXELS = 4.0
WORK_SIDE = 900
JPEG_QUALITY = 92

SMALL_SIDE = 240
# How far from the colour of the place where a flood begins a pixel may be, three channels together: for the
# ground behind any subject, for that behind a garment with its shadow, and for what a person wears.
SUBJECT_DISTANCE, GARMENT_DISTANCE, WORN_DISTANCE = 60, 84, 105
CLEAR = (0, 0, 0, 0)

# Where a garment goes when the photo gives no hint: centre x, top, width, all as parts of the photo.
PLACES = {"tops": (0.5, 0.2, 0.46), "bottoms": (0.5, 0.48, 0.36), "one-pieces": (0.5, 0.2, 0.46)}
# Where to look for what the person wears now, and for the ground, which often has light in the middle.
CHEST, LEGS = ((0.45, 0.33), (0.55, 0.33)), ((0.45, 0.75), (0.55, 0.75))
GROUND = ((0, 0.4), (1, 0.4), (0, 0), (1, 0), (0, 1), (1, 1))


def compose(model_name: str, inputs: Mapping[str, Any], photos: Mapping[str, bytes], index: int) -> bytes:
    """Return the encoded output number ``index`` (from 0) of a prediction.

    ``photos`` holds the checked input bytes by field; without any the picture is a stamped gradient. RGB of
    864x1296 px for tryon-v1.6, about 1, 4 or 16 megapixels by ``resolution`` for tryon-max; RGBA of the
    input's size up to 4 megapixels for background-remove. PNG, or JPEG when ``output_format`` says so.
    """
    if model_name == "background-remove":
        return _encode(_subject(_open(photos["image"])), "png")
    dice = Random(_dice_seed(inputs, index))  # noqa: S311 (small visual differences only)
    if photos:
        person = _canvas(model_name, inputs, _open(photos["model_image"]))
        garment = photos.get("garment_image") or photos["product_image"]
        picture = _dress(person, _open(garment), str(inputs.get("category") or "auto"), dice)
    else:
        plain = Image.linear_gradient("L").resize((832, 1248)).convert("RGB")
        picture = _canvas(model_name, inputs, plain)
        picture = ImageEnhance.Brightness(picture).enhance(dice.uniform(0.94, 1.06))
    _stamp(picture, f"SANDBOX  seed {inputs.get('seed', '-')}  #{index}")
    return _encode(picture, str(inputs.get("output_format") or "png"))


def _dice_seed(inputs: Mapping[str, Any], index: int) -> int:
    digest = hashlib.sha256(f"{inputs.get('seed')}/{index}".encode()).digest()
    return int.from_bytes(digest[:8])


def _open(data: bytes) -> Image.Image:
    """Return an RGB picture. EXIF orientation is left alone: whether FASHN applies it is not documented."""
    with Image.open(io.BytesIO(data)) as image:
        image.draft("RGB", (2 * V16_SIZE[0], 2 * V16_SIZE[1]))
        if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
            layer = image.convert("RGBA")
            white = Image.new("RGB", layer.size, "white")
            white.paste(layer, mask=layer.getchannel("A"))
            return white
        return image.convert("RGB")


def _canvas(model_name: str, inputs: Mapping[str, Any], photo: Image.Image) -> Image.Image:
    """Return the photo at the size of the output, cropped only where the asked shape is another."""
    if model_name == "tryon-v1.6":
        return ImageOps.fit(photo, V16_SIZE, Image.Resampling.LANCZOS)
    width, height = photo.size
    if ratio := inputs.get("aspect_ratio"):
        width, height = (int(part) for part in ratio.split(":"))
    pixels = MEGAPIXELS.get(str(inputs.get("resolution")), 1.0) * 1024 * 1024
    scale = math.sqrt(pixels / (width * height))
    # Multiples of 8, as the sizes in FASHN's documents are.
    size = (max(8, round(width * scale / 8) * 8), max(8, round(height * scale / 8) * 8))
    return ImageOps.fit(photo, size, Image.Resampling.BICUBIC)


def _subject(photo: Image.Image) -> Image.Image:
    most = CUT_OUT_MEGAPIXELS * 1_000_000
    if photo.width * photo.height > most:
        scale = math.sqrt(most / (photo.width * photo.height))
        photo = photo.resize((int(photo.width * scale), int(photo.height * scale)), Image.Resampling.LANCZOS)
    result = photo.convert("RGBA")
    result.putalpha(_cut_out(photo, SUBJECT_DISTANCE))
    return result


def _dress(person: Image.Image, garment: Image.Image, category: str, dice: Random) -> Image.Image:
    """Return the person with the garment laid on, over a slight shadow of it."""
    cloth = _cloth(garment)
    if category == "auto":
        category = _guess_category(cloth.size)
    worn = _worn(person, category)
    if worn:
        _recolour(person, worn, cloth)
    left, top, width, height = _place(person.size, worn.getbbox() if worn else None, category, cloth.size)
    size = dice.uniform(0.98, 1.02)
    cloth = cloth.resize(
        (max(1, round(width * size)), max(1, round(height * size))), Image.Resampling.BICUBIC
    )
    cloth = cloth.rotate(dice.uniform(-1.5, 1.5), Image.Resampling.BICUBIC)
    shade = cloth.getchannel("A").filter(ImageFilter.GaussianBlur(width / 40)).point(lambda value: value // 2)
    drop = round(width / 60)
    person.paste((20, 18, 24), (left + drop, top + drop), shade)
    light = ImageEnhance.Brightness(cloth.convert("RGB")).enhance(dice.uniform(0.96, 1.04))
    person.paste(light, (left, top), cloth.getchannel("A"))
    return person


def _cloth(photo: Image.Image) -> Image.Image:
    """Return the garment alone as RGBA, cropped to itself, at most 900 px on its long side."""
    photo.thumbnail((WORK_SIDE, WORK_SIDE), Image.Resampling.BICUBIC, reducing_gap=2.0)
    mask = _cut_out(photo, GARMENT_DISTANCE)
    cloth = photo.convert("RGBA")
    cloth.putalpha(mask)
    box = mask.point(lambda value: 255 if value > 60 else 0).getbbox()
    return cloth.crop(box) if box else cloth


def _cut_out(photo: Image.Image, distance: int) -> Image.Image:
    """Return an L mask without the plain ground that begins at the sides and corners; else an oval."""
    mask = _flooded(photo, GROUND, distance)
    if not 0.04 < _coverage(mask) < 0.97:
        mask = Image.new("L", mask.size)
        width, height = mask.size
        ImageDraw.Draw(mask).ellipse((width * 0.12, height * 0.08, width * 0.88, height * 0.92), fill=255)
    return _enlarged(mask, photo.size, edge=165)


def _flooded(photo: Image.Image, places: Iterable[tuple[float, float]], distance: int) -> Image.Image:
    """Return a small L mask: 0 is what joins one of the places (parts of width and height) in its colour."""
    small = photo.convert("RGBA")
    small.thumbnail((SMALL_SIDE, SMALL_SIDE), Image.Resampling.BOX)
    for x, y in places:
        at = (int(x * (small.width - 1)), int(y * (small.height - 1)))
        ImageDraw.floodfill(small, at, CLEAR, thresh=distance)
    return small.getchannel("A")


def _enlarged(mask: Image.Image, size: tuple[int, int], *, edge: int) -> Image.Image:
    """Return the small mask at this size, its steps smoothed; an ``edge`` above 128 makes it narrower."""
    smooth = mask.filter(ImageFilter.GaussianBlur(1.2)).resize(size, Image.Resampling.BICUBIC)
    return smooth.point(lambda value: max(0, min(255, (value - edge) * 5)))


def _coverage(mask: Image.Image) -> float:
    """Return which part of an L mask is set, 0 to 1."""
    return ImageStat.Stat(mask).mean[0] / 255


def _guess_category(size: tuple[int, int]) -> str:
    shape = size[1] / size[0]
    if shape < 1.5:
        return "tops"
    return "one-pieces" if shape < 2.1 else "bottoms"


def _worn(person: Image.Image, category: str) -> Image.Image | None:
    """Return an L mask of what the person wears now where the garment goes; None when it can't be told."""
    worn = ImageOps.invert(_flooded(person, LEGS if category == "bottoms" else CHEST, WORN_DISTANCE))
    box = worn.getbbox()
    if box is None or not 0.03 < _coverage(worn) < 0.45 or box[2] - box[0] == worn.width:
        return None
    return _enlarged(worn, person.size, edge=70)


def _recolour(person: Image.Image, worn: Image.Image, cloth: Image.Image) -> None:
    """Give the old garment the new one's colour and keep its folds, so that what peeks out fits."""
    solid = cloth.getchannel("A").point(lambda value: 255 if value > 200 else 0)
    red, green, blue = (int(value) for value in ImageStat.Stat(cloth.convert("RGB"), solid).median)
    folds = ImageOps.autocontrast(ImageOps.grayscale(person), cutoff=2, mask=_hard(worn))
    dark = (red * 2 // 3, green * 2 // 3, blue * 2 // 3)
    bright = (min(255, red + 14), min(255, green + 14), min(255, blue + 14))
    person.paste(ImageOps.colorize(folds, dark, bright), mask=worn)


def _hard(mask: Image.Image) -> Image.Image:
    return mask.point(lambda value: 255 if value > 127 else 0)


def _place(
    photo: tuple[int, int], worn: tuple[int, int, int, int] | None, category: str, cloth: tuple[int, int]
) -> tuple[int, int, int, int]:
    """Return left, top, width and height in pixels: over what is worn there, else in the usual place."""
    shape = cloth[1] / cloth[0]
    if worn is None:
        middle, top, share = PLACES[category]
        width = round(photo[0] * share)
        return round(photo[0] * middle) - width // 2, round(photo[1] * top), width, round(width * shape)
    width, height = round((worn[2] - worn[0]) * 1.08), worn[3] - worn[1]
    if category == "tops":
        # A short, wide top still has to cover the one below it.
        width = round(max(width, min(width * 1.25, height / shape)))
    natural = round(width * shape)
    # Legs that run out of the picture are longer than they look.
    fits_legs = category == "bottoms" and worn[3] < photo[1]
    fitted = min(natural, round(height * 1.08)) if fits_legs else natural
    return (worn[0] + worn[2] - width) // 2, worn[1] - round(width * 0.02), width, fitted


def _stamp(picture: Image.Image, text: str) -> None:
    """Write the text on a dark band in the lower left corner: clear, and small."""
    size = max(11, picture.width // 48)
    font = ImageFont.load_default(size)
    draw = ImageDraw.Draw(picture, "RGBA")
    gap = size // 2
    left, top, right, bottom = draw.textbbox((0, 0), text, font=font)
    width, height = right - left, bottom - top
    corner = (gap, picture.height - height - 3 * gap)
    draw.rounded_rectangle(
        (*corner, corner[0] + width + 2 * gap, corner[1] + height + 2 * gap), gap, fill=(20, 20, 24, 170)
    )
    draw.text((corner[0] + gap - left, corner[1] + gap - top), text, font=font, fill=(255, 255, 255, 235))


def _encode(picture: Image.Image, output_format: str) -> bytes:
    buffer = io.BytesIO()
    if output_format == "jpeg":
        picture.save(buffer, "JPEG", quality=JPEG_QUALITY)
    else:
        # Level 1 takes a quarter of the time of the usual 6 for a file a little larger.
        picture.save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()
