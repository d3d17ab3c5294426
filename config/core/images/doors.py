"""The entries: for an uploaded photo, a provider's picture, and a cut-out."""

import hashlib
from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO, Final

from config.core.images import limits
from config.core.images.children import CHILDREN
from config.core.images.errors import REFUSALS, ImageDecoderFailed, ImageMissing, ImageTooLarge
from config.core.images.formats import Format
from config.core.images.pictures import WARNINGS, Picture, PreparedImage, ResultImage

CHUNK_BYTES: Final = 256 * 1024


def prepare(file: BinaryIO, *, original: BinaryIO | None = None) -> PreparedImage:
    """Make an uploaded photo (JPEG, PNG, WebP, AVIF or HEIC, at most 20 MB) ready for use.

    ``file`` is seekable and binary. Its position on entry does not matter, and is undefined afterwards.
    ``original`` gets the photo as uploaded, without its metadata. Raise one of the ``ImageRefused`` errors,
    or ``ImagesBusy``.
    """
    size = file.seek(0, 2)
    _check_size(size, limits.MAX_UPLOAD_BYTES)
    file.seek(0)
    digest = hashlib.sha256()

    def chunks() -> Iterator[bytes]:
        while chunk := file.read(CHUNK_BYTES):
            digest.update(chunk)
            yield chunk

    head = {"job": "prepare", "original": original is not None}
    facts, pictures = _ask(head, size, chunks(), original)
    processed, thumbnail = pictures[-2:]
    return PreparedImage(
        processed=processed,
        thumbnail=thumbnail,
        source=Format[facts["source"]],
        checksum=digest.hexdigest(),
        fingerprint=facts["fingerprint"],
        warnings=tuple(WARNINGS[code] for code in facts["warnings"]),
    )


def clean(content: bytes) -> bytes:
    """Return a stored photo without its metadata: the same bytes if it has none.

    Raise one of the ``ImageRefused`` errors, or ``ImagesBusy``.
    """
    _check_size(len(content), limits.MAX_UPLOAD_BYTES)
    _, (picture,) = _ask({"job": "clean"}, len(content), [content])
    return picture.content


def read_result(content: bytes) -> ResultImage:
    """Check that a provider's picture (PNG or JPEG, 24 megapixels, 60 MB) decodes to its last pixel.

    The picture that comes out has the same pixels, and its provenance. Raise one of the ``ImageRefused``
    errors, or ``ImagesBusy``.
    """
    _check_size(len(content), limits.MAX_RESULT_BYTES)
    _, (picture, thumbnail) = _ask({"job": "read_result"}, len(content), [content])
    return ResultImage(picture, thumbnail)


def find_doubts(
    result: bytes, model: bytes, garment: bytes | None, *, other_background: bool
) -> list[dict[str, Any]]:
    """Return the doubts about a result as ``{name, score}``, from its small copy and those of its photos.

    ``other_background``: the result was asked for with another one than the model photo's. Raise one of the
    ``ImageRefused`` errors, or ``ImagesBusy``.
    """
    files = [result, model, *([] if garment is None else [garment])]
    sizes = [len(file) for file in files]
    for size in sizes:
        _check_size(size, limits.MAX_UPLOAD_BYTES)
    head = {"job": "measure", "files": sizes, "other_background": other_background}
    facts, _ = _ask(head, sum(sizes), files)
    found: list[dict[str, Any]] = facts["doubts"]
    return found


def lay_on_colour(cutout: bytes, colour: str) -> bytes:
    """Lay a cut-out (PNG with transparency, at most 24 MP) on ``colour`` (#rrggbb); return an RGB PNG.

    Raise one of the ``ImageRefused`` errors, also for a cut-out with nothing left in it, or ``ImagesBusy``.
    """
    _check_size(len(cutout), limits.MAX_RESULT_BYTES)
    _, (picture,) = _ask({"job": "lay_on_colour", "colour": colour}, len(cutout), [cutout])
    return picture.content


def _check_size(size: int, limit: int) -> None:
    if size == 0:
        raise ImageMissing
    if size > limit:
        raise ImageTooLarge(details={"limit": limit, "actual": size})


def _ask(
    head: dict[str, Any], size: int, body: Iterable[bytes], first: BinaryIO | None = None
) -> tuple[dict[str, Any], list[Picture]]:
    """Return a child's answer. Raise the refusal that it answers with.

    The bytes of the first picture go to ``first``, if there is one.
    """
    facts, blobs = CHILDREN.ask(head, size, body, first)
    if "refused" in facts:
        raise REFUSALS.get(facts["refused"], ImageDecoderFailed)(details=facts["details"])
    pictures = [
        Picture(content, Format[name], int(width), int(height))
        for content, (name, width, height) in zip(blobs, facts["pictures"], strict=True)
    ]
    return facts, pictures
