"""Pictures drawn in code, in every format and state that the tests need. All sizes in pixels.

The same arguments give the same bytes; another seed gives other ones.
"""

import functools
import random
import struct
import zlib
from collections.abc import Iterable
from io import BytesIO
from typing import Any, Final

import pillow_heif
from PIL import Image, ImageCms, ImageDraw, ImageFilter

type Size = tuple[int, int]

# For tests to which a photo is only something to upload: quick to clean, and not refused as too small.
SMALL_SQUARE: Final = (300, 300)
SMALL_PORTRAIT: Final = (300, 450)

GPS = {1: "N", 2: (52.0, 31.0, 12.0), 3: "E", 4: (13.0, 24.0, 18.0)}
GPS_IFD, ORIENTATION = 0x8825, 0x0112


def draw_model(size: Size = (600, 900), seed: int = 0) -> Image.Image:
    """A person standing before a wall, as an RGB picture."""
    rng = random.Random(seed)
    width, height = size
    image = Image.new("RGB", size, _colour(rng, 190, 235))
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, height * 0.85, width, height), fill=_colour(rng, 120, 180))
    skin, top, trousers, hair = (
        _colour(rng, 140, 220),
        _colour(rng, 20, 230),
        _colour(rng, 20, 120),
        _colour(rng, 10, 90),
    )

    def box(left: float, upper: float, right: float, lower: float) -> tuple[float, float, float, float]:
        return left * width, upper * height, right * width, lower * height

    draw.ellipse(box(0.40, 0.06, 0.60, 0.22), fill=hair)
    draw.ellipse(box(0.42, 0.08, 0.58, 0.23), fill=skin)
    draw.rectangle(box(0.47, 0.21, 0.53, 0.27), fill=skin)
    for left in (0.24, 0.67):
        draw.rounded_rectangle(box(left, 0.27, left + 0.09, 0.58), radius=width * 0.04, fill=skin)
    for left in (0.36, 0.52):
        draw.rectangle(box(left, 0.52, left + 0.12, 0.92), fill=trousers)
        draw.ellipse(box(left - 0.02, 0.90, left + 0.13, 0.95), fill=(30, 30, 30))
    draw.rounded_rectangle(box(0.32, 0.25, 0.68, 0.56), radius=width * 0.05, fill=top)
    return _grain(image, rng)


def draw_garment(size: Size = (700, 700), seed: int = 0) -> Image.Image:
    """A T-shirt with a printed disc, laid flat on white, as an RGB picture."""
    rng = random.Random(seed + 10_000)
    width, height = size
    image = Image.new("RGB", size, (246, 246, 244))
    draw = ImageDraw.Draw(image)
    outline = [
        (0.36, 0.14), (0.64, 0.14), (0.92, 0.30), (0.83, 0.46), (0.72, 0.40),
        (0.72, 0.88), (0.28, 0.88), (0.28, 0.40), (0.17, 0.46), (0.08, 0.30),
    ]  # fmt: skip
    draw.polygon([(x * width, y * height) for x, y in outline], fill=_colour(rng, 20, 220))
    draw.ellipse((0.40 * width, 0.08 * height, 0.60 * width, 0.20 * height), fill=(246, 246, 244))
    draw.ellipse((0.42 * width, 0.42 * height, 0.58 * width, 0.58 * height), fill=_colour(rng, 20, 250))
    return _grain(image, rng)


@functools.cache
def model_photo(size: Size = (600, 900), seed: int = 0) -> bytes:
    """A JPEG of a person."""
    return encode(draw_model(size, seed), "JPEG", quality=90)


@functools.cache
def garment_photo(size: Size = (700, 700), seed: int = 0) -> bytes:
    """A JPEG of a shirt."""
    return encode(draw_garment(size, seed), "JPEG", quality=90)


def encode(image: Image.Image, fmt: str, **options: Any) -> bytes:
    """The picture in one of Pillow's formats, with the options of its encoder."""
    buffer = BytesIO()
    image.save(buffer, fmt, **options)
    return buffer.getvalue()


