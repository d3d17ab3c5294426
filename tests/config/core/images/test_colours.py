"""Colours that a file states by numbers: HDR, wide gamut, gamma, and the value that is transparent."""

import struct
import zlib
from io import BytesIO
from typing import Any

import pillow_heif
import pytest
from PIL import Image

from config.core import images
from tests import heif
from tests import images as drawn

P3, BT2020, SRGB_PRIMARIES = 12, 9, 1
SRGB, PQ, HLG, LINEAR = 13, 16, 18, 8
# The matrix that Pillow and pillow-heif encode with.
BT601 = 6


def shown(content: bytes) -> tuple[tuple[int, ...], list[str]]:
    """The colour at the left, and the warnings."""
    prepared = images.prepare(BytesIO(content))
    with Image.open(BytesIO(prepared.processed.content)) as image:
        pixel: Any = image.getpixel((image.width // 4, image.height // 2))
    return pixel, [warning.code for warning in prepared.warnings if warning.code == "image_hdr"]


def near(colour: tuple[int, ...], expected: tuple[int, ...], tolerance: int = 4) -> bool:
    return all(abs(a - b) <= tolerance for a, b in zip(colour, expected, strict=True))


def stated(fmt: str, colour: tuple[int, int, int], primaries: int, transfer: int) -> bytes:
    """A swatch whose numbers are meant in the colours of two codes."""
    swatch, file = drawn.swatch((400, 400), colour), BytesIO()
    if fmt == "AVIF":
        swatch.save(file, "AVIF", speed=10, quality=95, subsampling="4:4:4")
    else:
        pillow_heif.from_pillow(swatch).save(file, quality=95, chroma=444)
    item = heif.item_of(file.getvalue(), without=[b"colr"])
    colours = heif.nclx(primaries, transfer, BT601)
    return heif.container(heif.Item(item.kind, item.data, [*item.properties, colours]))


@pytest.mark.parametrize("fmt", ["AVIF", "HEIC"])
def test_wide_gamut_without_a_profile_is_converted(fmt: str) -> None:
    # By the primaries of both: the same red has less green in sRGB.
    assert near(shown(stated(fmt, (200, 100, 80), P3, SRGB))[0], (215, 93, 73))


@pytest.mark.parametrize("fmt", ["AVIF", "HEIC"])
@pytest.mark.parametrize(("primaries", "transfer"), [(SRGB_PRIMARIES, SRGB), (2, 2), (6, 6)])
def test_usual_colours_stay(fmt: str, primaries: int, transfer: int) -> None:
    assert near(shown(stated(fmt, (60, 160, 90), primaries, transfer))[0], (60, 160, 90))


@pytest.mark.parametrize("fmt", ["AVIF", "HEIC"])
@pytest.mark.parametrize(
    ("transfer", "value", "lightest", "darkest"),
    [
        (PQ, 105, 119, 113),  # 36.5 cd/m²: 18 % of white, as in SDR
        (PQ, 148, 235, 210),  # 203 cd/m²: white, with room above
        (PQ, 192, 255, 252),  # 1,000 cd/m²: the brightest
        (PQ, 255, 255, 254),
        (HLG, 191, 235, 210),
        (HLG, 255, 255, 252),
        (PQ, 0, 1, 0),
    ],
)
def test_hdr_is_brought_to_sdr_with_a_warning(
    fmt: str, transfer: int, value: int, lightest: int, darkest: int
) -> None:
    # A black swatch with a black bar would be blank.
    colour = (value,) * 3 if value else (0, 0, 40)

    (red, _, _), warnings = shown(stated(fmt, colour, BT2020, transfer))

    assert warnings == ["image_hdr"]
    assert darkest <= red <= lightest


def test_hdr_of_wide_gamut_keeps_its_hue() -> None:
    red, green, blue = shown(stated("AVIF", (105, 70, 60), BT2020, PQ))[0]

    assert red > green > blue


def test_embedded_profile_counts_before_numbers() -> None:
    content = stated("AVIF", (60, 160, 90), BT2020, PQ)
    item = heif.item_of(content)
    profile = heif.box(b"colr", b"prof", drawn.srgb_profile())
    both = heif.container(heif.Item(item.kind, item.data, [*item.properties, profile]))

    colour, warnings = shown(both)
    assert near(colour, (60, 160, 90))
    assert warnings == []


def gamma(value: float) -> tuple[bytes, bytes]:
    return b"gAMA", struct.pack(">I", round(value * 100_000))


PLAIN = (0xC0, 0x80, 0x40)  # the colour of ``flat_png``


@pytest.mark.parametrize(
    ("chunks", "colour"),
    [
        ((gamma(1.0),), (225, 188, 137)),  # linear: 255 * ((v/255) ** (1/2.4) * 1.055 - 0.055)
        ((gamma(1 / 1.8),), (203, 146, 81)),
        ((gamma(1 / 2.2),), PLAIN),
        ((gamma(0),), PLAIN),
        ((gamma(1.0), (b"sRGB", b"\0")), PLAIN),
        (((b"cICP", bytes([1, LINEAR, 0, 1])), gamma(1 / 2.2)), (225, 188, 137)),
        (((b"cICP", bytes([1, SRGB, 0, 1])), gamma(1.0)), PLAIN),
        (((b"cICP", b"\x01"), gamma(1.0)), PLAIN),
    ],
    ids=str,
)
def test_png_states_its_gamma(chunks: tuple[tuple[bytes, bytes], ...], colour: tuple[int, ...]) -> None:
    assert near(shown(drawn.flat_png((400, 400), "RGB", *chunks))[0], colour)


def test_gamma_of_greyscale_counts_too() -> None:
    assert near(shown(drawn.flat_png((400, 400), "L", gamma(1.0)))[0], (188, 188, 188))


def test_png_states_its_primaries() -> None:
    wide = struct.pack(">8I", 31270, 32900, 68000, 32000, 26500, 69000, 15000, 6000)
    plain = shown(drawn.flat_png((400, 400), "RGB", gamma(1 / 1.8)))[0]

    red, green, blue = shown(drawn.flat_png((400, 400), "RGB", gamma(1 / 1.8), (b"cHRM", wide)))[0]

    assert red > plain[0]
    assert blue < plain[2]
    assert green < plain[1]


def test_png_in_hdr_is_brought_to_sdr() -> None:
    content = drawn.flat_png((400, 400), "RGB", (b"cICP", bytes([BT2020, PQ, 0, 1])))

    assert shown(content)[1] == ["image_hdr"]


def keyed_png(depth: int, kind: int, samples: bytes, key: bytes) -> bytes:
    """A PNG of 300 x 300 whose left half has the value ``key`` stands for, and its right half another."""
    header = struct.pack(">IIBBBBB", 300, 300, depth, kind, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"tRNS", key), (b"IDAT", zlib.compress(samples * 300)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(drawn.png_chunk(*chunk) for chunk in chunks)


@pytest.mark.parametrize(
    "content",
    [
        keyed_png(16, 0, b"\0" + b"\x12\x34" * 150 + b"\x12\x35" * 150, b"\x12\x34"),
        keyed_png(16, 2, b"\0" + b"\x12\x34" * 450 + b"\x34\x12" * 450, b"\x12\x34" * 3),
        keyed_png(8, 0, b"\0" + b"\x12" * 150 + b"\x34" * 150, b"\0\x12"),
        keyed_png(4, 0, b"\0" + b"\x33" * 75 + b"\x44" * 75, b"\0\x03"),
        keyed_png(2, 0, b"\0" + b"\x55" * 38 + b"\xaa" * 37, b"\0\x01"),
        keyed_png(1, 0, b"\0" + b"\xff" * 19 + b"\x00" * 19, b"\0\x01"),
    ],
    ids=["grey 16", "RGB 16", "grey 8", "grey 4", "grey 2", "black and white"],
)
def test_value_that_is_transparent_becomes_white(content: bytes) -> None:
    with Image.open(BytesIO(images.prepare(BytesIO(content)).processed.content)) as image:
        left: Any = image.getpixel((40, 150))
        right: Any = image.getpixel((260, 150))

    assert min(left) > 250
    assert max(right) < 200


def test_value_that_is_not_transparent_keeps_its_other_byte() -> None:
    """Of 16 bits both bytes count: the neighbour of the transparent grey is grey."""
    content = keyed_png(16, 0, b"\0" + b"\x12\x34" * 150 + b"\x12\x35" * 150, b"\x12\x34")

    with Image.open(BytesIO(images.prepare(BytesIO(content)).processed.content)) as image:
        right: Any = image.getpixel((260, 150))
    assert near(right, (18, 18, 18), tolerance=6)
