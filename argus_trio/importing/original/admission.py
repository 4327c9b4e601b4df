"""Who came in to the original, and how that is said here: `incoming_auth` becomes `type: authentication`."""

from __future__ import annotations

from typing import Final, get_args
from urllib.parse import urlsplit

from argus_trio.config.model.authentication import JwtAlgorithm
from argus_trio.core.access.address_guard import is_address, is_loopback_host
from argus_trio.importing.original.file.source import OriginalSource
from argus_trio.importing.original.file.texts import OriginalTexts

ISSUER: Final = "ARGUS_JWT_ISSUER"
AUDIENCE: Final = "ARGUS_JWT_AUDIENCE"
"""The variables for what has to be said here and did not have to be there."""
TOKEN: Final = "ARGUS_INCOMING_TOKEN"  # noqa: S105  # the name of a variable
PRINCIPAL: Final = "local"
"""Whom the token of the file stands for."""
_SECTION: Final = "incoming_auth"
_ALGORITHMS: Final = ("RS256", "ES256")
_TYPES: Final = ("anonymous", "local", "jwt", "oidc")
_MODES: Final = ("strict", "permissive")


def authentication_of(source: OriginalSource, texts: OriginalTexts) -> dict[str, object] | None:
    """The middleware that asks who comes; None where the original asked nobody."""
    kind = source.text(_SECTION, "type") or "anonymous"
    mode = source.text(_SECTION, "auth_mode") or "strict"
    for key, value, known in (("type", kind, _TYPES), ("auth_mode", mode, _MODES)):
        if value not in known:
            source.fault((_SECTION, key), f"expected one of {', '.join(known)}")
    if kind == "anonymous":
        return None
    method = _local(source, texts) if kind == "local" else _issuer(source, texts, kind)
    spec: dict[str, object] = {"type": "authentication", "methods": [method]}
    if mode == "permissive":
        spec["anonymous"] = {"roles": []}
        what = "who brings no credentials comes in as before (anonymous); wrong credentials are refused here"
        source.note("changed", (_SECTION, "auth_mode"), what)
    return spec


def _local(source: OriginalSource, texts: OriginalTexts) -> dict[str, object]:
    token = source.text(_SECTION, "token")
    place = (_SECTION, "token")
    if not token:
        texts.book.needed[TOKEN] = "the token that clients send: the file names none"
        written = f"${{{TOKEN}}}"
    else:
        written = texts.secret(token, TOKEN, place)
    return {"type": "bearer", "tokens": [{"token": written, "principal": PRINCIPAL}]}


def _issuer(source: OriginalSource, texts: OriginalTexts, kind: str) -> dict[str, object]:
    said = {key: source.text(_SECTION, key) for key in ("issuer", "audience", "jwks_uri")}
    method: dict[str, object] = {"type": "jwt"}
    for key, variable in (("issuer", ISSUER), ("audience", AUDIENCE)):
        text = said[key]
        if text:
            method[key] = texts.plain(text, (_SECTION, key))
        else:
            method[key] = f"${{{variable}}}"
            texts.book.needed[variable] = f"the {key} that stands in your tokens: those of any came in there"
    if (keys := said["jwks_uri"]) and kind == "jwt":
        method["jwks_uri"] = texts.plain(keys, (_SECTION, "jwks_uri"))
    elif keys:
        what = "with oidc the issuer's metadata say where its keys are: jwks_uri is left out"
        source.note("left out", (_SECTION, "jwks_uri"), what)
    method["algorithms"] = _algorithms(source)
    is_keycloak = "/realms/" in (said["issuer"] or "") + (said["jwks_uri"] or "")
    method["roles_claim"] = "realm_access.roles" if is_keycloak else "roles"
    other = "roles" if is_keycloak else "realm_access.roles"
    what = f"roles are read from {method['roles_claim']} alone; the original read {other} as well: see roles_claim"
    source.note("changed", (_SECTION,), what)
    if any(_is_private(each) for each in (said["issuer"], said["jwks_uri"] if kind == "jwt" else None)):
        method["private_network"] = True
        source.note("changed", (_SECTION,), "the issuer is in a network of your own: private_network allows that")
    return method


def _algorithms(source: OriginalSource) -> list[str]:
    said = source.texts(_SECTION, "algorithms")
    known = [each for each in dict.fromkeys(said) if each in get_args(JwtAlgorithm)]
    if len(known) < len(set(said)):
        others = ", ".join(each for each in dict.fromkeys(said) if each not in known)
        what = f"{others}: signatures that who checks them could make as well, or none; they are not accepted here"
        source.note("left out", (_SECTION, "algorithms"), what)
    return known or list(_ALGORITHMS)


def _is_private(url: str | None) -> bool:
    try:
        parts = urlsplit(url or "")
        host = parts.hostname or ""
    except ValueError:
        return False
    if not host or "${" in (url or "") or is_loopback_host(host):
        return False
    return parts.scheme == "http" or is_address(host)
