"""Readers of credentials: those of the file, what a trusted proxy says, and what `Authorization` brings."""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, Protocol

import attrs

from argus_trio.config.model.authentication import ApiKey, BearerToken, HeaderMethod
from argus_trio.core.access.arrival import RequestArrival
from argus_trio.core.access.credential import bearer_token, credential_digest, written_digest
from argus_trio.core.access.principal import RESERVED_NAMES, Principal
from argus_trio.pipeline.authentication.refusals import CredentialWrong
from argus_trio.pipeline.authentication.token_form import NoToken, SignedToken, is_signed_form
from argus_trio.pipeline.lifetime import Lifetime

AUTHORIZATION: Final = b"authorization"
MOST_BYTES: Final = 16 * 1024
"""The longest credential that is looked at: some issuers put hundreds of groups into a token, and none of them more."""
MOST_NAME_CHARACTERS: Final = 256
"""The longest name of a principal: an e-mail address has 254 characters at most."""
_NOBODY: Final[tuple[bytes, Principal | None]] = (bytes(32), None)


class CredentialReader(Protocol):
    """Finds one kind of credential."""

    async def read(self, arrival: RequestArrival) -> Principal | None:
        """Whose credential it is; None where there is none of this kind.

        Raises:
            CredentialWrong: there is one, and it cannot be accepted.
            KeysUnavailable: there is one that cannot be judged now.
        """


class TokenReader(Protocol):
    """Judges tokens that one issuer has signed."""

    @property
    def issuer(self) -> str:
        """Whose tokens they are, as it stands in them."""

    def remembered(self, digest: bytes, arrival: RequestArrival) -> Principal | None:
        """Whose token it is, if it was verified a short while ago. Raises `CredentialWrong`."""

    async def read(self, token: SignedToken, digest: bytes, arrival: RequestArrival) -> Principal:
        """Whose token it is. Raises `CredentialWrong` and `KeysUnavailable`."""


@attrs.frozen(eq=False, repr=False, kw_only=True)
class TokenJudges:
    """All that judges signed tokens under one configuration."""

    readers: Sequence[TokenReader] = ()
    lifetime: Lifetime | None = None
    """What they live in."""


@attrs.frozen(eq=False, repr=False)
class StaticCredentials:
    """The credentials that stand in the file, by their digests."""

    _known: Mapping[bytes, tuple[bytes, Principal]] = attrs.field(repr=False)
    """Each digest again, and whom it stands for, by digest."""

    @classmethod
    def of(cls, entries: Iterable[BearerToken | ApiKey], method: str) -> StaticCredentials:
        """Those of one method of the file, which was checked."""
        known = {}
        for each in entries:
            digest = written_digest(each.token if isinstance(each, BearerToken) else each.key)
            principal = Principal(name=each.principal, roles=frozenset(each.roles), method=method, credential=digest)
            known[digest] = digest, principal
        return cls(known)

    def find(self, digest: bytes) -> Principal | None:
        """Whom the credential of that digest stands for.

        The look-up compares digests, whose beginning nobody can choose, so that its timing tells nothing of what is
        right; what is found is compared as a whole in constant time.
        """
        known, principal = self._known.get(digest, _NOBODY)
        return principal if hmac.compare_digest(known, digest) else None


@attrs.frozen(eq=False, repr=False, kw_only=True)
class AuthorizationReader:
    """Reads `Authorization: Bearer`, for the tokens of the file and those that issuers have signed alike.

    What a token looks like says to which of them it belongs; none is tried on another.
    """

    static: StaticCredentials
    issuers: Sequence[TokenReader] = ()

    async def read(self, arrival: RequestArrival) -> Principal | None:
        """See `CredentialReader`. Another scheme is no credential of this kind."""
        value = arrival.fields.get(AUTHORIZATION)
        if value is None:
            return None
        token = bearer_token(value)
        if token is None:
            return None
        if not token:
            raise CredentialWrong("empty", "the token is empty")
        if len(token) > MOST_BYTES:
            raise CredentialWrong("too_long")
        digest = credential_digest(token)
        principal = self.static.find(digest)
        if principal is not None:
            return principal
        for judge in self.issuers:
            if (principal := judge.remembered(digest, arrival)) is not None:
                return principal
        if not self.issuers or not is_signed_form(token):
            raise CredentialWrong("unknown_token")
        return await self._signed(token, digest, arrival)

    async def _signed(self, token: bytes, digest: bytes, arrival: RequestArrival) -> Principal:
        try:
            signed = SignedToken.of(token)
        except NoToken as reason:
            raise CredentialWrong(str(reason)) from None
        for reader in self.issuers:
            if reader.issuer == signed.issuer:
                return await reader.read(signed, digest, arrival)
        raise CredentialWrong("issuer")


@attrs.frozen(eq=False, repr=False, kw_only=True)
class ApiKeyReader:
    """Reads keys of the file in a header field of their own."""

    field: bytes
    """The field's name in lower case."""
    keys: StaticCredentials

    async def read(self, arrival: RequestArrival) -> Principal | None:
        """See `CredentialReader`."""
        value = arrival.fields.get(self.field)
        if value is None:
            return None
        key = value.strip()
        principal = self.keys.find(credential_digest(key)) if len(key) <= MOST_BYTES else None
        if principal is None:
            raise CredentialWrong("unknown_key")
        return principal


@attrs.frozen(eq=False, repr=False, kw_only=True)
class ProxyReader:
    """Reads what a trusted proxy says of its client. From anybody else the field is none."""

    method: HeaderMethod
    taken: frozenset[str]
    """The names that other credentials of the file stand for: nobody behind a proxy goes by them."""

    async def read(self, arrival: RequestArrival) -> Principal | None:
        """See `CredentialReader`."""
        value = arrival.fields.get(self.method.header.lower().encode()) if arrival.is_from_proxy else None
        if value is None:
            return None
        name = _text(value)
        # Two values come joined by a comma: a proxy that adds its own beside the client's would let clients choose.
        if not is_name(name) or "," in name or "/" in name or name in self.taken or name in RESERVED_NAMES:
            raise CredentialWrong("proxy_name", "the proxy names nobody that can be let in")
        roles = (
            b"" if self.method.roles_header is None else arrival.fields.get(self.method.roles_header.lower().encode())
        )
        each = (role.strip() for role in _text(roles or b"").split(","))
        return Principal(name=name, roles=frozenset(role for role in each if role), method="header")


def is_name(text: str) -> bool:
    """Whether a principal can go by it."""
    return 0 < len(text) <= MOST_NAME_CHARACTERS and text.isprintable() and text == text.strip()


def _text(value: bytes) -> str:
    try:
        return value.decode().strip()
    except UnicodeDecodeError:
        return ""
