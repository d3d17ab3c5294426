"""Names of uploaded files: none keeps a photo out."""

from io import BytesIO
from typing import Any

import pytest
from django.test import Client
from django.test.client import BOUNDARY, MULTIPART_CONTENT

from config.core.http.file_names import CHUNK_BYTES, with_plain_names
from models_library.models import ModelImage
from tests import images
from tests.admin_pages import sign_in
from tests.conftest import Api, data_of
from tryon.models import ProductImage

pytestmark = pytest.mark.django_db

LONG = "겨울 코트 " * 360
NAMES = {
    "cp949": b'filename="%s"' % "겨울.jpg".encode("cp949"),
    "shift_jis": b'filename="%s"' % "表".encode("shift_jis"),  # its last byte is a backslash
    "latin-1": b'filename="%s"' % "été.jpg".encode("latin-1"),
    "5,000 bytes": b'filename="%s.jpg"' % LONG.encode(),
    "5,000 bytes, quoted": b"filename*=utf-8''" + b"".join(b"%%%02X" % byte for byte in LONG.encode()),
    "a folder": rb'filename="C:\photos\winter\coat.jpg"',
    "a new header": b"filename*=utf-8''a%0D%0AContent-Transfer-Encoding:%20base64",
    "an unknown alphabet": b"filename*=undefined''coat.jpg",
    "a quote": rb'filename="a\"; name=\"other.jpg"',
}


def form(*names: bytes, field: str = "file", photo: bytes = b"", **fields: str) -> bytes:
    """A form with a photo for each name, which is written as given."""
    mark = f"--{BOUNDARY}\r\n".encode()
    photo = photo or images.garment_photo(images.SMALL_SQUARE)
    head = b'content-disposition: form-data; name="%s"; %s\r\nContent-Type: image/jpeg\r\n\r\n'
    parts = [
        *(
            f'Content-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
            for name, value in fields.items()
        ),
        *(head % (field.encode(), name) + photo + b"\r\n" for name in names),
    ]
    return mark + mark.join(parts) + f"--{BOUNDARY}--\r\n".encode()


def send(client: Client, path: str, body: bytes) -> Any:
    return client.generic("POST", path, body, MULTIPART_CONTENT)


@pytest.mark.parametrize("name", NAMES.values(), ids=[*NAMES])
def test_a_photo_with_any_name_is_taken_by_the_api(owner: Api, name: bytes) -> None:
    response = send(owner.client, "/api/tryon/upload", form(name, productId="SKU-1"))
    assert data_of(response)["productId"] == "SKU-1"


def test_the_admin_names_products_after_what_can_be_read() -> None:
    body = form(*NAMES.values(), field="photos", product_id="", metadata="")
    # A product has a picture once: the second "coat" and the second long name are refused.
    assert send(sign_in(), "/admin/tryon/productimage/add/", body).status_code == 200
    assert [*ProductImage.objects.order_by("created_at").values_list("product_id", flat=True)] == [
        "\ufffd\u073f\ufffd",
        "file",
        "\ufffdt\ufffd",
        LONG[:100],
        "coat",
        "aContent-Transfer-Encoding: base64",
        "a; name=other",
    ]


def test_the_library_keeps_a_name_of_a_bounded_length() -> None:
    body = form(NAMES["5,000 bytes"], field="photos", name="", category="full_body", tags="")
    send(sign_in(), "/admin/models_library/modelimage/add/", body)
    assert ModelImage.objects.get().name == LONG[:200]


def test_a_form_is_read_the_same_in_pieces_of_any_size() -> None:
    body = form(NAMES["5,000 bytes"], productId="SKU-1", photo=bytes(range(256)) * 300)
    whole = b"".join(with_plain_names([body], BOUNDARY.encode()))
    assert len(whole) < len(body) - 3000
    for size in (1, 7, 4096):
        pieces = (body[begin : begin + size] for begin in range(0, len(body), size))
        assert b"".join(with_plain_names(pieces, BOUNDARY.encode())) == whole


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"nothing",
        b"--x\r\n" * 9,
        b"--x" * 90_000,
        b"--x\r\n" + b"a" * 70_000 + b"\r\n\r\n",
        b"a" * 90_000,
    ],
)
def test_other_bytes_pass_unchanged_and_in_small_pieces(body: bytes) -> None:
    size = CHUNK_BYTES // 2
    chunks = [body[:9], *(body[begin : begin + size] for begin in range(9, len(body), size))]
    pieces = [*with_plain_names(chunks, b"x")]
    assert b"".join(pieces) == body
    assert all(len(piece) <= CHUNK_BYTES for piece in pieces)


PARTS = {
    "no headers": b"--b\r\n",
    "no name": b"--b\r\nContent-Disposition: x;\x1cfilename=a\r\n\r\n\r\n",
    "no line of its own": b"--bContent-Disposition: x; filename=a\r\n\r\n\r\n",
}


@pytest.mark.parametrize("part", PARTS.values(), ids=[*PARTS])
def test_a_form_of_too_many_parts_is_refused_at_its_beginning(client: Client, part: bytes) -> None:
    body = BytesIO(part * (2_000_000 // len(part)))
    length = len(body.getbuffer())
    kind = "multipart/form-data; boundary=b"
    sent: Any = {"CONTENT_TYPE": kind, "CONTENT_LENGTH": str(length), "wsgi.input": body}
    assert client.generic("POST", "/admin/login/", **sent).status_code == 400
    assert body.tell() < length / 10
