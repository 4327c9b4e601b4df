"""What arguments may be: ports, seconds, headers, JSON objects. Each says what is wanted instead."""

from __future__ import annotations

import argparse
import math


def header(text: str) -> tuple[str, str]:
    """A header, `NAME: VALUE`."""
    from argus_trio.wire.headers import TOKEN

    name, colon, value = text.partition(":")
    if not colon or not TOKEN.fullmatch(name) or not value.isprintable():
        raise argparse.ArgumentTypeError("a header is written 'NAME: VALUE'")  # its value may be a secret
    return name, value.strip()


def seconds(text: str) -> float:
    """A time."""
    try:
        found = float(text)
    except ValueError:
        found = math.nan
    if not 0 <= found < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is no time: write a number of seconds such as 20, or 0 for none")
    return found


def port(text: str) -> int:
    """A port."""
    found = int(text)
    if not 0 <= found <= 65535:
        raise argparse.ArgumentTypeError("a port is a number from 0 to 65535")
    return found


def count(text: str) -> int:
    """How many of something, one at least."""
    if not text.isdecimal() or not 1 <= int(text[:9]) <= 10_000:
        raise argparse.ArgumentTypeError("write a number from 1 to 10000")
    return int(text)


def client_entry(text: str) -> str:
    """The name of a server in a client's file: clients put it before the names of tools, which have such limits."""
    if not 1 <= len(text) <= 40 or not text.isascii() or not text.replace("-", "").replace("_", "").isalnum():
        raise argparse.ArgumentTypeError("a name has letters, digits, _ and -, and 40 characters at most")
    return text


def json_object(text: str) -> bytes:
    """A JSON object."""
    import msgspec

    from argus_trio.wire.envelope import decode_object

    try:
        decode_object(text.encode())
    except (msgspec.DecodeError, UnicodeEncodeError):
        raise argparse.ArgumentTypeError('expected a JSON object such as \'{"path": "/srv/public/a"}\'') from None
    return text.encode()
