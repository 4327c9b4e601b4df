"""Whether a backend's error says that it has no such resource, in any of the words that servers have for it.

The specification says -32002 (to 2025-11-25) and -32602 (since 2026-07-28), and the SDKs mostly do. The Python SDK 1.x
says code 0, the Java and Kotlin SDKs -32603, and a text; who serves no resources at all does not know the method.
"""

from __future__ import annotations

import re
from typing import Final

from argus_trio.wire.error_objects import code_of
from argus_trio.wire.members import object_or_none, string_member

_CODES: Final = frozenset((b"-32002", b"-32602", b"-32601"))
_WORDS: Final = re.compile(
    r"not found|no such|n[o']t exist|enoent|can(?:'t|not) find|could(?:n't| not) find|no (?:resource|handler|template)"
    r"|(?:unknown|unsupported|invalid|unrecogni[sz]ed) (?:resource|template|ur[il]|scheme|protocol)",
    re.IGNORECASE,
)


def means_not_found(error: bytes) -> bool:
    """Whether this raw error object says that the resource is not there: another backend may have it."""
    if code_of(error) in _CODES:
        return True
    message = string_member(object_or_none(error) or {}, "message") or ""
    return _WORDS.search(message[:1000]) is not None
