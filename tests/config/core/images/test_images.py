"""The image pipeline: what comes out of good photos, and how bad ones are refused."""

import hashlib
import re
import zlib
from collections.abc import Callable
from functools import cache
from io import BytesIO
from typing import override

import pytest
from PIL import Image, ImageChops, ImageStat

from config.core import images
from config.core.images import ImageRefused, PreparedImage
from tests import images as drawn


def prepare(content: bytes) -> PreparedImage:
    return images.prepare(BytesIO(content))


def pixels(content: bytes) -> Image.Image:
    with Image.open(BytesIO(content)) as image:
        image.load()
        return image


def colour_at(content: bytes, x: float, y: float) -> tuple[int, ...]:
    """The colour at a place given as shares of width and height."""
    image = pixels(content)
    value = image.getpixel((int(x * image.width), int(y * image.height)))
    assert isinstance(value, tuple)
    return value


def close_to(colour: tuple[int, ...], expected: tuple[int, ...], tolerance: int = 6) -> bool:
    return all(abs(a - b) <= tolerance for a, b in zip(colour, expected, strict=True))


def refusal(content: bytes) -> ImageRefused:
    with pytest.raises(ImageRefused) as caught:
        prepare(content)
    return caught.value


FORMATS: dict[str, Callable[..., bytes]] = {
    "jpg": drawn.model_photo,
    "png": drawn.png,
    "webp": drawn.webp,
    "avif": drawn.avif,
    "heic": drawn.heic,
}


@cache
def photo_in(extension: str) -> bytes:
    """The same for every test: encoding a HEIC takes a third of a second."""
    return FORMATS[extension]()


@pytest.mark.parametrize(
    ("extension", "content_type"),
    [
        ("jpg", "image/jpeg"),
        ("png", "image/png"),
        ("webp", "image/webp"),
        ("avif", "image/avif"),
        ("heic", "image/heic"),
    ],
)
def test_each_format_is_told_by_content_and_becomes_a_jpeg_and_a_webp(
    extension: str, content_type: str
) -> None:
    content = photo_in(extension)

    prepared = prepare(content)

    assert (prepared.source.extension, prepared.source.content_type) == (extension, content_type)
    assert prepared.checksum == hashlib.sha256(content).hexdigest()
    assert (prepared.processed.content_type, prepared.processed.extension) == ("image/jpeg", "jpg")
    assert (prepared.thumbnail.content_type, prepared.thumbnail.extension) == ("image/webp", "webp")
    for picture in (prepared.processed, prepared.thumbnail):
        assert pixels(picture.content).size == (picture.width, picture.height)
    assert pixels(prepared.processed.content).mode == "RGB"
    assert max(prepared.thumbnail.width, prepared.thumbnail.height) == 400


def test_processed_copy_shows_what_was_uploaded() -> None:
    original = drawn.draw_model((2400, 3200))

    prepared = prepare(drawn.encode(original, "JPEG", quality=95))

    expected = original.resize((1500, 2000), Image.Resampling.LANCZOS)
    difference = ImageChops.difference(pixels(prepared.processed.content), expected)
    assert max(ImageStat.Stat(difference).mean) < 2


@pytest.mark.parametrize(
    ("fmt", "size"), [("JPEG", (4200, 3000)), ("PNG", (4100, 900)), ("WEBP", (2001, 1500))]
)
def test_long_side_is_at_most_2000_pixels(fmt: str, size: tuple[int, int]) -> None:
    prepared = prepare(drawn.encode(drawn.swatch(size, "teal"), fmt))

    expected = round(2000 * size[1] / size[0])
    assert (prepared.processed.width, prepared.processed.height) == (2000, expected)
    assert close_to(colour_at(prepared.processed.content, 0.9, 0.99), (0, 128, 128))


def test_small_picture_is_not_enlarged() -> None:
    prepared = prepare(drawn.model_photo((300, 380)))

    assert (prepared.processed.width, prepared.processed.height) == (300, 380)
    assert (prepared.thumbnail.width, prepared.thumbnail.height) == (300, 380)


