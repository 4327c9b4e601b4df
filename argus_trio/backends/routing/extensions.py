"""Methods that the protocol does not know: an extension's, or a backend's own.

They pass where exactly one backend can be meant: the only one that is ready and declares the extension, the only one
there is, or the one that params lead to by a `name`, a `uri` or a `taskId`.
"""

from __future__ import annotations

from typing import Final

from argus_trio.backends.listings.listing import passes
from argus_trio.backends.routing.directory import Directory
from argus_trio.backends.routing.era_translation import call_in_backend_era
from argus_trio.backends.routing.resources import is_hidden, is_shown, owners_of
from argus_trio.backends.routing.tasks import Tasks
from argus_trio.backends.scope.lease import Lease
from argus_trio.backends.scope.scope import Scope
from argus_trio.core.access.target import Target, TargetKind
from argus_trio.core.call.exchange import Call, Exchange
from argus_trio.core.call.unknown_targets import unknown_method
from argus_trio.core.catalog.catalog import Route
from argus_trio.wire.envelope import Params, encode_raw
from argus_trio.wire.members import object_member, string_member

_OF_THE_PROTOCOL: Final = frozenset(
    {
        "initialize",
        "ping",
        "server/discover",
        "logging/setLevel",
        "resources/subscribe",
        "resources/unsubscribe",
        "subscriptions/listen",
        "sampling/createMessage",
        "elicitation/create",
        "roots/list",
    }
)
"""Methods that the protocol defines in some revision: where the gateway does not serve one, it is unknown."""

_NAMED: Final[tuple[TargetKind, ...]] = ("tool", "prompt")
"""What a `name` in the params of a method may be of."""

_DECLARED_IN: Final = ("extensions", "experimental")
"""The capabilities that have the names of extensions as members."""


async def call_extension(directory: Directory, tasks: Tasks, exchange: Exchange) -> bytes:
    """Perform a method that the gateway does not serve itself; the raw JSON of the result.

    Raises:
        MethodUnknown: it is the protocol's, or no one backend can be meant.
        RpcError: as `Tasks.call`.
    """
    call = exchange.call
    unknown = unknown_method(call)
    if call.method in _OF_THE_PROTOCOL or call.method.startswith("notifications/"):
        raise unknown
    pointers = await _pointers(directory, tasks, call)
    scopes = directory.generation.scopes
    scope = _meant(scopes, call.method) or _pointed_at(scopes, pointers)
    if scope is None or _is_hidden(scope, call.params, pointers) or _is_not_shown(directory, call, scope, pointers):
        raise unknown
    params = call.params
    for member, route in pointers.items():
        if route.backend == scope.spec.name:
            params = {**params, member: encode_raw(route.key)}
    with Lease(scope.leases, directory.generation, exchange.record):
        await scope.shared.wait_settled()
        if scope.shared.runs_tasks:
            return await tasks.call(scope, exchange, params)
        return await call_in_backend_era(scope, exchange, params)


async def _pointers(directory: Directory, tasks: Tasks, call: Call) -> dict[str, Route]:
    """The routes that members of the params lead to, by member: of `name`, `uri` and `taskId` those that are known."""
    catalog = await directory.catalog(call, settled=True)
    found: dict[str, Route] = {}
    name, uri, task_id = (string_member(call.params, member) for member in ("name", "uri", "taskId"))
    if name is not None:
        routes = [route for kind in ("tools", "prompts") if (route := catalog.named[kind].get(name)) is not None]
        if len({(route.backend, route.key) for route in routes}) == 1:
            found["name"] = routes[0]
    if uri is not None and (owners := await owners_of(directory, call, uri)) and not owners[0].is_guess:
        found["uri"] = Route(backend=owners[0].scope.spec.name, key=owners[0].key)
    if task_id is not None and (task := tasks.known(call, task_id, directory.generation)) is not None:
        found["taskId"] = Route(backend=task.backend, key=task.key)
    return found


def _meant(scopes: dict[str, Scope], method: str) -> Scope | None:
    """The backend that the method alone leads to, if it does."""
    if len(scopes) == 1:
        return next(iter(scopes.values()))
    declaring = [scope for scope in scopes.values() if scope.state.is_up and _declares(scope, method)]
    return declaring[0] if len(declaring) == 1 else None


def _pointed_at(scopes: dict[str, Scope], pointers: dict[str, Route]) -> Scope | None:
    backends = {route.backend for route in pointers.values()}
    return scopes[backends.pop()] if len(backends) == 1 else None


def _declares(scope: Scope, method: str) -> bool:
    """Whether the backend declares an extension whose name, or the last part of it, the method begins with."""
    if scope.shared.handshake is None:
        return False
    for where in _DECLARED_IN:
        names = object_member(scope.shared.handshake.capabilities, where) or {}
        if any(method.startswith((f"{name}/", f"{name.rpartition('/')[2]}/")) for name in names):
            return True
    return False


def _is_hidden(scope: Scope, params: Params, pointers: dict[str, Route]) -> bool:
    """Whether a param could lead to what a filter hides: what is not listed is not reached otherwise either."""
    filters = scope.spec.filters
    name, uri = string_member(params, "name"), string_member(params, "uri")
    if (
        name is not None
        and "name" not in pointers
        and not (passes(filters.tools, name) and passes(filters.prompts, name))
    ):
        return True
    is_known = "uri" in pointers and pointers["uri"].backend == scope.spec.name
    return uri is not None and not is_known and is_hidden(scope, uri)


def _is_not_shown(directory: Directory, call: Call, scope: Scope, pointers: dict[str, Route]) -> bool:
    """Whether the method, or what a param could lead to, is not there for the client."""
    generation, backend = directory.generation, scope.spec.name
    if generation.is_open and not call.endpoint:
        return False
    if not generation.shows(Target(kind="method", shown=call.method, backend=backend, own=call.method), call):
        return True
    name, uri = string_member(call.params, "name"), string_member(call.params, "uri")
    known = {member for member, route in pointers.items() if route.backend == backend}
    if name is not None and "name" not in known:
        targets = [Target(kind=kind, shown=name, backend=backend, own=name) for kind in _NAMED]
        if not all(generation.shows(target, call) for target in targets):
            return True
    return uri is not None and "uri" not in known and not is_shown(generation, call, scope, uri)
