"""One middleware of the file at work: the places where it has a part."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType

import attrs

from argus_trio.core.access.access import ManageRight
from argus_trio.core.access.arrival import RequestArrival, Unadmitted
from argus_trio.core.access.principal import Principal
from argus_trio.core.access.target import Target
from argus_trio.core.call.exchange import Call, EndedSession
from argus_trio.pipeline.chain import Middleware
from argus_trio.pipeline.lifetime import Lifetime

Resolve = Callable[[Call], Target | None]
"""What a call is aimed at; None if what it names does not exist, or nobody has said yet whether it does. Waits for
nothing."""

Arrive = Callable[[RequestArrival, Principal | None], Awaitable[Principal | None]]
"""Judges a request before its body is read, as whom the stages before it take it for; says whom it is taken for from
here on. Raises `Unadmitted`."""


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Stage:
    """One middleware of the file."""

    call: Callable[[Resolve], Middleware] | None = None
    """Makes its link in the chain around each call of one generation."""
    arrive: Arrive | None = None
    """Its part before the body of a request is read."""
    on_unadmitted: Callable[[RequestArrival, Unadmitted], None] | None = None
    """Is told of each request that a stage after it has turned away."""
    on_session_end: Callable[[EndedSession], None] | None = None
    """Is told of each session that has ended; must not block."""
    knows: Callable[[Principal], bool] | None = None
    """Whether a principal that came in before could come in still."""
    stands: Callable[[Principal], bool] | None = None
    """Whether the very credential that a principal came in by lets it in still, as the same."""
    may_manage: Callable[[Principal, ManageRight], bool] | None = None
    """Whether a principal may use that part of the management API."""
    documents: Mapping[str, bytes] = MappingProxyType({})
    """Metadata that anybody may read, as JSON by path."""
    lifetime: Lifetime | None = None
    """What it holds: entered before its first call and left after its last one."""
