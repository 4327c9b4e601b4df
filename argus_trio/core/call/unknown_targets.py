"""The errors for what is not there: the same whether nobody has it, or the one who asks may not know of it."""

from __future__ import annotations

from argus_trio.core.call.exchange import Call
from argus_trio.errors import InvalidParams, MethodUnknown, ResourceUnknown, RpcError
from argus_trio.wire.revisions import Era

_SHOWN: int = 200
"""How much of a name is repeated, in characters."""


class UnknownName(InvalidParams):
    """No tool or prompt of this name is there for who asks."""


def unknown_named(kind: str, name: str) -> InvalidParams:
    """The error for the name of a tool or prompt, as `kind` says."""
    return UnknownName(f"unknown {kind}: {name[:_SHOWN]}")


def unknown_resource(call: Call, uri: str) -> RpcError:
    """The error for a URI that nobody serves, in the words of the client's era."""
    if call.era is Era.MODERN:
        return InvalidParams(f"unknown resource: {uri[:_SHOWN]}", data={"uri": uri[:2000]})
    return ResourceUnknown(uri[:2000])


def unknown_reference(uri: str) -> InvalidParams:
    """The error for a reference to a resource or a template, in `completion/complete`."""
    return InvalidParams(f"unknown resource or template: {uri[:_SHOWN]}")


def unknown_method(call: Call) -> MethodUnknown:
    """The error for a method that nobody can be meant by."""
    return MethodUnknown(f"unknown method: {call.method[:100]}")
