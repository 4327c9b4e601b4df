"""The public keys of one issuer (RFC 7517), and which of them a token can have been signed with. No I/O."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping
from typing import Final

import attrs
import jwt

from argus_trio.pipeline.authentication.token_form import NoToken, json_object

MOST_KEYS: Final = 100
"""How many keys of an issuer are looked at; those with many tenants publish a dozen."""
_LEAST_RSA_BYTES: Final = 256
"""The smallest modulus that is taken: 2048 bits (RFC 7518, 3.3)."""
_MEMBERS: Final = {"RSA": ("n", "e"), "EC": ("crv", "x", "y"), "OKP": ("crv", "x")}
"""What of a key is public, by its type; symmetric keys are none that could be published."""
_CURVES: Final = {
    "P-256": frozenset({"ES256"}),
    "P-384": frozenset({"ES384"}),
    "P-521": frozenset({"ES512"}),
    "Ed25519": frozenset({"EdDSA"}),
    "Ed448": frozenset({"EdDSA"}),
}
_RSA: Final = frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"})


class KeysUnusable(ValueError):
    """What an issuer publishes is no key set, or has no key that could be used; the first argument says so."""


@attrs.frozen(eq=False, repr=False, kw_only=True)
class IssuerKey:
    """One key that signatures are verified with."""

    key_id: str | None
    algorithms: frozenset[str]
    """What it can have signed."""
    key: jwt.PyJWK


@attrs.frozen(eq=False, repr=False)
class IssuerKeys:
    """All keys of one issuer, as they were published."""

    keys: tuple[IssuerKey, ...]

    @classmethod
    def of(cls, text: bytes) -> IssuerKeys:
        """Those in a key set. What cannot be used is left out. Raises `KeysUnusable`."""
        try:
            entries = json_object(text).get("keys")
        except NoToken:
            raise KeysUnusable("it is no JSON object") from None
        if not isinstance(entries, list):
            raise KeysUnusable("it has no list of keys")
        keys = tuple(key for each in entries[:MOST_KEYS] if (key := _key(each)) is not None)
        if not keys:
            raise KeysUnusable("it has no key that signatures could be verified with")
        return cls(keys)

    @property
    def ids(self) -> frozenset[str | None]:
        """The ids of the keys; None for those without one."""
        return frozenset(key.key_id for key in self.keys)

    def candidates(self, key_id: str | None, algorithm: str) -> Iterator[IssuerKey]:
        """Those that a token can have been signed with. One that names no key is matched where there is one choice."""
        fitting = [key for key in self.keys if algorithm in key.algorithms]
        if key_id is not None:
            fitting = [key for key in fitting if key.key_id == key_id]
        elif len(fitting) != 1:
            fitting = []
        yield from fitting


def _key(entry: object) -> IssuerKey | None:
    if not isinstance(entry, dict) or entry.get("use", "sig") != "sig":
        return None
    operations, key_id = entry.get("key_ops"), entry.get("kid")
    if operations is not None and not (isinstance(operations, list) and "verify" in operations):
        return None
    algorithms = _algorithms(entry)
    members = _MEMBERS.get(str(entry.get("kty")), ())
    if not algorithms or not all(isinstance(entry.get(name), str) for name in members):
        return None
    public = {"kty": entry["kty"], **{name: entry[name] for name in members}}
    try:
        key = jwt.PyJWK(public, algorithm=min(algorithms))
    except (jwt.PyJWTError, ValueError, TypeError):
        return None
    return IssuerKey(key_id=key_id if isinstance(key_id, str) else None, algorithms=algorithms, key=key)


def _algorithms(entry: Mapping[str, object]) -> frozenset[str]:
    match entry.get("kty"):
        case "RSA":
            algorithms = _RSA if _length(entry.get("n")) >= _LEAST_RSA_BYTES else frozenset()
        case "EC" | "OKP":
            algorithms = _CURVES.get(str(entry.get("crv")), frozenset())
        case _:
            algorithms = frozenset()
    only = entry.get("alg")
    return algorithms if only is None else algorithms & {str(only)}


def _length(number: object) -> int:
    if not isinstance(number, str):
        return 0
    try:
        return len(base64.urlsafe_b64decode(number + "=" * (-len(number) % 4)).lstrip(b"\0"))
    except (binascii.Error, ValueError):
        return 0
