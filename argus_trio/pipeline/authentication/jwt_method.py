"""Tokens that one issuer has signed: remembered, or verified with the issuer's keys, and then judged for whom they are.

`pipeline.build` loads this where a file has the method: PyJWT is not there for nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence

import attrs

from argus_trio.config.model.authentication import JwtMethod
from argus_trio.core.access.arrival import RequestArrival
from argus_trio.core.access.principal import Principal
from argus_trio.core.access.resource_url import MCP, endpoint_of
from argus_trio.pipeline.authentication.key_fetch import KeyPlace
from argus_trio.pipeline.authentication.key_source import FetchTasks, KeySource
from argus_trio.pipeline.authentication.readers import TokenJudges
from argus_trio.pipeline.authentication.refusals import CredentialWrong
from argus_trio.pipeline.authentication.token_form import SignedToken
from argus_trio.pipeline.authentication.token_rules import KeyUnknown, TokenRules, VerifiedToken
from argus_trio.pipeline.authentication.verified_tokens import VerifiedTokens
from argus_trio.pipeline.kept_state import KeptState
from argus_trio.pipeline.lifetime import Lifetime


@attrs.frozen(eq=False, repr=False, kw_only=True)
class JwtReader:
    """Judges the tokens of one issuer; a `TokenReader`."""

    issuer: str
    rules: TokenRules
    source: KeySource
    verified: VerifiedTokens
    tasks: FetchTasks
    base: str | None
    """The gateway's public URL, where there is one."""
    now: Callable[[], float] = time.time

    def remembered(self, digest: bytes, arrival: RequestArrival) -> Principal | None:
        """See `TokenReader`."""
        verified = self.verified.get(digest, self.now())
        return None if verified is None else self._let_in(verified, arrival)

    async def read(self, token: SignedToken, digest: bytes, arrival: RequestArrival) -> Principal:
        """See `TokenReader`."""
        verified = await self._verified(token)
        self.verified.put(digest, verified, self.now() + self.rules.method.revalidate)
        return self._let_in(verified, arrival)

    def _let_in(self, verified: VerifiedToken, arrival: RequestArrival) -> Principal:
        if verified.audiences.isdisjoint(self._audiences(arrival.path)):
            raise CredentialWrong("audience", "the token is for another audience")
        return verified.principal

    async def _verified(self, token: SignedToken) -> VerifiedToken:
        if token.algorithm not in self.rules.method.algorithms:
            raise CredentialWrong("algorithm")
        keys = await self.source.keys(self.tasks)
        try:
            return self.rules.verified(token, keys, self.now())
        except KeyUnknown:
            newer = await self.source.newer_keys(keys, token.key_id, self.tasks)
        try:
            if newer is not None:
                return self.rules.verified(token, newer, self.now())
        except KeyUnknown:
            pass
        raise CredentialWrong("unknown_key")

    def _audiences(self, path: str) -> Sequence[str]:
        """Whom a token may be for at that path: whom the file names, and the endpoint itself where it names `/mcp`."""
        audience = self.rules.method.audience
        if self.base is None or self.base + MCP not in audience or not (endpoint := endpoint_of(path)):
            return audience
        return (*audience, self.base + endpoint)


def jwt_judges(
    methods: Sequence[JwtMethod], prefixes: Mapping[str, str], base: str | None, kept: KeptState
) -> TokenJudges:
    """What judges the tokens of each method of a file, which was checked. Keys and verified tokens are kept."""
    tasks = FetchTasks()

    def reader(method: JwtMethod) -> JwtReader:
        rules = TokenRules(method=method, prefix=prefixes[method.issuer])
        place = KeyPlace(issuer=method.issuer, jwks_uri=method.jwks_uri, private_network=method.private_network)
        return JwtReader(
            issuer=method.issuer,
            rules=rules,
            source=kept.keep(KeySource, place, lambda: KeySource(issuer=method.issuer, fetch=place.fetch)),
            verified=kept.keep(VerifiedTokens, rules, VerifiedTokens),
            tasks=tasks,
            base=base,
        )

    return TokenJudges(readers=tuple(reader(method) for method in methods), lifetime=Lifetime(tasks.run()))
