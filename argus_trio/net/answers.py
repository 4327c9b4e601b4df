"""What a remote backend's HTTP answer says, sans I/O: the messages in a body, and why a request was refused."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final
from urllib.parse import urljoin

import msgspec

from argus_trio.errors import HttpRefused, LinkFailed, RpcError
from argus_trio.net.http1 import HttpAnswer
from argus_trio.net.origin import Origin, split_url
from argus_trio.wire.envelope import (
    ErrorResponse,
    Message,
    Response,
    decode,
    decode_batch,
    decode_object,
    is_batch,
    mend_text,
)

_QUOTED_CHARACTERS: Final = 200
_SHORTEST_SECRET: Final = 4
_UNPRINTABLE: Final = re.compile(r"[^ -~\u00a0-\ud7ff\uf900-\ufffd]+")


def read_messages(data: bytes) -> list[Message | RpcError]:
    """The message in `data`, or those of a batch, an error standing in for each that is none."""
    text = mend_text(data)
    try:
        return decode_batch(text) if is_batch(text) else [decode(text)]
    except RpcError as error:
        return [error]


def is_answer(message: Message | RpcError, wanted: bytes) -> bool:
    """Whether `message`, found where only the request with the raw id `wanted` can be answered, is its answer."""
    if isinstance(message, ErrorResponse):
        return message.id in (wanted, b"null")
    return isinstance(message, Response) and message.id == wanted


def error_in(body: bytes, wanted: bytes) -> ErrorResponse | None:
    """The JSON-RPC error of an HTTP error's body, whose id may be null or left out where the server did not read it."""
    try:
        fields = decode_object(mend_text(body))
        error = bytes(fields.get("error", b""))
        decode_object(error)
    except msgspec.DecodeError:
        return None
    if bytes(fields.get("jsonrpc", b"")) != b'"2.0"' or bytes(fields.get("id", b"null")) not in (wanted, b"null"):
        return None
    return ErrorResponse(wanted, error)


def is_addressed(body: bytes, wanted: bytes) -> bool:
    """Whether the body carries exactly the raw id `wanted`: the server has read that very request."""
    try:
        return bytes(decode_object(mend_text(body)).get("id", b"")) == wanted
    except msgspec.DecodeError:
        return False


def refusal(answer: HttpAnswer, body: bytes, origin: Origin, secrets: Iterable[str]) -> HttpRefused:
    """Why the server refused, in one line without any of `secrets`; `body` is the beginning of what it said."""
    status = answer.status
    location = answer.header("location")
    if 300 <= status < 400 and location is not None:
        return HttpRefused(status, f"the server redirects to {_whereto(origin, location)}; redirects are not followed")
    if status == 401:
        return HttpRefused(status, "the server wants authentication (HTTP 401)")
    if status == 403:
        return HttpRefused(status, "the server does not allow it (HTTP 403): authentication may be missing or wrong")
    text = " ".join(_UNPRINTABLE.sub(" ", body.decode("utf-8", "replace")).split())
    for secret in sorted(_spellings(secrets), key=len, reverse=True):
        text = text.replace(secret, "***")
    said = f": {text[:_QUOTED_CHARACTERS]}" if text else ""
    return HttpRefused(status, f"the server answered HTTP {status}{said}")


def _spellings(secrets: Iterable[str]) -> set[str]:
    """Each secret, and each of its words: of `Bearer abc` a server may quote the second alone."""
    words = {word for secret in secrets for word in (secret, *secret.split())}
    return {word for word in words if len(word) >= _SHORTEST_SECRET}


def _whereto(origin: Origin, location: str) -> str:
    try:
        return str(split_url(urljoin(str(origin), location))[0])
    except (LinkFailed, ValueError):
        return "somewhere that is no http or https address"
