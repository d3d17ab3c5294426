"""Every result says in its file that it was made with AI, and loses no pixel by it."""

from collections.abc import Callable
from io import BytesIO
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from config.core.images import read_result
from tests import images as drawn
from tests.conftest import Api, Finish, Generate, data_of, download
from tryon.sandbox import Sandbox

SOURCE_TYPE = b"http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"
FOREIGN = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF>somebody else</rdf:RDF></x:xmpmeta>'


def exif() -> bytes:
    """An EXIF block that names a camera."""
    block = Image.Exif()
    block[0x0110] = "Studio camera"
    return block.tobytes()


def jpeg(**options: object) -> bytes:
    """A JPEG of a person."""
    return drawn.encode(drawn.draw_model(), "JPEG", quality=90, **options)


def png_with_foreign_packet() -> bytes:
    """A PNG with an XMP packet of its maker's."""
    return drawn.png_with_chunks((b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + FOREIGN))


def pixels(content: bytes) -> "np.ndarray[tuple[int, ...], np.dtype[np.uint8]]":
    """Return the visible part of a picture."""
    with Image.open(BytesIO(content)) as image:
        return np.asarray(image)


@pytest.mark.parametrize(
    "draw",
    [
        drawn.png,
        lambda: drawn.png(mode="RGBA"),
        png_with_foreign_packet,
        jpeg,
        lambda: jpeg(progressive=True),
        lambda: jpeg(xmp=FOREIGN),
        lambda: jpeg(xmp=FOREIGN, exif=exif(), icc_profile=drawn.wide_profile(), comment=b"note"),
    ],
    ids=["png", "rgba", "png with packet", "jpeg", "progressive", "jpeg with packet", "jpeg with everything"],
)
def test_a_result_carries_one_packet_and_the_same_pixels(draw: Callable[[], bytes]) -> None:
    before = draw()

    result = read_result(before)

    after = result.picture.content
    assert np.array_equal(pixels(before), pixels(after))
    with Image.open(BytesIO(after)) as image:
        image.load()
        packet = image.info["xmp"]
    assert SOURCE_TYPE in (packet if isinstance(packet, bytes) else packet.encode())
    assert after.count(SOURCE_TYPE) == 1
    assert FOREIGN not in after
    with Image.open(BytesIO(result.thumbnail.content)) as thumbnail:
        assert SOURCE_TYPE in thumbnail.info["xmp"]


def test_a_result_that_is_read_again_still_has_one_packet() -> None:
    for content in (drawn.png(), jpeg()):
        once = read_result(content).picture.content
        assert read_result(once).picture.content == once


def test_profile_and_camera_survive() -> None:
    content = jpeg(exif=exif(), icc_profile=drawn.wide_profile())
    with Image.open(BytesIO(read_result(content).picture.content)) as image:
        assert image.getexif()[0x0110] == "Studio camera"
        assert image.info["icc_profile"] == drawn.wide_profile()
        assert image.info["jfif"]


def test_the_packet_is_well_formed() -> None:
    with Image.open(BytesIO(read_result(drawn.png()).picture.content)) as image:
        packet = ElementTree.fromstring(image.info["xmp"])  # noqa: S314  (our own bytes)
    described = packet.find(".//{http://www.w3.org/1999/02/22-rdf-syntax-ns#}Description")
    assert described is not None
    extension = "{http://iptc.org/std/Iptc4xmpExt/2008-02-29/}DigitalSourceType"
    assert described.attrib[extension] == SOURCE_TYPE.decode()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("options", [{}, {"background": "#ffffff"}], ids=["plain", "background"])
def test_what_a_shopper_downloads_says_that_it_is_made_with_ai(
    owner: Api, generate: Generate, finish: Finish, sandbox: Sandbox, options: dict[str, str]
) -> None:
    job = finish(generate(**options)["jobId"])
    result = data_of(owner.get(f"results/{job.result.pk}"))
    assert result["aiGenerated"] is True
    for url in (result["imageUrl"], result["thumbnailUrl"]):
        assert download(owner, url).count(SOURCE_TYPE) == 1
