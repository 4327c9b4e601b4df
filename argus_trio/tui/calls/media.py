"""What an image is, by its first bytes: its width and height. Pure; nothing is decoded but a header."""

from __future__ import annotations

import base64
import binascii
import struct
from typing import Final

HEAD_BYTES: Final = 256 * 1024
"""How much of an image is looked at for its size: a JPEG may have a preview before it."""
_PNG: Final = b"\x89PNG\r\n\x1a\n"
_GIF: Final = (b"GIF87a", b"GIF89a")
_JPEG: Final = b"\xff\xd8"
_NO_SIZE: Final = frozenset({0xC4, 0xC8, 0xCC})
"""Markers of JPEG that look like those of a frame and are none."""
_ALONE: Final = frozenset({0x01, *range(0xD0, 0xD8)})
"""Markers of JPEG without a length."""


def decoded_head(data: str) -> bytes:
    """The first bytes of what is base64. Raises ValueError where it is none."""
    head = data[: HEAD_BYTES // 3 * 4]
    try:
        return base64.b64decode(head, validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("no valid base64") from None


def dimensions(head: bytes) -> tuple[int, int] | None:
    """Width and height of a PNG, GIF, JPEG or WebP; None where they are not found."""
    try:
        if head.startswith(_PNG) and head[12:16] == b"IHDR":
            width, height = struct.unpack(">II", head[16:24])
            return width, height
        if head.startswith(_GIF):
            width, height = struct.unpack("<HH", head[6:10])
            return width, height
        if head.startswith(_JPEG):
            return _jpeg(head)
        if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
            return _webp(head)
    except (struct.error, IndexError):
        pass
    return None


def _jpeg(head: bytes) -> tuple[int, int] | None:
    at = 2
    while at + 9 <= len(head):
        if head[at] != 0xFF:
            return None
        marker = head[at + 1]
        if marker == 0xFF:
            at += 1
        elif marker in _ALONE:
            at += 2
        elif 0xC0 <= marker <= 0xCF and marker not in _NO_SIZE:
            height, width = struct.unpack(">HH", head[at + 5 : at + 9])
            return width, height
        else:
            (length,) = struct.unpack(">H", head[at + 2 : at + 4])
            if length < 2:
                return None
            at += 2 + length
    return None


def _webp(head: bytes) -> tuple[int, int] | None:
    kind = head[12:16]
    if kind == b"VP8X":
        return int.from_bytes(head[24:27], "little") + 1, int.from_bytes(head[27:30], "little") + 1
    if kind == b"VP8 ":
        width, height = struct.unpack("<HH", head[26:30])
        return width & 0x3FFF, height & 0x3FFF
    if kind == b"VP8L":
        bits = int.from_bytes(head[21:25], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    return None
