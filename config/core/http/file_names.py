"""Names of uploaded files: whatever a client sends, Django gets a short name in UTF-8.

Django reads a part's headers within 1,024 bytes and in UTF-8 only, and takes a file with another name for no
file. The name says nothing about the photo: the admin fills an empty field with it, and the API drops it.
"""

import re
from collections.abc import Iterable, Iterator
from functools import partial
from typing import IO, Any, Final, override
from urllib.parse import unquote_to_bytes

from django.core.exceptions import TooManyFieldsSent
from django.core.files.uploadhandler import FileUploadHandler
from django.http import HttpRequest
from django.http.multipartparser import MultiPartParser

# The headers of one part, as a client may send them: a name of 5,000 bytes can take three times as many.
MOST_HEADER_BYTES: Final = 1 << 14
READ_BYTES: Final = 1 << 15
CHUNK_BYTES: Final = 1 << 16  # held between two reads, and read
MOST_PARTS: Final = 1_102  # as many as Django counts: fields, files, and what is before and after them
MOST_NAME_BYTES: Final = 600
HEADERS_END: Final = b"\r\n\r\n"
DISPOSITION: Final = re.compile(rb"content-disposition *:", re.IGNORECASE)
# Python's own parser takes more than a second for some headers of this length.
PARAMETER: Final = re.compile(rb""";\s*(name|filename\*?)\s*=\s*("(?:[^"\\]|\\.)*"|[^;]*)""", re.IGNORECASE)


class FileNamesHandler(FileUploadHandler):
    """The first upload handler: it has Django read the form for the others, with plain file names."""

    request: HttpRequest

    @override
    def handle_raw_input(
        self, input_data: IO[bytes], META: Any, content_length: int, boundary: Any, encoding: Any = None
    ) -> Any:
        others = [handler for handler in self.request.upload_handlers if handler is not self]
        form: Any = FormWithPlainNames(input_data, boundary)
        return MultiPartParser(META, form, others, encoding).parse()


class FormWithPlainNames:
    """A form as a file that can be read once, from the beginning to the end."""

    def __init__(self, file: IO[bytes], boundary: bytes) -> None:
        self._pieces = filter(None, with_plain_names(iter(partial(file.read, READ_BYTES), b""), boundary))

    def read(self, size: int = -1) -> bytes:
        """Return the next piece, whatever its size, and nothing at the end."""
        return next(self._pieces, b"")


def with_plain_names(chunks: Iterable[bytes], boundary: bytes) -> Iterator[bytes]:
    """Yield the bytes of a form, in pieces of at most CHUNK_BYTES. Only the headers of its files change.

    Raise TooManyFieldsSent. Django counts no file without a name, and copies a chunk for each.
    """
    mark = b"--" + boundary  # as Django looks for it: a line may go on after it
    held = b""
    parts = 0
    for chunk in chunks:
        held += chunk
        done = 0
        while (begin := held.find(mark, done)) >= 0:
            end = held.find(HEADERS_END, begin, begin + MOST_HEADER_BYTES)
            if end < 0 and len(held) < begin + MOST_HEADER_BYTES:
                break  # its headers go on
            parts += 1
            if parts > MOST_PARTS:
                raise TooManyFieldsSent
            yield held[done:begin]
            if end < 0:  # no headers that anybody could read
                done = begin + MOST_HEADER_BYTES
                yield held[begin:done]
            else:
                done = end
                yield _plain_headers(held[begin:done])
        keep = begin if begin >= 0 else max(done, len(held) - len(mark) + 1)
        yield held[done:keep]
        held = held[keep:]
    yield held


def _plain_headers(headers: bytes) -> bytes:
    lines = headers.split(b"\r\n")
    return b"\r\n".join(_plain_line(line) if DISPOSITION.match(line) else line for line in lines)


def _plain_line(line: bytes) -> bytes:
    """Return a Content-Disposition with a plain file name, or as it is where it has none."""
    found = {part[1].lower(): part[2] for part in PARAMETER.finditer(line)}
    quoted, encoded = found.get(b"filename", b"").strip(b'" '), found.get(b"filename*", b"")
    if not (quoted or encoded):
        return line
    name = _decoded(encoded) if encoded else quoted.decode(errors="replace")
    last = re.split(r"[/\\]", name.replace('\\"', ""))[-1]
    # Without what would end the quotes or the line.
    plain = "".join(part for part in last if part.isprintable() and part != '"').encode()
    return b'Content-Disposition: form-data; name=%s; filename="%s"' % (
        found.get(b"name", b'""'),
        plain[:MOST_NAME_BYTES].decode(errors="ignore").encode() or b"file",
    )


def _decoded(text: bytes) -> str:
    """Return the text of ``utf-8'en'%C3%A9`` (RFC 5987)."""
    charset, _quote, rest = text.strip(b'" ').partition(b"'")
    value = unquote_to_bytes(rest.partition(b"'")[2])
    try:
        return value.decode(charset.decode("ascii", "replace"), "replace")
    except (LookupError, ValueError):  # Python does not know the character set
        return value.decode(errors="replace")
