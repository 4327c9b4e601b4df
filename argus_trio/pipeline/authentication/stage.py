"""The stage of `type: authentication`: the readers in the order of the file, and what becomes of who is not let in."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import inf
from types import MappingProxyType
from typing import Final

import attrs
import structlog
import trio

from argus_trio.config.model.authentication import ApiKeyMethod, BearerMethod, HeaderMethod, JwtMethod
from argus_trio.config.model.config import Config
from argus_trio.config.model.middleware import AuthenticationSpec, RbacSpec
from argus_trio.core.access.arrival import RequestArrival
from argus_trio.core.access.credential import written_digest
from argus_trio.core.access.lock_out import FIRST_HOLD_SECONDS, LockOut
from argus_trio.core.access.principal import ANONYMOUS, OPERATOR_METHOD, Principal
from argus_trio.core.access.resource_url import canonical_url, principal_prefixes
from argus_trio.core.call.payer import network_of
from argus_trio.core.journal import Journal
from argus_trio.pipeline.authentication.documents import metadata_documents
from argus_trio.pipeline.authentication.readers import (
    AUTHORIZATION,
    ApiKeyReader,
    AuthorizationReader,
    CredentialReader,
    ProxyReader,
    StaticCredentials,
    TokenJudges,
    TokenReader,
)
from argus_trio.pipeline.authentication.refusals import Challenges, CredentialWrong, KeysUnavailable
from argus_trio.pipeline.factory import FactoryContext
from argus_trio.pipeline.kept_state import KeptState
from argus_trio.pipeline.stage import Stage

log = structlog.get_logger()

MOST_HELD: Final = 256
"""How many refusals are held back at once; beyond that they are answered without delay, for each is a connection."""
REPORT_SECONDS: Final = 60.0
"""The shortest time between two lines of the log about credentials that are wrong in the same way."""

_SHOWN: Final = 200
"""As much of a path as the log shows, in characters."""

MakeJudges = Callable[[Sequence[JwtMethod], Mapping[str, str], str | None, KeptState], TokenJudges]
"""Makes what judges signed tokens, of the methods of the file, the beginnings of principals' names by issuer, and the
public URL."""


def no_judges(_: Sequence[JwtMethod], __: Mapping[str, str], ___: str | None, ____: KeptState) -> TokenJudges:
    """What judges signed tokens where no issuer is configured: nothing."""
    return TokenJudges()


@attrs.define(eq=False, repr=False, kw_only=True)
class Authentication:
    """Says who asks; an `Arrive`."""

    readers: Sequence[CredentialReader]
    anonymous: Principal | None
    """Who brings no credentials; None where nobody comes in without."""
    challenges: Challenges
    lock_out: LockOut
    journal: Journal
    _held: int = attrs.field(default=0, init=False)
    _wrong: dict[str, int] = attrs.field(factory=dict, init=False)
    """How many credentials were wrong in that way since the log was told; there are few ways."""
    _told_at: dict[str, float] = attrs.field(factory=dict, init=False)

    async def __call__(self, arrival: RequestArrival, _: Principal | None) -> Principal:
        """Who asks. Raises `Unadmitted`."""
        try:
            for reader in self.readers:
                principal = await reader.read(arrival)
                if principal is not None:
                    return principal
        except CredentialWrong as wrong:
            self._tell(wrong.reason, arrival)
            await self._hold(arrival)
            raise self.challenges.wrong(arrival.path, wrong.told) from None
        except KeysUnavailable as unavailable:
            raise self.challenges.unknown_yet(unavailable.retry_after) from None
        # What nobody here reads is a credential all the same: who brings one does not want to be nobody.
        if self.anonymous is None or AUTHORIZATION in arrival.fields:
            raise self.challenges.missing(arrival.path)
        return self.anonymous

    async def _hold(self, arrival: RequestArrival) -> None:
        network = network_of(arrival.address)
        seconds = self.lock_out.note(network, trio.current_time())
        if seconds == FIRST_HOLD_SECONDS:
            said = f"{network or 'a client'} brings wrong credentials again and again: its refusals are held back"
            self.journal.note("locked_out", said, severity="warning", details={"address": network})
        if seconds and self._held < MOST_HELD:
            self._held += 1
            try:
                await trio.sleep(seconds)
            finally:
                self._held -= 1

    def _tell(self, reason: str, arrival: RequestArrival) -> None:
        now = trio.current_time()
        self._wrong[reason] = self._wrong.get(reason, 0) + 1
        if now - self._told_at.get(reason, -inf) >= REPORT_SECONDS:
            count, path = self._wrong.pop(reason), arrival.path[:_SHOWN]
            log.warning("credentials_refused", reason=reason, count=count, address=arrival.address, path=path)
            self._told_at[reason] = now
            details = {"reason": reason, "count": count, "address": arrival.address, "path": path}
            said = f"{count} credentials were refused: {reason}"
            self.journal.note("credentials_refused", said, severity="warning", details=details)


@attrs.frozen(eq=False, repr=False, kw_only=True)
class KnownPrincipals:
    """Whom one configuration lets in, by name: what belongs to others ends at a reload."""

    static: frozenset[str]
    prefixes: tuple[str, ...]
    """What the names of issuers' principals begin with."""
    has_proxy: bool
    anonymous: Principal | None
    credentials: Mapping[tuple[str, bytes], tuple[str, frozenset[str]]] = attrs.field(repr=False)
    """Whom each credential of the file stands for, with its roles; by the type of its method and its digest."""

    def __call__(self, principal: Principal) -> bool:
        """Whether it could come in."""
        name = principal.name
        if name == ANONYMOUS.name:
            return self.anonymous is not None
        if principal.method == OPERATOR_METHOD:
            return True  # which is asked of the management API, where it comes in
        if principal.method == "jwt":
            return any(name.startswith(f"{prefix}/") for prefix in self.prefixes)
        if principal.method == "header":  # a name of the file is not for whom a proxy names
            return self.has_proxy and name not in self.static
        return name in self.static

    def stands(self, principal: Principal) -> bool:
        """Whether the very credential that it came in by lets it in still, and as nothing less or more."""
        if principal.name == ANONYMOUS.name:
            return self.anonymous is not None and self.anonymous.roles == principal.roles
        if principal.credential:
            found = self.credentials.get((principal.method, principal.credential))
            return found == (principal.name, principal.roles)
        return self(principal)


