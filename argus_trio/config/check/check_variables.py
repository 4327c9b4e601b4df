"""Names the variables that the original Argus read, and that are read here only where the file names them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from argus_trio.config.read.findings import Findings
from argus_trio.config.read.key_path import KeyPath

_BUILD: Final = (
    ("isolation",),
    "an image that is not there is made before its backend starts, or ahead of time by argus-trio build; unset it",
)
_NONE: Final = (("server",), "there is nothing like it here; unset it")
_RETRIES: Final = (("defaults", "restart"), "defaults.restart says how often a backend is tried again; unset it")
VARIABLES: Final[Mapping[str, tuple[KeyPath, str]]] = {
    "ARGUS_MGMT_TOKEN": (
        ("server", "management", "token"),
        'write server: {management: {token: "${ARGUS_MGMT_TOKEN}"}}; the command line takes its token from ARGUS_TOKEN',
    ),
    "ARGUS_ALLOWED_ORIGINS": (("server", "allowed_origins"), "write them as a list into server.allowed_origins"),
    "ARGUS_SECRET_KEY": (("server",), "secrets are ${VAR} or ${file:PATH} here; unset it"),
    "ARGUS_STARTUP_CONCURRENCY": (("server", "concurrent_starts"), "write server.concurrent_starts"),
    "ARGUS_STARTUP_STAGGER": _NONE,
    "ARGUS_STARTUP_STAGGER_DELAY": _NONE,
    "ARGUS_BACKEND_RETRIES": _RETRIES,
    "ARGUS_BACKEND_RETRY_DELAY": _RETRIES,
    "ARGUS_BACKEND_RETRY_BACKOFF": _RETRIES,
    "ARGUS_CONTAINER_ISOLATION": (
        ("isolation",),
        "write isolation: auto, required or off into the file, or container: {isolation: off} in a backend",
    ),
    "ARGUS_CONTAINER_BUILD_IF_MISSING": _BUILD,
    "ARGUS_BUILD_ON_STARTUP": _BUILD,
    "ARGUS_RUNTIME": (("isolation",), "write defaults: {container: {runtime: docker}}, or podman"),
    "ARGUS_VOLUME_ALLOWED_PREFIXES": (
        ("isolation",),
        "what is mounted stands in container.mounts of each backend, and is refused where it must not be; unset it",
    ),
    "ARGUS_DOCKER_ADAPTER": _NONE,
    "ARGUS_STDIO_WRAPPER": _NONE,
    "ARGUS_CACHE_DIR": _NONE,
    "ARGUS_STATE_DIR": _NONE,
}
"""Each with the key that it is about, and with what to do."""


def check_variables(environ: Mapping[str, str], named: Iterable[str], findings: Findings) -> None:
    """Warn of what is set in `environ` and read by nobody, for the file is not among those that `named` it."""
    there = set(named)
    for name, (path, hint) in VARIABLES.items():
        if environ.get(name) and name not in there:
            findings.warn(path, f"${name} is set and not read: no variable is that the file does not name", hint)
