"""`If-Match` (RFC 9110, 13.1.1): whether a backend is at a version that who asks has seen; and its entity tag."""

from __future__ import annotations

import re
from typing import Final

from argus_trio.core.control import Fits
from argus_trio.frontend.manage.answer import ManageProblem

_TAG: Final = re.compile(r'[ \t]*(?:(W/)?"([\x21\x23-\x7e\x80-\xff]*)")?[ \t]*(?:,|$)')
"""One member of the list, which may be empty (5.6.1), with the comma after it."""


def entity_tag(version: str) -> bytes:
    """The value of `ETag` for a version."""
    return f'"{version}"'.encode()


def fitting(field: bytes | None) -> Fits | None:
    """What tells whether a version fits the value of `If-Match`; None where anything does.

    The comparison is the strong one, as the RFC has it: a weak tag fits nothing.

    Raises:
        ManageProblem: it is no list of entity tags.
    """
    if field is None or field.strip() == b"*":
        return None
    text, at, tags = field.decode("latin-1"), 0, set[str]()
    while at < len(text):
        found = _TAG.match(text, at)
        if found is None:
            raise ManageProblem("bad-request", 'If-Match is a list of entity tags, such as "3f2a.7", or *')
        weak, opaque = found.groups()
        if opaque is not None and not weak:
            tags.add(opaque)
        at = found.end()
    return tags.__contains__