def authentication_stage(
    spec: AuthenticationSpec, context: FactoryContext, *, make_judges: MakeJudges = no_judges
) -> Stage:
    """The stage of a configuration that was checked."""
    config, kept = context.config, context.kept
    jwt_methods = [method for method in spec.methods if isinstance(method, JwtMethod)]
    prefixes = principal_prefixes(method.issuer for method in jwt_methods)
    public_url = config.server.public_url
    base = canonical_url(public_url) if public_url is not None and jwt_methods else None
    judges = make_judges(jwt_methods, prefixes, base, kept)
    credentials = _credentials(spec)
    static = frozenset(name for name, _ in credentials.values())
    anonymous = None if spec.anonymous is None else attrs.evolve(ANONYMOUS, roles=frozenset(spec.anonymous.roles))
    knows = KnownPrincipals(
        static=static,
        prefixes=tuple(prefixes.values()),
        has_proxy=any(isinstance(method, HeaderMethod) for method in spec.methods),
        anonymous=anonymous,
        credentials=credentials,
    )
    return Stage(
        arrive=Authentication(
            readers=_readers(spec, judges.readers, static),
            anonymous=anonymous,
            challenges=Challenges(base=base, views=frozenset(config.views), forms=_forms(spec)),
            lock_out=kept.keep(LockOut, "authentication", LockOut),
            journal=context.journal,
        ),
        knows=knows,
        stands=knows.stands,
        documents=MappingProxyType({})
        if base is None
        else metadata_documents(base, issuers=prefixes, scopes=_scopes(config), views=config.views),
        lifetime=judges.lifetime,
    )


def _forms(spec: AuthenticationSpec) -> tuple[str, ...]:
    """The credentials that clients themselves can bring, each kind once; a proxy's word is none of them."""
    named = (
        f"{method.header}: KEY" if isinstance(method, ApiKeyMethod) else "Authorization: Bearer TOKEN"
        for method in spec.methods
        if not isinstance(method, HeaderMethod)
    )
    return tuple(dict.fromkeys(named))


def _readers(spec: AuthenticationSpec, judges: Sequence[TokenReader], static: frozenset[str]) -> list[CredentialReader]:
    """The readers in the order of the file; that of `Authorization` stands where the first method of its kind does."""
    readers: list[CredentialReader] = []
    has_authorization = False
    for method in spec.methods:
        match method:
            case ApiKeyMethod():
                keys = StaticCredentials.of(method.keys, "api_key")
                readers.append(ApiKeyReader(field=method.header.lower().encode(), keys=keys))
            case HeaderMethod():
                readers.append(ProxyReader(method=method, taken=static))
            case BearerMethod() | JwtMethod():
                if not has_authorization:
                    bearers = [each for each in spec.methods if isinstance(each, BearerMethod)]
                    tokens = StaticCredentials.of((token for each in bearers for token in each.tokens), "bearer")
                    readers.append(AuthorizationReader(static=tokens, issuers=judges))
                has_authorization = True
    return readers


def _credentials(spec: AuthenticationSpec) -> dict[tuple[str, bytes], tuple[str, frozenset[str]]]:
    """See `KnownPrincipals.credentials`."""
    found: dict[tuple[str, bytes], tuple[str, frozenset[str]]] = {}
    for method in spec.methods:
        if isinstance(method, BearerMethod):
            for token in method.tokens:
                found["bearer", written_digest(token.token)] = token.principal, frozenset(token.roles)
        elif isinstance(method, ApiKeyMethod):
            for key in method.keys:
                found["api_key", written_digest(key.key)] = key.principal, frozenset(key.roles)
    return found


def _scopes(config: Config) -> list[str]:
    specs = [spec for spec in config.middleware if isinstance(spec, RbacSpec)]
    return [scope for spec in specs for scopes in spec.scopes.values() for scope in scopes]
