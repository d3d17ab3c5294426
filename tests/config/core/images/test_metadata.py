"""The stored original: the upload's pixels as they were, without what gives away a place or a person."""

import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from io import BytesIO
from typing import Any

import pillow_heif
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from config.core import images
from config.core.images import ImageRefused
from config.core.images.formats import Format, format_of
from config.core.images.metadata import without_metadata
from tests import images as drawn
from tests.conftest import Api, data_of, download

SECRET = b"Secret"
XMP = b"<x:xmpmeta>SecretXmp</x:xmpmeta>"


def original_of(content: bytes) -> bytes:
    file = BytesIO()
    images.prepare(BytesIO(content), original=file)
    return file.getvalue()


def raw(content: bytes) -> tuple[str, tuple[int, int], bytes]:
    """The stored pixels, without rotation, by a decoder that the service does not use for it."""
    with opened(content) as image:
        return image.mode, image.size, image.tobytes()


@contextmanager
def opened(content: bytes) -> Iterator[Image.Image]:
    if format_of(content) is Format.HEIC:
        yield pillow_heif.open_heif(content).to_pillow()
        return
    with Image.open(BytesIO(content)) as image:
        yield image


def exif(orientation: int = 1) -> Image.Exif:
    notes = Image.Exif()
    notes[0x010F] = "SecretCamera"
    notes[drawn.ORIENTATION] = orientation
    notes[drawn.GPS_IFD] = drawn.GPS
    return notes


def jpeg() -> bytes:
    """Also with JFIF's other thumbnail, unknown segments, and another picture and a video behind it."""
    photo = drawn.jpeg_with_metadata()
    notes = b"".join(drawn.jpeg_segment(kind, b"SecretNote") for kind in (0xE0, 0xE3, 0xED, 0xEF))
    return photo[:-2] + notes + photo[-2:] + b"SecretTrailer" + photo + b"\0\0\0\x18ftypmp42SecretVideo"


def png() -> bytes:
    return (
        drawn.png_with_chunks(
            (b"tEXt", b"Comment\0SecretText"),
            (b"zTXt", b"Raw profile type exif\0\0" + zlib.compress(b"SecretZip")),
            (b"iTXt", b"XML:com.adobe.xmp" + bytes(5) + XMP),
            (b"eXIf", exif().tobytes()[6:]),
            (b"tIME", b"\x07\xe9\x01\x01\0\0\0"),
            (b"prVt", b"SecretChunk"),
        )
        + b"SecretTrailer"
    )


def webp() -> bytes:
    whole = drawn.webp(exif=exif(), xmp=XMP, icc_profile=drawn.srgb_profile())
    body = whole[8:] + b"SCRT\x06\0\0\0Secret"
    return b"RIFF" + len(body).to_bytes(4, "little") + body + b"SecretTrailer"


def avif() -> bytes:
    return drawn.encode(
        drawn.draw_model(), "AVIF", speed=10, exif=exif(), xmp=XMP, icc_profile=drawn.srgb_profile()
    )


def heic() -> bytes:
    file: Any = pillow_heif.from_pillow(drawn.draw_model())
    file[0].info.update(exif=exif().tobytes(), xmp=XMP, icc_profile=drawn.srgb_profile())
    buffer = BytesIO()
    file.save(buffer, quality=50)
    video = b"\0\0\0\x18mpvd" + b"SecretVideo 1234"
    return buffer.getvalue() + video[:24]


WITH_SECRETS: dict[str, Callable[[], bytes]] = {
    "jpg": jpeg, "png": png, "webp": webp, "avif": avif, "heic": heic,
}  # fmt: skip


@pytest.mark.parametrize("extension", WITH_SECRETS)
def test_original_loses_its_metadata_and_keeps_its_pixels(extension: str) -> None:
    content = WITH_SECRETS[extension]()
    assert content.count(SECRET) > 1

    original = original_of(content)

    assert SECRET not in original
    assert raw(original) == raw(content)
    with opened(original) as image:
        assert not image.getexif()
        assert not {"xmp", "comment"} & {key for key, value in image.info.items() if value}


@pytest.mark.parametrize("extension", ["jpg", "webp", "avif", "heic"])
def test_original_keeps_its_colour_profile(extension: str) -> None:
    with opened(original_of(WITH_SECRETS[extension]())) as image:
        assert image.info["icc_profile"] == drawn.srgb_profile()


@pytest.mark.parametrize("fmt", ["JPEG", "PNG", "WEBP", "AVIF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_original_is_shown_as_upright_as_before(fmt: str, orientation: int) -> None:
    original = original_of(drawn.oriented(orientation, fmt))

    with opened(original) as image:
        assert image.getexif().get(drawn.ORIENTATION, 1) == orientation
        assert len(image.getexif()) <= 1


def test_original_of_a_turned_heic_is_turned() -> None:
    content = drawn.oriented_heic()

    assert raw(original_of(content)) == raw(content)


@pytest.mark.parametrize("extension", WITH_SECRETS)
def test_what_is_clean_stays_as_it_is(extension: str) -> None:
    once = original_of(WITH_SECRETS[extension]())

    assert original_of(once) == once


def test_thumbnail_in_the_head_of_a_jpeg_goes() -> None:
    photo = drawn.model_photo()
    pixels = (SECRET * 2)[:12]
    head = drawn.jpeg_segment(0xE0, photo[6:18] + b"\x02\x02" + pixels)
    content = photo[:2] + head + photo[20:]
    assert content.count(SECRET) == 2

    assert original_of(content) == photo


def test_webp_says_no_more_that_metadata_follow() -> None:
    content = webp()
    exif_and_xmp = 0x0C
    assert content[12:16] == b"VP8X"
    assert content[20] & exif_and_xmp

    assert not original_of(content)[20] & exif_and_xmp


def test_only_a_jpeg_without_its_end_is_decoded_twice() -> None:
    photo = drawn.model_photo()

    assert without_metadata(photo, Format.JPEG).has_end
    assert not without_metadata(photo[:-2], Format.JPEG).has_end


def test_upload_is_served_without_its_place(owner: Api, store: str) -> None:
    uploaded = data_of(owner.upload(jpeg()))

    original = download(owner, uploaded["originalUrl"])
    assert SECRET not in original
    assert raw(original) == raw(jpeg())


def test_text_that_unpacks_to_very_much_is_dropped_unread() -> None:
    bomb = drawn.png_with_chunks((b"zTXt", b"key\0\0" + zlib.compress(bytes(100_000_000))))

    assert len(original_of(bomb)) < len(bomb)


# --- The rewriters alone, on bytes that no camera writes.


@pytest.mark.parametrize("extension", WITH_SECRETS)
def test_rewriting_survives_any_damage(extension: str) -> None:
    whole = WITH_SECRETS[extension]()

    @settings(max_examples=150)
    @given(st.integers(), st.integers(1, 30), st.floats(0.01, 1))
    def check(seed: int, count: int, share: float) -> None:
        damaged = drawn.flipped(drawn.truncated(whole, share), seed, count)
        try:
            cleaned = without_metadata(damaged, format_of(whole)).content
        except ImageRefused:
            return
        assert len(cleaned) <= len(damaged) + 100

    check()


@pytest.mark.parametrize("form", Format)
@settings(max_examples=200)
@given(content=st.binary(max_size=400))
def test_rewriting_survives_any_bytes(form: Format, content: bytes) -> None:
    with suppress(ImageRefused):
        without_metadata(content, form)