def test_position_of_the_file_does_not_matter() -> None:
    content = drawn.model_photo()
    file = BytesIO(content)
    file.seek(1000)

    assert images.prepare(file) == prepare(content)


def test_upload_is_never_read_in_one_piece() -> None:
    class Watched(BytesIO):
        largest = 0

        @override
        def read(self, size: int | None = -1, /) -> bytes:
            data = super().read(size)
            Watched.largest = max(Watched.largest, len(data))
            return data

    content = drawn.encode(Image.effect_noise((1200, 1200), 90), "JPEG", quality=95)
    images.prepare(Watched(content))

    assert Watched.largest <= 256 * 1024 < len(content)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied(orientation: int) -> None:
    prepared = prepare(drawn.oriented_jpeg(orientation))

    assert (prepared.processed.width, prepared.processed.height) == (400, 600)
    assert close_to(colour_at(prepared.processed.content, 0.2, 0.2), (220, 20, 20))
    assert close_to(colour_at(prepared.processed.content, 0.2, 0.8), (20, 20, 220))
    assert close_to(colour_at(prepared.thumbnail.content, 0.8, 0.8), (255, 255, 255), tolerance=10)


@pytest.mark.parametrize("fmt", ["PNG", "WEBP", "AVIF"])
@pytest.mark.parametrize("orientation", [6, 7])
def test_orientation_is_applied_outside_jpeg(fmt: str, orientation: int) -> None:
    prepared = prepare(drawn.oriented(orientation, fmt))

    assert close_to(colour_at(prepared.processed.content, 0.2, 0.2), (220, 20, 20))
    assert close_to(colour_at(prepared.processed.content, 0.2, 0.8), (20, 20, 220))


def test_orientation_is_applied_once_to_heic() -> None:
    prepared = prepare(drawn.oriented_heic())

    assert (prepared.processed.width, prepared.processed.height) == (400, 600)
    assert close_to(colour_at(prepared.processed.content, 0.2, 0.2), (220, 20, 20))
    assert close_to(colour_at(prepared.processed.content, 0.2, 0.8), (20, 20, 220))


def test_metadata_is_dropped() -> None:
    original = drawn.jpeg_with_metadata()
    assert b"Secret" in original

    prepared = prepare(original)

    for picture in (prepared.processed, prepared.thumbnail):
        assert b"Secret" not in picture.content
        image = pixels(picture.content)
        assert not image.getexif()
        assert not {"exif", "xmp", "comment", "icc_profile"} & image.info.keys()


def test_wide_gamut_is_converted_to_srgb() -> None:
    prepared = prepare(drawn.wide_gamut_jpeg((60, 160, 90)))

    red, green, blue = colour_at(prepared.processed.content, 0.5, 0.5)
    # In sRGB the same green has less red: computed from Adobe RGB's primaries.
    assert close_to((red, green, blue), (0, 161, 87), tolerance=8)


@pytest.mark.parametrize("profile", [None, drawn.srgb_profile(), b"broken", drawn.wide_profile()[:200]])
def test_colours_stay_without_a_usable_profile_or_with_srgb(profile: bytes | None) -> None:
    content = drawn.encode(drawn.swatch((400, 400), (60, 160, 90)), "JPEG", quality=98, icc_profile=profile)

    assert close_to(colour_at(prepare(content).processed.content, 0.5, 0.5), (60, 160, 90), tolerance=3)


@pytest.mark.parametrize(
    "profile", [None, drawn.srgb_profile()], ids=["no profile", "profile of another kind"]
)
def test_cmyk_is_converted(profile: bytes | None) -> None:
    prepared = prepare(drawn.cmyk_jpeg(profile=profile))

    assert close_to(colour_at(prepared.processed.content, 0.02, 0.02), (236, 236, 234), tolerance=8)
    expected = colour_at(prepare(drawn.garment_photo()).processed.content, 0.35, 0.5)
    assert close_to(colour_at(prepared.processed.content, 0.35, 0.5), expected, tolerance=8)


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
@pytest.mark.parametrize("size", [(500, 500), (4200, 600)], ids=["as is", "shrunk"])
def test_transparency_becomes_white(mode: str, size: tuple[int, int]) -> None:
    prepared = prepare(drawn.png(size, mode=mode))

    assert colour_at(prepared.processed.content, 0.05, 0.5) == (255, 255, 255)
    assert not close_to(colour_at(prepared.processed.content, 0.5, 0.7), (255, 255, 255), tolerance=20)


