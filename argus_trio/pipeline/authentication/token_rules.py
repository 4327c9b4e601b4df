"""What makes a signed token good here: its signature, whose it is, when it holds. Sans I/O; takes `now`."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

import attrs
import jwt

from argus_trio import Value
from argus_trio.config.model.authentication import JwtMethod
from argus_trio.core.access.principal import Principal
from argus_trio.pipeline.authentication.jwt_keys import IssuerKeys
from argus_trio.pipeline.authentication.readers import is_name
from argus_trio.pipeline.authentication.refusals import CredentialWrong
from argus_trio.pipeline.authentication.token_form import NoToken, SignedToken, json_object

_JWS: Final = jwt.PyJWS()


class KeyUnknown(Exception):
    """No key of the issuer can have signed the token."""


@attrs.frozen(eq=False, repr=False, kw_only=True)
class VerifiedToken:
    """What a token says, once it is known to be its issuer's."""

    principal: Principal
    audiences: frozenset[str]
    expires: float
    """The `exp` that stands in it."""


@attrs.frozen(kw_only=True)
class TokenRules(Value):
    """The rules of one method of the file."""

    method: JwtMethod
    prefix: str
    """What the names of the issuer's principals begin with."""

    def verified(self, token: SignedToken, keys: IssuerKeys, now: float) -> VerifiedToken:
        """What the token says; `now` is Unix time. Whom it is for is not judged here.

        Raises:
            KeyUnknown: there is no key for it, so that the keys may be out of date.
            CredentialWrong: it is no token that lets in.
        """
        if token.algorithm not in self.method.algorithms:
            raise CredentialWrong("algorithm")
        claims = self._claims(token, keys)
        if claims.get("iss") != self.method.issuer:
            raise CredentialWrong("issuer")
        expires = self._expires(claims, now)
        return VerifiedToken(
            principal=Principal(
                name=self._name(claims),
                roles=frozenset(_words(_looked_up(claims, self.method.roles_claim))),
                scopes=frozenset((*_words(claims.get("scope")), *_words(claims.get("scp")))),
                method="jwt",
                expires=expires + self.method.leeway,
            ),
            audiences=_audiences(claims.get("aud")),
            expires=expires,
        )

    def _claims(self, token: SignedToken, keys: IssuerKeys) -> Mapping[str, object]:
        candidates = list(keys.candidates(token.key_id, token.algorithm))
        if not candidates:
            raise KeyUnknown
        for each in candidates:
            try:
                payload = _JWS.decode(token.raw, each.key.key, algorithms=[token.algorithm])
                return json_object(payload)
            except NoToken:
                raise CredentialWrong("malformed") from None
            except jwt.InvalidSignatureError:
                continue
            except (jwt.PyJWTError, ValueError, TypeError):
                raise CredentialWrong("malformed") from None
        if token.key_id is None:
            raise KeyUnknown  # its issuer has one key, and may have another one by now
        raise CredentialWrong("signature")

    def _expires(self, claims: Mapping[str, object], now: float) -> float:
        leeway = self.method.leeway
        expires = _date(claims, "exp")
        if expires is None:
            raise CredentialWrong("no_exp")
        if now >= expires + leeway:
            raise CredentialWrong("expired", "the token has expired")
        begins, issued = _date(claims, "nbf"), _date(claims, "iat")
        if begins is not None and now + leeway < begins:
            raise CredentialWrong("not_yet", "the token does not hold yet")
        if issued is not None and now + leeway < issued:
            raise CredentialWrong("issued_later", "the token does not hold yet")
        return expires

    def _name(self, claims: Mapping[str, object]) -> str:
        name = claims.get(self.method.principal_claim)
        if not isinstance(name, str) or not is_name(name):
            raise CredentialWrong("principal_claim", f"the token names nobody: {self.method.principal_claim}")
        return f"{self.prefix}/{name}"


def _date(claims: Mapping[str, object], name: str) -> float | None:
    """The NumericDate of a claim (RFC 7519, 2); None where it has none. Raises `CredentialWrong`."""
    value = claims.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise CredentialWrong(f"malformed_{name}")
    try:
        seconds = float(value)
    except OverflowError:  # an integer that no float holds
        seconds = math.inf
    if not math.isfinite(seconds):
        raise CredentialWrong(f"malformed_{name}")
    return seconds


def _audiences(claim: object) -> frozenset[str]:
    if isinstance(claim, str):
        return frozenset({claim})
    return frozenset(each for each in claim if isinstance(each, str)) if isinstance(claim, list) else frozenset()


def _words(claim: object) -> list[str]:
    """The words of a claim that is a list of texts, or one text with spaces between them."""
    if isinstance(claim, str):
        return claim.split()
    return [each for each in claim if isinstance(each, str)] if isinstance(claim, list) else []


def _looked_up(claims: Mapping[str, object], name: str) -> object:
    """The claim of that very name, else what its dots lead to: names of claims may be URLs."""
    if name in claims:
        return claims[name]
    found: object = claims
    for part in name.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found
