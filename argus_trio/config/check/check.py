"""Checks whether the values of a configuration make sense together: the server's side, names, prefixes. No I/O."""

from __future__ import annotations

import re
from collections.abc import Collection

from argus_trio.config.check.check_backend import check_backend, check_env_from
from argus_trio.config.check.loopback import exposure
from argus_trio.config.model.backend import Backend
from argus_trio.config.model.config import Config
from argus_trio.config.model.naming import BACKEND_NAME, NAME_PART, ConflictResolution
from argus_trio.config.model.server import Server
from argus_trio.config.read.findings import Findings
from argus_trio.config.read.key_path import KeyPath

_NAME = re.compile(BACKEND_NAME)
_PARTS = re.compile(f"{NAME_PART}*")
_ORIGIN = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^\s/?#@\\*]+")
_DEFAULT_PORT = re.compile(r"(?:http://.*:0*80|https://.*:0*443)", re.IGNORECASE)
_HOST_AND_PORT = re.compile(r"(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_.-]+):[0-9]{1,5}")
_HOST = re.compile(r"(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_.-]+)(?::[0-9]{1,5})?")

_SEPARATOR: KeyPath = ("conflict_resolution", "separator")
_STRATEGY: KeyPath = ("conflict_resolution", "strategy")


def check(config: Config, names: Collection[str], findings: Findings) -> None:
    """Report what does not make sense in `config`, as the file says it: paths as they are written, defaults apart.

    `names` are the backends of the file, also those that could not be read.
    """
    _check_server(config.server, findings)
    _check_exposure(config, findings)
    check_env_from(config.defaults.env_from, ("defaults",), findings)
    _check_resolution(config.conflict_resolution, names, findings)
    for name in names:
        _check_name(name, config.conflict_resolution.separator, findings)
    for backend in config.backends.values():
        _check_prefix(backend, config.conflict_resolution.separator, findings)
        check_backend(backend, findings)
    _check_same_prefix(config, findings)


def _check_exposure(config: Config, findings: Findings) -> None:
    is_known = not any(path[:1] == ("middleware",) for path in findings.faulty)  # what was cut out may be what asks
    if is_known and (problem := exposure(config)):
        findings.add(("server", "host"), problem.message, problem.hint, given=(("server", "allow_unauthenticated"),))


def _check_server(server: Server, findings: Findings) -> None:
    if _HOST_AND_PORT.fullmatch(server.host):
        findings.add(
            ("server", "host"), "expected a host name or an IP address alone", "the port goes into server.port"
        )
    elif not server.host or server.host != server.host.strip() or "[" in server.host:
        findings.add(("server", "host"), "expected a host name or an IP address", "for example 127.0.0.1 or ::1")
    for index, origin in enumerate(server.allowed_origins):
        if not _ORIGIN.fullmatch(origin):
            example = "https://app.example:8443"
            hint = (
                f"origins are exact, there is no wildcard: list each origin, such as {example}"
                if "*" in origin
                else f"for example {example}"
            )
            findings.add(("server", "allowed_origins", index), "expected scheme://host or scheme://host:port", hint)
        elif _DEFAULT_PORT.fullmatch(origin):
            message = "no browser sends an origin with the port that goes without saying"
            findings.warn(("server", "allowed_origins", index), message, f"write {origin.rpartition(':')[0]}")
    for index, host in enumerate(server.allowed_hosts):
        if not _HOST.fullmatch(host):
            hint = (
                "there is no wildcard: list each host"
                if "*" in host
                else "for example argus.example or argus.example:9000"
            )
            findings.add(("server", "allowed_hosts", index), "expected a host, with or without a port", hint)


def _check_resolution(resolution: ConflictResolution, names: Collection[str], findings: Findings) -> None:
    if not resolution.separator or not _PARTS.fullmatch(resolution.separator):
        findings.add(_SEPARATOR, "expected one or more of the characters A-Z a-z 0-9 _ . - /", "the default is __")
    for index, name in enumerate(resolution.order):
        key_path = ("conflict_resolution", "order", index)
        if name not in names:
            findings.add(key_path, "expected the name of a backend", f"there are: {', '.join(names)}" if names else "")
        elif name in resolution.order[:index]:
            findings.add(key_path, "the backend is in the order twice")


def _check_name(name: str, separator: str, findings: Findings) -> None:
    key_path: KeyPath = ("backends", name)
    if not _NAME.fullmatch(name):
        findings.note(
            key_path,
            "a backend's name has 1 to 32 of the characters A-Z a-z 0-9 _ . - and begins with a letter or a digit",
        )
    elif not is_separable(name, separator) and not findings.is_faulty(_SEPARATOR):
        findings.note(
            key_path, "the name holds the separator, or ends in a part of it", "rename it, or choose another separator"
        )


def is_separable(prefix: str, separator: str) -> bool:
    """Whether the first separator in `<prefix><separator><name>` is the one behind the prefix, whatever the name."""
    return (prefix + separator).find(separator) == len(prefix)


def _check_prefix(backend: Backend, separator: str, findings: Findings) -> None:
    key_path: KeyPath = ("backends", backend.name, "prefix")
    if not backend.prefix:
        return
    if not _PARTS.fullmatch(backend.prefix):
        findings.add(key_path, "expected characters out of A-Z a-z 0-9 _ . - /", '"" shows the names bare')
    elif not is_separable(backend.prefix, separator):
        message = "the prefix holds the separator, or ends in a part of it"
        findings.add(key_path, message, "the separator is put behind it: write the prefix without", given=(_SEPARATOR,))


def _check_same_prefix(config: Config, findings: Findings) -> None:
    """Report backends with the same prefix, which would not tell them apart; bare names may collide."""
    if config.conflict_resolution.strategy != "prefix":
        return
    seen: dict[str, str] = {}
    for name, backend in config.backends.items():
        prefix = name if backend.prefix is None else backend.prefix
        if not backend.enabled or not prefix:
            continue
        if (other := seen.setdefault(prefix, name)) != name:
            key_path: KeyPath = ("backends", name, "prefix")
            given: tuple[KeyPath, ...] = (_STRATEGY, ("backends", other, "prefix"), ("backends", name, "enabled"))
            findings.add(key_path, f"the backend {other} has the same prefix", given=given)