def test_palette_with_transparency_becomes_white() -> None:
    prepared = prepare(drawn.palette_png_with_alpha())

    assert close_to(colour_at(prepared.processed.content, 0.5, 0.2), (200, 30, 30))
    assert close_to(colour_at(prepared.processed.content, 0.5, 0.5), (228, 142, 142))
    assert close_to(colour_at(prepared.processed.content, 0.5, 0.8), (255, 255, 255))


@pytest.mark.parametrize("grey", [True, False])
def test_sixteen_bits_are_scaled_not_clipped(grey: bool) -> None:
    prepared = prepare(drawn.sixteen_bit_png(grey=grey))

    for share, value in ((0.0, 0), (0.25, 64), (0.5, 128), (0.75, 191)):
        assert close_to(colour_at(prepared.processed.content, share, 0.5), (value,) * 3)


def test_one_bit_picture_becomes_black_and_white() -> None:
    prepared = prepare(drawn.one_bit_png())

    assert close_to(colour_at(prepared.processed.content, 0.2, 0.5), (0, 0, 0))
    assert close_to(colour_at(prepared.processed.content, 0.8, 0.5), (255, 255, 255))


def test_motion_photo_is_the_jpeg_that_it_starts_with() -> None:
    prepared = prepare(drawn.motion_photo())

    assert (prepared.source.extension, prepared.source.content_type) == ("jpg", "image/jpeg")
    assert (prepared.processed.width, prepared.processed.height) == (600, 900)


def test_heic_with_thumbnails_and_depth_is_one_photo() -> None:
    prepared = prepare(drawn.heic(thumbnails=(128, 300), depth=True))

    assert (prepared.processed.width, prepared.processed.height) == (600, 900)


