"""The variables of the gateway that a stdio backend inherits: an allow-list, and what its `env_from` names.

Passed on where the gateway has them, and nothing else (the gateway's own environment may hold secrets):

- who and where: HOME, LOGNAME, PATH, SHELL, USER, and XDG_*
- language and time: LANG, LANGUAGE, LC_*, TZ, TZDIR
- scratch: TMPDIR, TMP, TEMP
- terminal: TERM, COLORTERM, NO_COLOR (what a server may look at before it colours its stderr)
- proxies, in both cases: HTTP_PROXY, HTTPS_PROXY, FTP_PROXY, ALL_PROXY, NO_PROXY
- certificate authorities: SSL_CERT_FILE, SSL_CERT_DIR, REQUESTS_CA_BUNDLE, CURL_CA_BUNDLE, GIT_SSL_CAINFO,
  NODE_EXTRA_CA_CERTS, NIX_SSL_CERT_FILE, PIP_CERT, AWS_CA_BUNDLE
- dynamic linker and Nix profiles, without which programs there do not start: NIX_LD, NIX_LD_LIBRARY_PATH, NIX_PROFILES

The process of a backend is started by this, and `check` names by it what is left behind.
"""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import Final

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

TOOLS: Final = (
    "npm_config_*",
    "NPM_CONFIG_*",
    "UV_*",
    "PIP_*",
    "NODE_EXTRA_CA_CERTS",
    "KUBECONFIG",
    "DOCKER_HOST",
    "SSH_AUTH_SOCK",
    "XDG_*",
    "PLAYWRIGHT_BROWSERS_PATH",
)
"""The variables, as globs, by which the tools that servers are started with find registries, caches and sockets."""


def is_inherited(name: str, value: str, env_from: Iterable[str]) -> bool:
    """Whether a backend with this `env_from` gets the gateway's variable `name`, which has this value."""
    if name in env_from:
        return True
    # A value that opens so is a shell function that bash exported: code, which nobody asked to pass on.
    is_function = value.startswith("()")
    return not is_function and (_is_allowed(name) or any(fnmatchcase(name, glob) for glob in env_from))


def is_for_tools(name: str) -> bool:
    """Whether it is one of the variables of `TOOLS`."""
    return any(fnmatchcase(name, glob) for glob in TOOLS)


def _is_allowed(name: str) -> bool:
    return name in ALLOWED or name.startswith(ALLOWED_PREFIXES)
