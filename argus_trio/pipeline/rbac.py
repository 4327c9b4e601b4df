"""`type: rbac`: refuses the calls that roles do not allow, before anything is looked up for them.

What a role does not show is refused as what is not there: by the same error, as soon, whether there is something or
not. What a role shows can still ask for a scope of the token, or for other arguments, and says so.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import attrs

from argus_trio.config.model.authentication import JwtMethod
from argus_trio.config.model.config import Config
from argus_trio.config.model.middleware import AuthenticationSpec
from argus_trio.config.policy import policy_of, possible_owners
from argus_trio.core.access.access import ManageRight
from argus_trio.core.access.denials import ArgumentsRefused, InsufficientScope
from argus_trio.core.access.policy import Perspective, Policy
from argus_trio.core.access.principal import Principal
from argus_trio.core.access.resource_url import MCP, canonical_url, metadata_url
from argus_trio.core.access.target import Target, TargetKind
from argus_trio.core.call.aims import Aim, aim_of, arguments_of, calling, readings_of, unknown
from argus_trio.core.call.exchange import Call, Exchange, Handler
from argus_trio.core.catalog.names import PossibleOwners
from argus_trio.core.catalog.uris import led_elsewhere, resource_target
from argus_trio.errors import RpcError
from argus_trio.pipeline.stage import Resolve, Stage

ROUTED_BY_POLICY: Final[frozenset[TargetKind]] = frozenset(("resource", "method"))
"""The kinds of what several backends may be asked for: the router asks none that the policy does not show."""


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Rbac:
    """What one configuration allows whom, at work."""

    policy: Policy
    owners: PossibleOwners
    backends: tuple[str, ...]
    """Those that are enabled."""
    metadata_url: Callable[[str], str | None]
    """Where the metadata are of what is served at an endpoint; None where no authorization server is known."""

    @classmethod
    def of(cls, config: Config) -> Rbac:
        """That of a configuration that was checked."""
        return cls(
            policy=policy_of(config),
            owners=possible_owners(config),
            backends=tuple(name for name, backend in config.backends.items() if backend.enabled),
            metadata_url=_metadata(config),
        )

    def stage(self) -> Stage:
        """Its place in the pipeline."""
        return Stage(call=lambda resolve: RbacLink(self, resolve), may_manage=self.may_manage)

    def may_manage(self, principal: Principal, right: ManageRight) -> bool:
        """Whether a principal may use that part of the management API."""
        return self.policy.may_manage(principal.roles, right, principal.scopes)

    def require(self, call: Call, resolve: Resolve) -> None:
        """Refuse a call that is not allowed. Waits for nothing.

        Raises:
            RpcError: what it names is not there for this principal, as if it were not there at all.
            InsufficientScope: the token lacks scopes; every one that it lacks is named.
            ArgumentsRefused: it is allowed with other arguments.
        """
        aim = aim_of(call)
        if aim is None:
            self._require_readings(readings_of(call), resolve)
            return
        policy, principal = self.policy, call.principal
        perspective = policy.perspective(principal.roles, call.endpoint)
        targets = self._shown(perspective, self._targets(call, aim, perspective, resolve))
        if not targets or (aim.kind == "resource" and not self._stays(perspective, aim.name)):
            raise unknown(call, aim)
        decisions = [policy.decide(perspective, target) for target in targets]
        if principal.scopes is not None and policy.scopes:
            lacking = [scope for decision in decisions for scope in decision.missing(principal.scopes)]
            if lacking:
                raise InsufficientScope(tuple(dict.fromkeys(lacking)), metadata_url=self.metadata_url(call.endpoint))
        if not aim.is_reference and any(decision.grants for decision in decisions):
            arguments = arguments_of(call, aim)
            for decision in decisions:
                if failing := decision.failing(arguments):
                    raise ArgumentsRefused(tuple(condition.pointer for condition in failing))

    def _require_readings(self, readings: tuple[Call, ...], resolve: Resolve) -> None:
        """Refuse to listen to what cannot be read with this token, or under that URI. What is not there at all is not
        honoured, and no reason to tell nothing of the rest."""
        lacking: list[InsufficientScope] = []
        for each in readings:
            try:
                self.require(each, resolve)
            except InsufficientScope as error:
                lacking.append(error)
            except ArgumentsRefused:
                raise
            except RpcError:
                continue
        if lacking:
            scopes = tuple(dict.fromkeys(scope for each in lacking for scope in each.scopes))
            raise InsufficientScope(scopes, metadata_url=self.metadata_url(readings[0].endpoint))

    def _shown(self, perspective: Perspective, targets: tuple[Target, ...]) -> tuple[Target, ...]:
        """The targets if the call may go on: to any of the backends that may have a URI or a method: no other is asked
        then; where it is not known whose a name is, all that may have it have to be allowed."""
        shown = tuple(target for target in targets if self.policy.shows(perspective, target))
        return shown if len(shown) == len(targets) or targets[0].kind in ROUTED_BY_POLICY else ()

    def _stays(self, perspective: Perspective, uri: str) -> bool:
        """Whether it is allowed too wherever programs get to that read the URI otherwise than it is judged."""
        for elsewhere in led_elsewhere(uri):
            plain = _plain("resource", elsewhere)
            owners = self._owners(plain) if "resource" in self.policy.by_backend(perspective) else ()
            if not self._shown(perspective, owners or (plain,)):
                return False
        return True

    def _targets(self, call: Call, aim: Aim, perspective: Perspective, resolve: Resolve) -> tuple[Target, ...]:
        """What the call may lead to: one, unless that depends on what backends list and is not known yet."""
        plain = _plain(aim.kind, aim.name)
        if aim.kind not in self.policy.by_backend(perspective):
            return (plain,)
        targets = self._owners(plain)
        if len(targets) > 1 and aim.kind != "method":
            found = resolve(calling(call, aim))
            if found is not None and found.kind == aim.kind:
                target = attrs.evolve(plain, backend=found.backend, own=found.own)
                # That a URI is another backend's must not make a difference: those that may be asked are, as for any.
                if aim.kind != "resource" or self.policy.shows(perspective, target):
                    return (target,)
        return targets or (plain,)

    def _owners(self, plain: Target) -> tuple[Target, ...]:
        """The same of each backend that may have it, as far as the configuration says so."""
        owners = (
            self.owners.of(plain.kind, plain.shown)
            if plain.kind in ("tool", "prompt")
            else tuple((backend, plain.shown) for backend in self.backends)
        )
        return tuple(attrs.evolve(plain, backend=backend, own=own) for backend, own in owners)


def _plain(kind: TargetKind, name: str) -> Target:
    """What is named, whose ever it is; a URI in all its spellings."""
    return resource_target(name) if kind == "resource" else Target(kind=kind, shown=name)


@attrs.frozen(eq=False, repr=False)
class RbacLink:
    """Its link in the chain of one generation; a `Middleware`."""

    rbac: Rbac
    resolve: Resolve

    async def __call__(self, exchange: Exchange, call_next: Handler) -> bytes:
        """Pass on what is allowed. Raises as `Rbac.require`."""
        self.rbac.require(exchange.call, self.resolve)
        return await call_next(exchange)


def _metadata(config: Config) -> Callable[[str], str | None]:
    authenticating = (spec for spec in config.middleware if isinstance(spec, AuthenticationSpec))
    has_issuer = any(isinstance(method, JwtMethod) for spec in authenticating for method in spec.methods)
    public_url = config.server.public_url
    if public_url is None or not has_issuer:
        return lambda _: None
    endpoint_url = canonical_url(public_url) + MCP
    return lambda view: metadata_url(f"{endpoint_url}/{view}" if view else endpoint_url)