@pytest.mark.parametrize(
    ("draw", "code", "status"),
    [
        (lambda: b"", "image_missing", 400),
        (lambda: b"GIF89a" + bytes(500), "image_type_unsupported", 415),
        (lambda: b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image_type_unsupported", 415),
        (lambda: b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + bytes(100), "image_type_unsupported", 415),
        (lambda: drawn.encode(Image.new("RGB", (300, 300)), "TIFF"), "image_type_unsupported", 415),
        (lambda: drawn.animated("WEBP"), "image_animated", 422),
        (lambda: drawn.animated("PNG"), "image_animated", 422),
        (lambda: drawn.animated("AVIF"), "image_animated", 422),
        (lambda: drawn.heic_with_several_photos(), "image_animated", 422),
        (lambda: drawn.model_photo((255, 900)), "image_too_small", 422),
        (lambda: drawn.claims_huge_png(), "image_too_many_pixels", 422),
        (
            lambda: drawn.png_with_chunks((b"iCCP", b"x\0\0" + zlib.compress(bytes(50_000_000)))),
            "image_unreadable",
            422,
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_each_refusal_has_its_code_and_says_what_to_do(
    draw: Callable[[], bytes], code: str, status: int
) -> None:
    error = refusal(draw())

    assert (error.code, error.status, error.retryable) == (code, status, False)
    assert isinstance(error.message, str)
    assert re.search(r"\b[Ss]end\b", error.message)


def test_details_hold_the_numbers() -> None:
    assert refusal(drawn.model_photo((255, 900))).details == {"limit": 256, "actual": 255}
    details = refusal(drawn.claims_huge_png()).details
    assert (details["actual"], details["width"], details["height"]) == (900_000_000, 30_000, 30_000)
    assert details["limit"] == 110_000_000


def test_shortest_side_of_256_pixels_is_enough() -> None:
    assert prepare(drawn.model_photo((256, 900))).processed.width == 256


def test_more_than_20_megabytes_are_refused_unread() -> None:
    content = drawn.model_photo() + bytes(20 * 1024 * 1024)

    error = refusal(content)

    assert (error.code, error.status) == ("image_too_large", 413)
    assert error.details == {"limit": 20 * 1024 * 1024, "actual": len(content)}


def test_20_megabytes_are_accepted() -> None:
    content = drawn.model_photo()

    assert prepare(content + bytes(20 * 1024 * 1024 - len(content))).processed.width == 600


@pytest.mark.parametrize("extension", FORMATS)
@pytest.mark.parametrize("share", [0.002, 0.01, 0.05, 0.2, 0.4, 0.6, 0.8, 0.9, 0.97, 0.99, 0.999])
def test_truncated_file_is_refused(extension: str, share: float) -> None:
    whole = photo_in(extension)
    cut = drawn.truncated(whole, share)
    assert 0 < len(cut) < len(whole)

    assert refusal(cut).code in {"image_truncated", "image_unreadable", "image_type_unsupported"}


@pytest.mark.parametrize("extension", [extension for extension in FORMATS if extension != "jpg"])
def test_file_without_its_last_byte_is_truncated(extension: str) -> None:
    assert refusal(photo_in(extension)[:-1]).code == "image_truncated"


@pytest.mark.parametrize("draw", [drawn.model_photo, drawn.png, drawn.webp], ids=["JPEG", "PNG", "WebP"])
def test_no_cut_anywhere_passes(draw: Callable[[tuple[int, int]], bytes]) -> None:
    content = draw((256, 256))
    step = max(1, len(content) // 150)
    codes = {refusal(content[:end]).code for end in [*range(16, 700, 23), *range(700, len(content), step)]}

    assert codes <= {"image_truncated", "image_unreadable"}


def test_picture_whose_data_ends_before_its_end_marker_is_refused() -> None:
    whole = drawn.png()
    end = whole[-12:]
    data = whole[8 + 25 :].index(b"IDAT") + 8 + 25
    short = whole[: data - 4] + drawn.png_chunk(b"IDAT", whole[data + 4 : data + 3_000]) + end

    assert refusal(short).code == "image_unreadable"


@pytest.mark.parametrize("extension", FORMATS)
def test_damaged_bytes_give_a_picture_or_a_refusal(extension: str) -> None:
    whole = FORMATS[extension]((300, 300))
    outcomes = set()
    for seed in range(60):
        try:
            prepared = prepare(drawn.flipped(whole, seed))
        except ImageRefused as error:
            outcomes.add(error.code)
        else:
            assert pixels(prepared.processed.content).width == prepared.processed.width
            outcomes.add("picture")

    assert len(outcomes) > 1


def test_jpeg_of_a_thousand_scans_is_refused() -> None:
    whole = drawn.encode(drawn.draw_model(), "JPEG", progressive=True)
    last_scan = whole.rindex(b"\xff\xda")
    bomb = whole[:-2] + whole[last_scan:-2] * 1000 + b"\xff\xd9"

    assert refusal(bomb).code == "image_unreadable"


def smaller_than_its_stream(whole: bytes, size: tuple[int, int]) -> bytes:
    """The picture in a container that says 300 x 300."""
    stated, small = b"ispe" + bytes(4) + drawn.pair(*size), b"ispe" + bytes(4) + drawn.pair(300, 300)
    assert stated in whole
    return whole.replace(stated, small)


@pytest.mark.slow
def test_heic_stream_larger_than_its_container_says_is_refused() -> None:
    whole = drawn.flat_heic("RGB;16", (3600, 3200), chroma=444)

    assert refusal(smaller_than_its_stream(whole, (3600, 3200))).code == "image_unreadable"


def test_avif_stream_larger_than_its_container_says_is_cut_to_that() -> None:
    image = Image.new("RGB", (5000, 4800), "teal")
    image.paste("white", (0, 0, 100, 100))
    whole = drawn.encode(image, "AVIF", speed=10)

    prepared = prepare(smaller_than_its_stream(whole, (5000, 4800)))

    assert (prepared.processed.width, prepared.processed.height) == (300, 300)


@pytest.mark.parametrize("tail", [b"\n", b"\0" * 1000])
@pytest.mark.parametrize("extension", FORMATS)
def test_bytes_behind_the_picture_do_no_harm(extension: str, tail: bytes) -> None:
    content = photo_in(extension)

    assert prepare(content + tail).processed == prepare(content).processed


def test_avif_is_turned_by_its_own_properties_and_not_by_its_xmp() -> None:
    xmp = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:Description tiff:Orientation="6"/></x:xmpmeta>'
    content = drawn.encode(drawn.draw_model((600, 900)), "AVIF", speed=10, xmp=xmp)

    assert (prepare(content).processed.width, prepare(content).processed.height) == (600, 900)


def test_poor_photos_are_warned_about_not_refused() -> None:
    def codes(content: bytes) -> list[str]:
        return [warning.code for warning in prepare(content).warnings]

    assert codes(drawn.model_photo((900, 1300))) == []
    assert codes(drawn.garment_photo((900, 900))) == []
    assert codes(drawn.model_photo((400, 600))) == ["image_small"]
    assert codes(drawn.blurred_photo()) == ["image_blurred"]
    assert codes(drawn.dark_photo()) == ["image_dark"]
    assert all(warning.message for warning in prepare(drawn.dark_photo()).warnings)


@pytest.mark.parametrize(
    ("draw", "content_type", "extension"),
    [
        (lambda: drawn.png(mode="RGBA"), "image/png", "png"),
        (lambda: drawn.model_photo((700, 700)), "image/jpeg", "jpg"),
    ],
    ids=["PNG", "JPEG"],
)
def test_result_is_not_encoded_again_and_gets_a_thumbnail(
    draw: Callable[[], bytes], content_type: str, extension: str
) -> None:
    content = draw()
    result = images.read_result(content)

    picture = result.picture
    assert (picture.content_type, picture.extension) == (content_type, extension)
    assert (picture.width, picture.height) == (700, 700)
    assert content[-1000:] == picture.content[-1000:]
    assert 0 < len(picture.content) - len(content) < 1000  # the note that it was made with AI
    assert (result.thumbnail.extension, result.thumbnail.width, result.thumbnail.height) == ("webp", 400, 400)


def test_thumbnail_of_a_cut_out_result_is_white_behind() -> None:
    result = images.read_result(drawn.png(mode="RGBA"))

    assert close_to(colour_at(result.thumbnail.content, 0.04, 0.5), (255, 255, 255))


@pytest.mark.parametrize(
    ("draw", "code"),
    [
        (lambda: b"", "image_missing"),
        (lambda: b"<html>502 Bad Gateway</html>", "image_type_unsupported"),
        (lambda: drawn.webp(), "image_type_unsupported"),
        (lambda: drawn.animated("PNG"), "image_animated"),
        (lambda: drawn.truncated(drawn.png()), "image_truncated"),
        (lambda: drawn.truncated(drawn.model_photo()), "image_truncated"),
        (lambda: drawn.claims_huge_png((5000, 5000)), "image_too_many_pixels"),
        (lambda: drawn.claims_huge_png((500, 500)), "image_unreadable"),
    ],
)
def test_bad_result_is_refused(draw: Callable[[], bytes], code: str) -> None:
    with pytest.raises(ImageRefused) as caught:
        images.read_result(draw())

    assert caught.value.code == code


def test_drawn_pictures_differ_by_seed_and_repeat() -> None:
    photos = [drawn.model_photo(seed=seed) for seed in range(3)] + [
        drawn.garment_photo(seed=seed) for seed in range(3)
    ]

    assert len(set(photos)) == 6
    assert drawn.model_photo(seed=2) == photos[2]


def test_a_very_narrow_picture_is_taken() -> None:
    prepared = prepare(drawn.encode(drawn.swatch((256, 60_000), "red"), "PNG"))

    assert prepared.thumbnail.height <= 400
    assert "image_narrow" in {warning.code for warning in prepared.warnings}
