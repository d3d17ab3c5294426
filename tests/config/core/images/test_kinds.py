"""Kinds of files that cameras, phones and programs write, and that decoders alone would refuse."""

import struct
from collections.abc import Callable
from io import BytesIO
from typing import Any

import pillow_heif
import pytest
from PIL import Image

from config.core import images
from config.core.images import ImageRefused, PreparedImage
from tests import heif
from tests import images as drawn

SIZE = (600, 900)


def prepare(content: bytes) -> PreparedImage:
    return images.prepare(BytesIO(content))


def refusal(content: bytes) -> str:
    with pytest.raises(ImageRefused) as caught:
        prepare(content)
    return caught.value.code


def corner(prepared: PreparedImage) -> Any:
    with Image.open(BytesIO(prepared.processed.content)) as image:
        return image.getpixel((5, 5))


def ten_bits(size: drawn.Size, chroma: int) -> bytes:
    """A HEIC of 10 bits, as Sony's cameras write it in .HIF."""
    samples = drawn.draw_model(size).tobytes()
    wide = bytearray(2 * len(samples))
    wide[1::2] = samples
    file = BytesIO()
    pillow_heif.from_bytes("RGB;16", size, bytes(wide)).save(
        file, quality=50, chroma=chroma, enc_params={"preset": "ultrafast"}
    )
    return file.getvalue()


def test_parameter_sets_may_be_in_the_picture_itself() -> None:
    photo = heif.with_inner_parameters(heif.item_of(ten_bits(SIZE, 422)))

    assert prepare(heif.container(photo)).processed.width == 600


@pytest.mark.parametrize("photo", [drawn.heic, drawn.avif], ids=["heic", "avif"])
def test_picture_may_be_inside_the_meta_box(photo: Callable[[], bytes]) -> None:
    assert prepare(heif.container(heif.item_of(photo()), in_idat=True)).processed.width == 600


@pytest.mark.parametrize("group", [b"ster", b"altr"])
def test_spatial_photo_is_its_first_picture(group: bytes) -> None:
    left, right = heif.item_of(drawn.heic(SIZE)), heif.item_of(drawn.heic(SIZE, seed=1))

    both = prepare(heif.container(left, right, groups=[(group, [1, 2])]))

    assert both.processed == prepare(heif.container(left)).processed
    assert refusal(heif.container(left, right)) == "image_animated"


@pytest.mark.parametrize("properties", [[b"ispe"], []], ids=["no size of its own", "whole"])
def test_avif_whose_alpha_an_older_encoder_wrote(properties: list[bytes]) -> None:
    mask = Image.new("L", SIZE, 0)
    mask.paste(255, (60, 90, 540, 810))
    plane = heif.item_of(drawn.encode(mask, "AVIF", speed=10), without=[b"colr", *properties])
    alpha = heif.Item(plane.kind, plane.data, [*plane.properties, heif.full(b"auxC", heif.ALPHA)])
    photo = heif.item_of(drawn.avif(SIZE))

    prepared = prepare(heif.container(photo, alpha, references=[(b"auxl", 2, [1])]))

    assert corner(prepared) == (255, 255, 255)
    assert corner(prepare(drawn.avif(SIZE))) != (255, 255, 255)


def test_avif_that_both_decoders_refuse_is_unreadable() -> None:
    photo = heif.item_of(drawn.avif(SIZE))
    noise = heif.Item(photo.kind, bytes(len(photo.data)), photo.properties)

    assert refusal(heif.container(noise)) == "image_unreadable"


VIDEO = (
    b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + b"\0\0\x10\x08mdat" + bytes(4096) + b"\0\0\0\x10moov" + bytes(8)
)


@pytest.mark.parametrize(
    "tail",
    [
        b"\n",
        b"hello, this is a text",
        b"\0\0\x01\x02SEFH" + bytes(100) + b"SEFT",
        VIDEO,
        (8 + len(VIDEO)).to_bytes(4) + b"mpvd" + VIDEO,
        b"\0\0\0\x03small",
        b"\0\0\0\x01large",
    ],
    ids=["newline", "text", "Samsung", "video", "motion", "too short", "half a length"],
)
@pytest.mark.parametrize("photo", [drawn.heic, drawn.avif], ids=["heic", "avif"])
def test_what_follows_the_last_box_is_dropped(photo: Callable[[], bytes], tail: bytes) -> None:
    content, original = photo(), BytesIO()

    prepared = images.prepare(BytesIO(content + tail), original=original)

    assert prepared.processed == prepare(content).processed
    assert len(original.getvalue()) == len(content)