def png(size: Size = (700, 700), seed: int = 0, mode: str = "RGB") -> bytes:
    """A shirt as PNG. Mode RGBA or LA makes the pixels outside the middle 80 % transparent."""
    image = draw_garment(size, seed).convert(mode)
    if mode.endswith("A"):
        mask = Image.new("L", size, 0)
        mask.paste(255, (size[0] // 10, size[1] // 10, size[0] * 9 // 10, size[1] * 9 // 10))
        image.putalpha(mask)
    return encode(image, "PNG")


def webp(size: Size = (600, 900), seed: int = 0, **options: Any) -> bytes:
    return encode(draw_model(size, seed), "WEBP", **options)


def avif(size: Size = (600, 900), seed: int = 0) -> bytes:
    return encode(draw_model(size, seed), "AVIF", speed=10)


def heic(
    size: Size = (600, 900), seed: int = 0, *, thumbnails: tuple[int, ...] = (), depth: bool = False
) -> bytes:
    """A HEIC photo, with smaller copies inside and a depth map if asked for, as phones write them."""
    file: Any = pillow_heif.from_pillow(draw_model(size, seed))
    if depth:
        with BytesIO(encode(Image.linear_gradient("L"), "PNG")) as source, Image.open(source) as ramp:
            file[0].info["depth_images"] = [pillow_heif.from_pillow(ramp)[0]]
    return _save_heif(file, thumbnails=list(thumbnails))


def heic_with_several_photos(count: int = 2) -> bytes:
    """A HEIC collection of photos of equal rank, such as a burst."""
    file = pillow_heif.from_pillow(draw_model())
    for seed in range(1, count):
        file.add_from_pillow(draw_model(seed=seed))
    return _save_heif(file)


def flat_heic(mode: str, size: Size, *, chroma: int) -> bytes:
    """A swatch as HEIC in one of pillow-heif's modes ("RGB", or "RGBA;16" for 10 bits), chroma 420 or 444."""
    colours, _, wide = mode.partition(";")
    pixel, bar = len(colours) * (2 if wide else 1), size[0] // 20
    samples = (bytes([112] * pixel) * (size[0] - bar) + bytes([255] * pixel) * bar) * size[1]
    return _save_heif(
        pillow_heif.from_bytes(mode, size, samples), chroma=chroma, enc_params={"preset": "ultrafast"}
    )


def oriented_heic() -> bytes:
    """The picture of ``oriented(6)`` as phones write it: rotated by the container, and again in EXIF."""
    with Image.open(BytesIO(oriented(6))) as image:
        file: Any = pillow_heif.from_bytes("RGB", image.size, image.tobytes())
        file[0].info["exif"] = image.getexif().tobytes()
    return _save_heif(file)


def _save_heif(file: Any, **options: Any) -> bytes:
    buffer = BytesIO()
    file.save(buffer, quality=50, **options)
    return buffer.getvalue()


def animated(fmt: str) -> bytes:
    """Three frames in WEBP, PNG (APNG) or AVIF."""
    frames = [draw_model((300, 400), seed) for seed in range(3)]
    return encode(frames[0], fmt, save_all=True, append_images=frames[1:], duration=100)


def animated_webp() -> bytes:
    return animated("WEBP")


def swatch(size: Size, colour: Any, mode: str = "RGB") -> Image.Image:
    """A picture of one colour and a black bar at its right end: a picture of one colour alone is blank."""
    image = Image.new(mode, size, colour)
    image.paste(0, (size[0] - max(8, size[0] // 20), 0, *size))
    return image


def cmyk_jpeg(*, profile: bytes | None = None) -> bytes:
    """A shirt for print: mode CMYK, Adobe's inverted values."""
    return encode(draw_garment().convert("CMYK"), "JPEG", icc_profile=profile)


def palette_png_with_alpha() -> bytes:
    """A palette picture: red, with a fully transparent lower half and a half transparent strip between."""
    image = Image.new("P", (400, 400), 0)
    image.putpalette([200, 30, 30] * 3)
    image.paste(1, (0, 180, 400, 220))
    image.paste(2, (0, 220, 400, 400))
    return encode(image, "PNG", transparency=bytes([255, 128, 0]))


def sixteen_bit_png(size: Size = (400, 400), *, grey: bool = False) -> bytes:
    """A ramp from black to white, left to right, of 16 bits a sample, which Pillow does not write."""
    width, height = size
    samples = 1 if grey else 3
    row = b"\0" + b"".join(struct.pack(">H", 65_535 * x // (width - 1)) * samples for x in range(width))
    return _png(size, 16, 0 if grey else 2, zlib.compress(row * height, 1))


def deep_png(size: Size) -> bytes:
    """A swatch of 16 bits a sample, half transparent."""
    row = b"\0" + b"\x55\x01" * 4 * (size[0] - size[0] // 20) + bytes(8) * (size[0] // 20)
    packer = zlib.compressobj(1)
    data = b"".join([*(packer.compress(row) for _ in range(size[1])), packer.flush()])
    return _png(size, 16, 6, data)


def one_bit_png(size: Size = (400, 400)) -> bytes:
    """Black on the left half, white on the right."""
    image = Image.new("1", size, 0)
    image.paste(1, (size[0] // 2, 0, *size))
    return encode(image, "PNG")


def flat_png(size: Size, mode: str = "RGB", *chunks: tuple[bytes, bytes]) -> bytes:
    """A swatch in very few bytes, whatever the size; RGBA is half transparent; ``chunks`` precede it."""
    colour = {"L": b"\x80", "RGB": b"\xc0\x80\x40", "RGBA": b"\xc0\x80\x40\x80"}[mode]
    bar = size[0] // 20
    row = b"\0" + colour * (size[0] - bar) + bytes([0] * (len(colour) - 1) + [255]) * bar
    packer = zlib.compressobj(1)
    data = b"".join([*(packer.compress(row) for _ in range(size[1])), packer.flush()])
    return _with_chunks(_png(size, 8, {"L": 0, "RGB": 2, "RGBA": 6}[mode], data), chunks)


def claims_huge_png(size: Size = (30_000, 30_000), padding: int = 100_000) -> bytes:
    """A small file whose header announces a huge picture."""
    return _png(size, 8, 2, random.Random(0).randbytes(padding))


def png_with_chunks(*chunks: tuple[bytes, bytes]) -> bytes:
    """A PNG with the given chunks (name, body) in front of its pixels."""
    return _with_chunks(png(), chunks)


def _with_chunks(whole: bytes, chunks: Iterable[tuple[bytes, bytes]]) -> bytes:
    header_end = 8 + 25
    return whole[:header_end] + b"".join(png_chunk(name, body) for name, body in chunks) + whole[header_end:]


def png_chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def _png(size: Size, depth: int, kind: int, data: bytes) -> bytes:
    header = struct.pack(">IIBBBBB", *size, depth, kind, 0, 0, 0)
    chunks = png_chunk(b"IHDR", header) + png_chunk(b"IDAT", data) + png_chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunks


def oriented(orientation: int, fmt: str = "JPEG", size: Size = (400, 600)) -> bytes:
    """A picture that EXIF's orientation (1 to 8) makes upright: red on top, blue at the bottom left."""
    undo = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    width, height = size
    image = Image.new("RGB", size, "white")
    image.paste((220, 20, 20), (0, 0, width, height // 2))
    image.paste((20, 20, 220), (0, height // 2, width // 2, height))
    if orientation in undo:
        image = image.transpose(undo[orientation])
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    return encode(image, fmt, exif=exif)


def oriented_jpeg(orientation: int) -> bytes:
    return oriented(orientation)


def jpeg_with_metadata() -> bytes:
    """A photo that gives away a place, a camera, a comment, XMP and a profile."""
    exif = Image.Exif()
    exif[0x010F] = "SecretCamera"
    exif[GPS_IFD] = GPS
    return encode(
        draw_model(),
        "JPEG",
        exif=exif,
        comment=b"SecretComment",
        xmp=b"<x:xmpmeta>SecretXmp</x:xmpmeta>",
        icc_profile=srgb_profile(),
    )


def jpeg_segment(marker: int, body: bytes) -> bytes:
    return bytes([0xFF, marker]) + (len(body) + 2).to_bytes(2) + body


def motion_photo() -> bytes:
    """A multi-picture JPEG (MPO): the photo, a second one and a video's bytes, as phones write it."""
    second = draw_model((400, 600), seed=1)
    return (
        encode(draw_model(), "MPO", save_all=True, append_images=[second])
        + b"\0\0\0\x18ftypmp42"
        + b"\0" * 5_000
    )


def blurred_photo() -> bytes:
    return encode(draw_model((900, 1300)).filter(ImageFilter.GaussianBlur(12)), "JPEG")


def dark_photo() -> bytes:
    return encode(draw_model((900, 1300)).point(lambda value: value // 5), "JPEG")


def wide_gamut_jpeg(colour: tuple[int, int, int] = (255, 0, 0)) -> bytes:
    """One colour, its numbers meant in Adobe's wide RGB space."""
    return encode(swatch((400, 400), colour), "JPEG", quality=98, icc_profile=wide_profile())


@functools.cache  # a profile holds the time of its creation
def srgb_profile() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def wide_profile() -> bytes:
    """A matrix profile of version 2 with Adobe RGB's (1998) primaries, adapted to D50, and gamma 2.2."""
    gamma = b"curv" + bytes(4) + struct.pack(">IH", 1, round(2.2 * 256)) + bytes(2)
    tags = {
        b"desc": b"desc" + bytes(4) + struct.pack(">I", 5) + b"wide\0" + bytes(78),
        b"cprt": b"text" + bytes(4) + b"none\0",
        b"wtpt": _xyz(0.9642, 1.0, 0.8249),
        b"rXYZ": _xyz(0.6097, 0.3111, 0.0195),
        b"gXYZ": _xyz(0.2053, 0.6257, 0.0609),
        b"bXYZ": _xyz(0.1492, 0.0632, 0.7446),
        b"rTRC": gamma,
        b"gTRC": gamma,
        b"bTRC": gamma,
    }
    table, data = struct.pack(">I", len(tags)), b""
    for name, body in tags.items():
        table += name + struct.pack(">II", 128 + 4 + 12 * len(tags) + len(data), len(body))
        data += body + bytes(-len(body) % 4)
    size = 128 + len(table) + len(data)
    head = struct.pack(">I4xI4s4s4s12x4s", size, 0x02400000, b"mntr", b"RGB ", b"XYZ ", b"acsp")
    head += bytes(68 - len(head)) + struct.pack(">iii", 63_190, 65_536, 54_061)
    return head + bytes(128 - len(head)) + table + data


def _xyz(x: float, y: float, z: float) -> bytes:
    return b"XYZ " + bytes(4) + struct.pack(">iii", *(round(value * 65_536) for value in (x, y, z)))


def pair(first: int, second: int) -> bytes:
    """Two numbers of four bytes, as HEIC and AVIF store width and height."""
    return struct.pack(">II", first, second)


def truncated(content: bytes, share: float = 0.5) -> bytes:
    """The first part of a file, such as a broken upload leaves."""
    return content[: int(len(content) * share)]


def flipped(content: bytes, seed: int, count: int = 8) -> bytes:
    """The file with ``count`` bytes replaced by random ones, half of them in its first 400 bytes."""
    rng = random.Random(seed)
    damaged = bytearray(content)
    for index in range(count):
        end = len(damaged) if index % 2 else min(400, len(damaged))
        damaged[rng.randrange(end)] = rng.randrange(256)
    return bytes(damaged)


def _colour(rng: random.Random, low: int, high: int) -> tuple[int, int, int]:
    return rng.randint(low, high), rng.randint(low, high), rng.randint(low, high)


def _grain(image: Image.Image, rng: random.Random) -> Image.Image:
    """A little noise, as every camera adds: flat colours would compress and decode unlike photos."""
    tile = Image.frombytes("L", (64, 64), bytes(rng.randint(118, 138) for _ in range(64 * 64)))
    noise = Image.new("L", image.size)
    for x in range(0, image.width, 64):
        for y in range(0, image.height, 64):
            noise.paste(tile, (x, y))
    return Image.blend(image, Image.merge("RGB", (noise,) * 3), 0.08)
