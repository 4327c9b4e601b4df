"""The environment of a stdio backend: an allow-list of the gateway's own variables, and what the configuration adds.

Passed on where the gateway has them, and nothing else (the gateway's own environment may hold secrets):

- who and where: HOME, LOGNAME, PATH, SHELL, USER, and XDG_*
- language and time: LANG, LANGUAGE, LC_*, TZ, TZDIR
- scratch: TMPDIR, TMP, TEMP
- terminal: TERM, COLORTERM, NO_COLOR (what a server may look at before it colours its stderr)
- proxies, in both cases: HTTP_PROXY, HTTPS_PROXY, FTP_PROXY, ALL_PROXY, NO_PROXY
- certificate authorities: SSL_CERT_FILE, SSL_CERT_DIR, REQUESTS_CA_BUNDLE, CURL_CA_BUNDLE, GIT_SSL_CAINFO,
  NODE_EXTRA_CA_CERTS, NIX_SSL_CERT_FILE, PIP_CERT, AWS_CA_BUNDLE
- dynamic linker and Nix profiles, without which programs there do not start: NIX_LD, NIX_LD_LIBRARY_PATH, NIX_PROFILES
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from argus_trio.config.model.backend import StdioBackend

_PROXIES: Final = frozenset({"HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "ALL_PROXY", "NO_PROXY"})
ALLOWED: Final = (
    frozenset({"HOME", "LOGNAME", "PATH", "SHELL", "USER"})
    | {"LANG", "LANGUAGE", "TZ", "TZDIR"}
    | {"TMPDIR", "TMP", "TEMP"}
    | {"TERM", "COLORTERM", "NO_COLOR"}
    | _PROXIES
    | {name.lower() for name in _PROXIES}
    | {"SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "GIT_SSL_CAINFO"}
    | {"NODE_EXTRA_CA_CERTS", "NIX_SSL_CERT_FILE", "PIP_CERT", "AWS_CA_BUNDLE"}
    | {"NIX_LD", "NIX_LD_LIBRARY_PATH", "NIX_PROFILES"}
)
"""Names that pass as they are."""
ALLOWED_PREFIXES: Final = ("LC_", "XDG_")
"""Beginnings of names that pass."""


def backend_environment(spec: StdioBackend, environ: Mapping[str, str]) -> dict[str, str]:
    """The whole environment for `spec`'s process, out of the gateway's own `environ`.

    The allow-list first, then the variables that `env_from` names (unset ones stay so), then `env`; the last wins.
    """
    environment = {name: value for name, value in environ.items() if _is_allowed(name, value)}
    environment.update({name: environ[name] for name in spec.env_from if name in environ})
    environment.update(spec.env)
    return environment


def _is_allowed(name: str, value: str) -> bool:
    # A value that opens so is a shell function that bash exported: code, which nobody asked to pass on.
    return (name in ALLOWED or name.startswith(ALLOWED_PREFIXES)) and not value.startswith("()")
