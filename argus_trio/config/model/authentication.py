"""How clients say who they are: the methods of `type: authentication`, and whom each credential stands for."""

from __future__ import annotations

from typing import Literal

import attrs

from argus_trio import Value
from argus_trio.config.model.about import about

JwtAlgorithm = Literal["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]
"""The signatures that a token may carry: asymmetric ones alone, for nobody but the issuer can make those."""


@attrs.frozen(kw_only=True)
class BearerToken(Value):
    """One token and whom it stands for."""

    token: str = attrs.field(
        repr=False, metadata=about("the token, or sha256: and the hexadecimal digest of it", is_secret=True)
    )
    principal: str = attrs.field(metadata=about("the name that its bearer goes by, without a slash"))
    roles: tuple[str, ...] = attrs.field(default=(), metadata=about("the roles that its bearer has"))


@attrs.frozen(kw_only=True)
class BearerMethod(Value):
    """Tokens of the file, in `Authorization: Bearer`."""

    type: Literal["bearer"] = attrs.field(default="bearer", metadata=about("tokens that stand in this file"))
    tokens: tuple[BearerToken, ...] = attrs.field(metadata=about("the tokens"))


@attrs.frozen(kw_only=True)
class ApiKey(Value):
    """One key and whom it stands for."""

    key: str = attrs.field(
        repr=False, metadata=about("the key, or sha256: and the hexadecimal digest of it", is_secret=True)
    )
    principal: str = attrs.field(metadata=about("the name that who sends it goes by, without a slash"))
    roles: tuple[str, ...] = attrs.field(default=(), metadata=about("the roles that who sends it has"))


@attrs.frozen(kw_only=True)
class ApiKeyMethod(Value):
    """Keys of the file, in a header field of their own."""

    type: Literal["api_key"] = attrs.field(default="api_key", metadata=about("keys in a header field of their own"))
    header: str = attrs.field(default="X-API-Key", metadata=about("the header field that holds the key"))
    keys: tuple[ApiKey, ...] = attrs.field(metadata=about("the keys"))


@attrs.frozen(kw_only=True)
class HeaderMethod(Value):
    """Header fields that a trusted proxy sets."""

    type: Literal["header"] = attrs.field(
        default="header", metadata=about("what a proxy of server.trusted_proxies says of its client")
    )
    header: str = attrs.field(metadata=about("the header field that holds the principal's name"))
    roles_header: str | None = attrs.field(
        default=None, metadata=about("the header field that holds the roles, separated by commas")
    )


@attrs.frozen(kw_only=True)
class JwtMethod(Value):
    """Tokens that an issuer has signed (RFC 9068, RFC 7519)."""

    type: Literal["jwt"] = attrs.field(default="jwt", metadata=about("tokens that an authorization server has signed"))
    issuer: str = attrs.field(metadata=about("the issuer, as it stands in the tokens; its keys are found by it"))
    audience: tuple[str, ...] = attrs.field(
        metadata=about(
            "what the tokens are for, such as the URL of this gateway's endpoint; of a list any will do", or_one=True
        )
    )
    jwks_uri: str | None = attrs.field(
        default=None, metadata=about("where the issuer's keys are, where its metadata do not say so")
    )
    algorithms: tuple[JwtAlgorithm, ...] = attrs.field(
        default=("RS256", "ES256", "PS256", "EdDSA"), metadata=about("the signatures that are accepted")
    )
    principal_claim: str = attrs.field(
        default="sub", metadata=about("the claim that names the principal, behind the host of the issuer")
    )
    roles_claim: str = attrs.field(
        default="roles", metadata=about("the claim that holds the roles; dots lead into objects")
    )
    leeway: float = attrs.field(
        default=30.0, metadata=about("seconds that two clocks may differ", minimum=0, maximum=300)
    )
    revalidate: float = attrs.field(
        default=60.0, metadata=about("seconds after which a token that was verified is verified again", minimum=1)
    )
    private_network: bool = attrs.field(
        default=False,
        metadata=about(
            "true lets the issuer, and where it says its keys are, be at a private address, or at plain http"
        ),
    )


AuthenticationMethod = BearerMethod | ApiKeyMethod | HeaderMethod | JwtMethod


@attrs.frozen(kw_only=True)
class AnonymousClients(Value):
    """What clients without credentials are."""

    roles: tuple[str, ...] = attrs.field(default=(), metadata=about("the roles of who brings no credentials"))
