"""The key in a request's header, and the fingerprint of the request."""

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any, Final

from django.core.files.uploadedfile import UploadedFile
from django.utils.datastructures import MultiValueDict
from rest_framework.exceptions import ParseError

from config.core.http.idempotency.errors import IdempotencyKeyInvalid

HEADER: Final = "Idempotency-Key"
# A bare value, or a string as the IETF's draft has it (RFC 9651). Both mean the same key.
BARE: Final = r"[!#-~]([ -~]{0,62}[!-~])?"
QUOTED: Final = r'"([ !#-\[\]-~]|\\["\\]){1,64}"'
PATTERN: Final = f"^({BARE}|{QUOTED})$"
VALID: Final = re.compile(f"{BARE}|{QUOTED}")
ESCAPED: Final = re.compile(r"\\(.)")


def key_in(headers: Mapping[str, str]) -> str | None:
    """Return the key that a request comes with, None without one. Raise IdempotencyKeyInvalid."""
    sent = headers.get(HEADER)
    if sent is None:
        return None
    sent = sent.strip(" \t")
    if not VALID.fullmatch(sent):
        raise IdempotencyKeyInvalid
    return ESCAPED.sub(r"\1", sent[1:-1]) if sent.startswith('"') else sent


def fingerprint_of(method: str, path: str, body: Any) -> str:
    """Return a SHA-256, the same for requests that mean the same. ``body`` is parsed JSON, or a form.

    Raise ParseError for brackets within brackets without end.
    """
    meant = [method, path, parts_of(body) if isinstance(body, MultiValueDict) else body]
    try:
        text = json.dumps(meant, sort_keys=True)
    except RecursionError as error:
        raise ParseError from error
    return hashlib.sha256(text.encode()).hexdigest()


def parts_of(form: MultiValueDict[str, Any]) -> dict[str, list[Any]]:
    """Return the texts of a form by their names, and the SHA-256 of each file, whatever its name."""
    return {name: [digest_of(part) for part in parts] for name, parts in form.lists()}


def digest_of(part: Any) -> Any:
    if not isinstance(part, UploadedFile):
        return part
    digest = hashlib.sha256()
    for chunk in part.chunks():
        digest.update(chunk)
    return {"sha256": digest.hexdigest()}
