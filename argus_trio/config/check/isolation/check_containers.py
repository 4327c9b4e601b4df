"""Checks each `container`, that of `defaults` too: its values, and its keys together. No I/O."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from argus_trio.config.check.isolation.written_host import flaw_of
from argus_trio.config.model.backend import StdioBackend
from argus_trio.config.model.config import Config
from argus_trio.config.model.container import Container, MountSpec
from argus_trio.config.read.findings import Findings
from argus_trio.config.read.key_path import KeyPath

RUN_FOLDER: Final = "/run/argus"
"""Where a container has its sockets."""
_OWN: Final = frozenset({"/", "/run", "/proc", "/sys", "/dev", "/etc", "/etc/resolv.conf", "/etc/hosts", "/tmp"})  # noqa: S108
_OWN_BELOW: Final = (RUN_FOLDER, "/proc", "/sys", "/dev")
"""What of a container is its own, and what all is that stands below."""
_SOCKETS: Final = frozenset({"docker.sock", "podman.sock", "containerd.sock", "crio.sock"})
_REFERENCE: Final = re.compile(r"[A-Za-z0-9][\w.:/@+-]*")
_SUCH_AS: Final = {
    "index_url": "such as https://pypi.org/simple",
    "npm_registry": "such as https://registry.npmjs.org/",
}
_ADDRESS: Final = re.compile(r"https?://[^\s/?#]+\S*", re.IGNORECASE)
_DEFAULTS: Final[KeyPath] = ("defaults", "container")


def check_containers(written: Config, config: Config, findings: Findings) -> None:
    """Report what does not make sense in `written`, which has no defaults in it, and in `config`, which has."""
    _check_values(written.defaults.container, _DEFAULTS, findings)
    _check_together(written.defaults.container, written.defaults.container, _DEFAULTS, findings)
    for name, backend in written.backends.items():
        whole = config.backends[name]
        if isinstance(backend, StdioBackend) and isinstance(whole, StdioBackend):
            place: KeyPath = ("backends", name, "container")
            _check_values(backend.container, place, findings)
            _check_switch(backend.container, whole.container, place, findings)
            _check_together(backend.container, whole.container, place, findings)


def _check_switch(said: Container, whole: Container, place: KeyPath, findings: Findings) -> None:
    """`enabled: false` is the same as `isolation: off`: beside another word one of them is not meant."""
    if not whole.enabled and said.isolation in ("auto", "required"):
        where = "" if not said.enabled else "; it comes from defaults: write enabled: true here"
        message = f"enabled is false, which is the same as isolation: off, and not {said.isolation}"
        findings.add((*place, "isolation"), message, f"leave one of them out{where}")
    elif whole.strict and whole.setting == "off" and said.strict:
        message = "nothing is contained that could be strict: isolation is off for this backend"
        findings.warn((*place, "strict"), message, "leave strict out, or write isolation: required")


def _check_together(said: Container, whole: Container, place: KeyPath, findings: Findings) -> None:
    """Report what is `said` and contradicts the `whole`: what only comes from defaults means the other backends."""
    if whole.image is not None and whole.dockerfile is not None and (said.image or said.dockerfile):
        key, other = ("dockerfile", "image") if said.dockerfile else ("image", "dockerfile")
        findings.add((*place, key), f"{other} says already what it runs in", f"leave {key} or {other} out")
    elif whole.image is not None or whole.dockerfile is not None:
        _check_installed(said, "image" if whole.image is not None else "dockerfile", place, findings)
    if whole.network is not None:
        _check_network(said, whole, place, findings)


def _check_installed(said: Container, taken: str, place: KeyPath, findings: Findings) -> None:
    if said.packages:
        hint = "write base_image for what something is installed into" if taken == "image" else "install them there"
        findings.add((*place, "packages"), f"nothing is installed into what {taken} says: it runs as it is", hint)
    if said.base_image is not None:
        message = f"nothing is built on it: {taken} says what it runs in"
        findings.add((*place, "base_image"), message, f"leave base_image or {taken} out")


def _check_network(said: Container, whole: Container, place: KeyPath, findings: Findings) -> None:
    mode = None if whole.network is None else whole.network.mode
    services = ((*place, "host_services"), (*place, "network"))
    if said.host_services and mode == "none":
        hint = "write network: {allow: []}: then these are all that it may reach"
        findings.add(services[0], "with network: none it reaches nothing, and none of these", hint, given=services)
    elif said.host_services and mode == "bridge":
        hint = "leave network out for public addresses and these, or write {allow: []} for these alone"
        message = "nothing is opened in the engine's own network, which is not filtered"
        findings.add(services[0], message, hint, given=services)
    elif said.network is not None and mode == "allow" and not (said.network.allow or whole.host_services):
        findings.add(services[1], "nothing is allowed", "write none, or {allow: [HOST:PORT]}", given=services)


def _check_values(container: Container, place: KeyPath, findings: Findings) -> None:
    _check_references(container, place, findings)
    for index, package in enumerate(container.packages):
        _check_package(package, (*place, "packages", index), findings)
    for key in _SUCH_AS:
        address = getattr(container, key)
        if address is not None and not _ADDRESS.fullmatch(address):
            findings.add((*place, key), "expected an http:// or https:// address", _SUCH_AS[key])
    if container.network is not None:
        _check_hosts(container.network.allow, (*place, "network", "allow"), findings, is_service=False)
    _check_hosts(container.host_services, (*place, "host_services"), findings, is_service=True)
    targets: set[str] = set()
    for index, mount in enumerate(container.mounts):
        _check_mount(mount, (*place, "mounts", index), findings, targets)


def _check_references(container: Container, place: KeyPath, findings: Findings) -> None:
    for key in ("image", "base_image"):
        reference = getattr(container, key)
        if reference is None or (_REFERENCE.fullmatch(reference) and "://" not in reference):
            continue
        _, separator, rest = reference.partition("://")
        is_mended = separator and _REFERENCE.fullmatch(rest) and "@" not in rest.partition("/")[0]
        hint = f"write {rest}" if is_mended else "such as ghcr.io/acme/server:1.2"
        findings.add((*place, key), "expected a reference of an image", hint)


def _check_package(package: str, place: KeyPath, findings: Findings) -> None:
    if not package.strip() or "\0" in package:
        findings.add(place, "expected a package", "such as mcp-server-time==2025.9.25")
    elif package.startswith("-"):
        hint = "name packages alone; index_url and npm_registry say where they come from"
        findings.add(place, "an option of the installer is no package", hint)


def _check_hosts(entries: Iterable[str], place: KeyPath, findings: Findings, *, is_service: bool) -> None:
    for index, entry in enumerate(entries):
        if (flaw := flaw_of(entry, is_service=is_service)) is not None:
            findings.add(_entry(place, index, findings), flaw.message, flaw.hint)


def _entry(place: KeyPath, index: int, findings: Findings) -> KeyPath:
    """The place of an entry; of one that stands alone, without a list, that of its key."""
    return (*place, index) if (*place, index) in findings.lines or place not in findings.lines else place


def _check_mount(mount: MountSpec, place: KeyPath, findings: Findings, targets: set[str]) -> None:
    if mount.source.name in _SOCKETS:
        findings.add(
            (*place, "source"),
            "the socket of a container engine is all power over this machine: no container gets it",
            "for a backend that needs it write container: {isolation: off}",
        )
    target = mount.target
    if target is None:
        return
    plain = target.rstrip("/") or "/"
    if not target.startswith("/") or ".." in target.split("/") or "\0" in target:
        hint = f"write /{plain.lstrip('./')}" if ".." not in target and plain.lstrip("./") else "such as /data"
        findings.add((*place, "target"), "expected an absolute path", hint)
    elif plain in _OWN or any(plain == each or plain.startswith(f"{each}/") for each in _OWN_BELOW):
        findings.add((*place, "target"), "this is the container's own", "choose another one, such as /data")
    elif plain in targets:
        findings.add((*place, "target"), "it is mounted there twice", "leave one of them out")
    targets.add(plain)
