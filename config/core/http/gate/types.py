"""Content types. Django decodes all that it reads by the charset that a client names, and fails with most."""

import codecs

from django.utils.http import parse_header_parameters

from config.core.http.gate.refusals import HeadersUnreadable, TextNotUtf8


def check_type(headers: dict[bytes, bytes]) -> None:
    """Raise HeadersUnreadable, and TextNotUtf8 for another charset than UTF-8."""
    try:
        _name, parameters = parse_header_parameters(headers.get(b"content-type", b"").decode("latin-1"))
        if codecs.lookup(parameters.get("charset", "utf-8")).name != "utf-8":
            raise TextNotUtf8
    except LookupError as error:
        raise TextNotUtf8 from error
    except ValueError as error:
        raise HeadersUnreadable from error
