"""What a call is told that is not let pass, by a policy, a limit or a middleware of the user's own."""

from __future__ import annotations

from argus_trio.errors import RpcError


class Rejected(RpcError):
    """A middleware of the user's own does not let a call pass; its message is the middleware's."""

    code = -31018
