"""What a request to the management API is, and how its answer is read: the same for both clients. Sans I/O."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar
from urllib.parse import quote, urlencode

import msgspec

from argus_trio import __version__
from argus_trio.contract.operation import BASE, Operation
from argus_trio.manage_client.failure import FAILED, CommandFailed
from argus_trio.manage_client.where import GatewayPlace

Contracted = TypeVar("Contracted")
ApiQuery = Mapping[str, str | int | tuple[str, ...]]
USER_AGENT = f"argus-trio/{__version__}"


def target_of(place: GatewayPlace, operation: Operation, path: Mapping[str, str], query: ApiQuery) -> str:
    """The path and query of an operation. `path` gives the segments that its path names; empty values are left out of
    the query."""
    target = f"{place.prefix}{BASE}{operation.path}"
    for name, value in path.items():
        target = target.replace(f"{{{name}}}", quote(value, safe=""))
    if query:
        target += "?" + urlencode({key: value for key, value in query.items() if value != ""}, doseq=True)
    return target


def body_of(operation: Operation, body: object) -> bytes | None:
    """What is sent with an operation; None for one that has no body."""
    return None if operation.method == "GET" else msgspec.json.encode({} if body is None else body)


def answer_of(raw: bytes, kind: type[Contracted], place: GatewayPlace, *, advice: str = "") -> Contracted:
    """An answer as the contract has it. Raises CommandFailed for one of another contract, which ends with `advice`."""
    try:
        return msgspec.json.decode(raw, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise CommandFailed(
            f"the answer of {place.shown} is not what argus-trio {__version__} expects ({error}); is the "
            f"gateway of another version?{advice}",
            FAILED,
        ) from None
