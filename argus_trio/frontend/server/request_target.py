"""The target of a request, however a client spells it; sans I/O."""

from __future__ import annotations

import re
from typing import Final

from argus_trio.wire.http1.field_lines import Fields

_ABSOLUTE: Final = re.compile(rb"https?://([^/?#]*)", re.IGNORECASE)
_HOST: Final = b"host"


def origin_form(target: bytes, headers: Fields) -> tuple[bytes, Fields]:
    """The path and query of a target, and the request's headers.

    A target in absolute form, as one sent to a proxy, says which host is meant; the Host header counts for nothing
    beside it (RFC 9112, 3.2.2).
    """
    absolute = _ABSOLUTE.match(target)
    if absolute is None:
        return target, headers
    rest = target[absolute.end() :]
    named = [(_HOST, absolute[1]), *((name, value) for name, value in headers if name != _HOST)]
    return rest if rest[:1] == b"/" else b"/" + rest, named
