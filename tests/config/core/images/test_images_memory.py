"""Pictures of cameras and phones, and the worst ones, are taken within the wall's default limit of memory.

The process that asks sees nothing of it: it stays below 160 MB, of which Django takes about 60.
"""

import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from tests import heif
from tests import images as drawn

LIMIT_MB = 160 - 60

# The high-water mark of the asking process. ru_maxrss would do, but Linux carries the parent's value over
# into it.
ASKING = """
import sys
from pathlib import Path
from config.core import images

# Memory is measured here. Other tests may hold all cores at the same time.
images.CHILDREN.configure(images.Wall(cpu_seconds=90, wait_seconds=90))
try:
    with open(sys.argv[1], "rb") as file:
        images.prepare(file)
    outcome = "picture"
except images.ImageRefused as error:
    outcome = error.code
peak = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
print(outcome, int(peak.split()[1]) // 1024)
"""


def flat(fmt: str, size: tuple[int, int], mode: str = "RGB", **options: object) -> bytes:
    colour = (100, 100, 100, 128)[: Image.getmodebands(mode)]
    return drawn.encode(drawn.swatch(size, colour, mode), fmt, **options)


def palette_png() -> bytes:
    image = drawn.swatch((7071, 7071), 1, "P")
    image.putpalette([200, 30, 30] * 2)
    return drawn.encode(image, "PNG", transparency=bytes([0, 128]), compress_level=1)


def jpeg_with_ballast() -> bytes:
    """18 MB of colour profile, EXIF and comments in front of a progressive picture."""
    photo = flat("JPEG", (6000, 6000), progressive=True)
    kinds = {
        b"\xff\xe2": b"ICC_PROFILE\0\x01\x01",
        b"\xff\xe1": b"Exif\0\0",
        b"\xff\xfe": b"",
        b"\xff\xe5": b"",
    }
    segments = [
        kind + (65_000).to_bytes(2) + head + bytes(65_000 - 2 - len(head)) for kind, head in kinds.items()
    ]
    return photo[:2] + b"".join(segments) * 70 + photo[2:]


def png_with_unpacking_text() -> bytes:
    """64 compressed texts of 1 MB each, 1 KB in the file."""
    text = b"key\0\0" + zlib.compress(b"a" * 1_000_000, 9)
    return drawn.flat_png((5650, 5650), "RGB", *[(b"zTXt", text)] * 64)


def avif_with_ballast() -> bytes:
    free = 18_000_000
    return flat("AVIF", (3800, 3800), speed=10) + (8 + free).to_bytes(4) + b"free" + bytes(free)


def webp_with_ballast() -> bytes:
    """18 MB of XMP, which libwebp would copy twice, behind a picture with an alpha channel."""
    photo = flat("WEBP", (3400, 2590), "RGBA", method=0)
    size = 18_000_000
    body = photo[8:] + b"XMP " + size.to_bytes(4, "little") + bytes(size)
    return b"RIFF" + len(body).to_bytes(4, "little") + body


WORST: dict[str, Callable[[], bytes]] = {
    "JPEG, 61 MP of a camera": lambda: flat("JPEG", (9504, 6336)),
    "JPEG, 108 MP of a phone": lambda: flat("JPEG", (12_000, 9000)),
    "JPEG, 200 MP of a phone": lambda: flat("JPEG", (16_320, 12_240), "L"),
    "JPEG, CMYK, not shrunk in the decoder": lambda: flat("JPEG", (3999, 3999), "CMYK"),
    "JPEG, progressive at full colour": lambda: flat(
        "JPEG", (8640, 5760), progressive=True, subsampling="4:4:4"
    ),
    "JPEG without its end": lambda: flat("JPEG", (9504, 6336))[:-2],
    "JPEG with ballast": jpeg_with_ballast,
    "PNG, grey": lambda: drawn.flat_png((12_000, 9000), "L"),
    "PNG, palette with alpha": palette_png,
    "PNG, RGBA": lambda: drawn.flat_png((8640, 5760), "RGBA"),
    "PNG, RGBA of 16 bits": lambda: drawn.deep_png((7680, 4320)),
    "PNG with unpacking text": png_with_unpacking_text,
    "WebP, 12 MP of a phone": lambda: flat("WEBP", (4000, 3000), method=0),
    "WebP, 24 MP without loss": lambda: flat("WEBP", (6000, 4000), lossless=True, method=0, quality=0),
    "WebP, 50 MP with alpha": lambda: flat("WEBP", (8640, 5760), "RGBA", method=0),
    "WebP with ballast": webp_with_ballast,
    "AVIF, 24 MP of a camera": lambda: flat("AVIF", (6000, 4000), speed=10),
    "AVIF, 50 MP with alpha at full colour": lambda: flat(
        "AVIF", (8640, 5760), "RGBA", speed=10, subsampling="4:4:4"
    ),
    "AVIF with ballast": avif_with_ballast,
    "HEIC, 48 MP of a phone": lambda: drawn.flat_heic("RGB", (8064, 6048), chroma=420),
    "HEIC, 200 MP of a phone, in tiles": lambda: heif.grid(
        drawn.flat_heic("RGB", (1020, 1020), chroma=420), (1020, 1020), 12, 16
    ),
    "HEIC, 50 MP of a camera, 10 bits": lambda: heif.grid(
        drawn.flat_heic("RGB;16", (4320, 2880), chroma=422), (4320, 2880), 2, 2
    ),
    "HEIC, 10 bits with alpha at full colour": lambda: drawn.flat_heic("RGBA;16", (5000, 4000), chroma=444),
}


# The figure is Linux's; .ci/run and the image are Linux. Elsewhere there is nothing to read it from.
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the high-water mark is read from /proc")
@pytest.mark.slow
@pytest.mark.parametrize("kind", WORST)
def test_worst_upload_of_each_kind_is_taken_and_not_felt(kind: str, tmp_path: Path) -> None:
    content = WORST[kind]()
    assert len(content) <= 20 * 1024 * 1024
    upload = tmp_path / "upload"
    upload.write_bytes(content)

    asking = subprocess.run(
        [sys.executable, "-c", ASKING, upload],
        cwd=Path(__file__).parents[4],
        capture_output=True,
        text=True,
        check=True,
    )

    outcome, peak = asking.stdout.split()
    assert outcome == "picture"
    assert int(peak) < LIMIT_MB