def jpeg(progressive: bool) -> bytes:
    return drawn.encode(drawn.draw_model(SIZE), "JPEG", quality=90, progressive=progressive)


@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("lost", [1, 2])
def test_jpeg_without_its_end_is_taken_and_gets_one(progressive: bool, lost: int) -> None:
    content, original = jpeg(progressive), BytesIO()

    prepared = images.prepare(BytesIO(content[:-lost]), original=original)

    assert prepared.processed == prepare(content).processed
    assert original.getvalue() == content


@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("lost", [10, 50, 500, 5000])
def test_jpeg_that_lost_more_than_its_end_is_truncated(progressive: bool, lost: int) -> None:
    assert refusal(jpeg(progressive)[:-lost]) == "image_truncated"


def test_end_marker_inside_a_note_hides_no_loss() -> None:
    content = drawn.model_photo(SIZE)
    note = drawn.jpeg_segment(0xFE, b"\xff\xd9")

    assert prepare(content[:2] + note + content[2:]).processed == prepare(content).processed
    assert refusal(content[:2] + note + content[2 : len(content) // 2]) == "image_truncated"


def test_scans_behind_a_hidden_end_count() -> None:
    whole = jpeg(progressive=True)
    scan = whole[whole.rindex(b"\xff\xda") : -2]
    bomb = whole[:2] + drawn.jpeg_segment(0xFE, b"\xff\xd9") + whole[2:-2] + scan * 1000 + b"\xff\xd9"

    assert refusal(bomb) == "image_unreadable"


@pytest.mark.parametrize("junk", [b"junk", b"\xff\x00\xff", b"\xff" * 9, bytes(5000), b"\xff\xd0"])
@pytest.mark.parametrize("before", [b"\xff\xdb", b"\xff\xc4", b"\xff\xda"])
def test_junk_between_segments_is_skipped(before: bytes, junk: bytes) -> None:
    content = drawn.model_photo(SIZE)
    at = content.index(before)

    assert prepare(content[:at] + junk + content[at:]).processed == prepare(content).processed


def apng(*, default_is_first: bool, frames: int = 1) -> bytes:
    whole = drawn.encode(drawn.draw_model(SIZE), "PNG")
    count = drawn.png_chunk(b"acTL", struct.pack(">II", frames, 0))
    frame = drawn.png_chunk(b"fcTL", struct.pack(">IIIIIHHBB", 0, *SIZE, 0, 0, 1, 10, 0, 0))
    if default_is_first:
        return whole[:33] + count + frame + whole[33:]
    return whole[:33] + count + whole[33:-12] + frame + drawn.png_chunk(b"fdAT", bytes(9)) + whole[-12:]


@pytest.mark.parametrize("default_is_first", [True, False])
def test_animation_of_one_frame_is_a_picture(default_is_first: bool) -> None:
    content = apng(default_is_first=default_is_first)

    assert prepare(content).processed == prepare(drawn.encode(drawn.draw_model(SIZE), "PNG")).processed
    assert refusal(apng(default_is_first=default_is_first, frames=2)) == "image_animated"


@pytest.mark.parametrize(
    "content",
    [
        drawn.encode(Image.new("RGBA", (600, 600)), "PNG"),
        drawn.encode(
            Image.merge("LA", [Image.effect_noise((600, 600), 90), Image.new("L", (600, 600))]), "PNG"
        ),
        drawn.encode(Image.new("RGB", (600, 600), "white"), "JPEG"),
        drawn.encode(Image.new("RGB", (600, 600), "teal"), "WEBP"),
        drawn.encode(Image.new("L", (600, 600), 7), "PNG"),
    ],
    ids=["transparent", "transparent noise", "white", "one colour", "one grey"],
)
def test_picture_that_shows_nothing_is_blank(content: bytes) -> None:
    assert refusal(content) == "image_blank"


def test_picture_with_a_small_mark_is_not_blank() -> None:
    image = Image.new("RGB", (600, 600), "white")
    image.paste("red", (300, 300, 310, 310))

    assert prepare(drawn.encode(image, "PNG")).processed.width == 600


@pytest.mark.parametrize(("height", "warned"), [(2400, False), (2500, True)])
def test_very_narrow_photo_is_warned_about(height: int, warned: bool) -> None:
    for size in ((300, height), (height, 300)):
        prepared = prepare(drawn.model_photo(size))
        assert ("image_narrow" in {warning.code for warning in prepared.warnings}) is warned
