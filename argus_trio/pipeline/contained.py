"""What code of the user's own raises, made such that it ends a call, or a reload, and never the gateway."""

from __future__ import annotations

import trio

from argus_trio.core.groups import leaves
from argus_trio.errors import RpcError


class EndedItself(Exception):
    """Code of the user's own raised what ends programs, such as `SystemExit`; the message says what."""


def contained(error: BaseException, whose: str) -> BaseException:
    """What to raise in place of `error`, which code of `whose` has raised; `error` itself where that harms nobody.

    A nursery puts what is raised within it into a group: an error for the client is taken out of it.
    """
    if isinstance(error, Exception | trio.Cancelled) and not isinstance(error, BaseExceptionGroup):
        return error
    found = list(leaves(error)) if isinstance(error, BaseExceptionGroup) else [error]
    for each in found:
        if not isinstance(each, Exception | trio.Cancelled):
            return EndedItself(f"{whose} raised {type(each).__name__}: {each}")
    for each in found:
        if not isinstance(each, RpcError):
            return error
    return found[0]
