"""Where packages come from: bases, indexes, registries and whom to trust, by the file, the backend and this machine."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import attrs

from argus_trio import Value
from argus_trio.config.model.backend import StdioBackend
from argus_trio.sandbox.plan.commands import node, python
from argus_trio.sandbox.plan.commands.asked import PackageRun
from argus_trio.sandbox.plan.drafting.names import package_name
from argus_trio.sandbox.plan.machine import Machine
from argus_trio.sandbox.plan.mounting.mounts import check_file, may_change
from argus_trio.sandbox.plan.outcome import InstalledImage, ShimKind
from argus_trio.sandbox.plan.refusal import PlanRefused

BASES: Final[Mapping[ShimKind, tuple[str, str]]] = {"python": ("python", "3.13"), "node": ("node", "22")}
_SLIM: Final = "-slim"
RUNS_GIT: Final[frozenset[tuple[ShimKind, str]]] = frozenset({("python", "mcp-server-git")})
"""Packages that many use, and that need `git` when they run."""
_INDEX: Final = ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "PIP_INDEX_URL")
_EXTRA: Final = ("UV_INDEX", "UV_EXTRA_INDEX_URL", "PIP_EXTRA_INDEX_URL")
_REGISTRY: Final = ("npm_config_registry", "NPM_CONFIG_REGISTRY")
_WHOLE: Final = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "PIP_CERT", "CURL_CA_BUNDLE")
_OF_NODE: Final = ("NODE_EXTRA_CA_CERTS", "npm_config_cafile", "NPM_CONFIG_CAFILE")
_BUNDLES: Final[Mapping[ShimKind | None, tuple[tuple[tuple[str, ...], bool], ...]]] = {
    "python": ((_WHOLE, False),),
    "node": ((_OF_NODE, True), (_WHOLE, False)),
    None: ((_WHOLE, False), (_OF_NODE, True)),
}
"""The variables that name a bundle, in order, and whether it holds only what Node is to trust besides."""


@attrs.frozen(kw_only=True)
class Trusted(Value):
    """A CA bundle of this machine."""

    path: Path
    is_extra: bool = False
    """Whether it holds only what is trusted besides what programs know."""


def installed_image(spec: StdioBackend, run: PackageRun, machine: Machine, trusted: Trusted | None) -> InstalledImage:
    """The image of these packages, and of those that the file adds.

    Raises:
        PlanRefused: one of those is none.
    """
    container = spec.container
    is_python = run.kind == "python"
    packages = tuple(dict.fromkeys((*run.packages, *_added(container.packages, run.kind))))
    known = {**machine.environ, **spec.env}
    return InstalledImage(
        base=container.base_image or _base(run.kind, run.version, packages),
        kind=run.kind,
        packages=packages,
        ca_bundle=None if trusted is None else trusted.path,
        index_url=(container.index_url or run.index_url or _first(known, _INDEX)) if is_python else None,
        extra_index_urls=(run.extra_index_urls or _extra(known)) if is_python else (),
        npm_registry=None if is_python else (container.npm_registry or run.index_url or _first(known, _REGISTRY)),
        links_program=not is_python and run.program is None,
        with_prereleases=run.with_prereleases,
    )


def trusted_bundle(spec: StdioBackend, machine: Machine, kind: ShimKind | None) -> Trusted | None:
    """Whom a backend and what installs it trust besides, or instead of, what programs know by themselves.

    Raises:
        PlanRefused: the file names a bundle that is not there.
    """
    said, writable = spec.container.ca_bundle, may_change(spec, machine)
    if said is not None:
        seen = machine.look(machine.absolute(said))
        if seen is None or seen.kind != "file":
            raise PlanRefused(f"container.ca_bundle: {said} is no file: correct it, or leave it out")
        check_file(machine.absolute(said), machine, writable, "container.ca_bundle")
        return Trusted(path=seen.real)
    known = {**machine.environ, **spec.env}
    for names, is_extra in _BUNDLES[kind]:
        for name in names:
            if (value := known.get(name)) and value.startswith("/"):
                seen = machine.look(Path(value))
                if seen is not None and seen.kind == "file":
                    check_file(Path(value), machine, writable, name)
                    return Trusted(path=seen.real, is_extra=is_extra)
    return None


def _base(kind: ShimKind, version: str | None, packages: tuple[str, ...]) -> str:
    # The slim images have no git: some packages come by it, and some run it.
    by_git = python.needs_git if kind == "python" else node.needs_git
    needs_git = any(by_git(each) or (kind, package_name(kind, each)) in RUNS_GIT for each in packages)
    name, usual = BASES[kind]
    return f"{name}:{version or usual}" + ("" if needs_git else _SLIM)


def _added(packages: tuple[str, ...], kind: ShimKind) -> tuple[str, ...]:
    found: list[str] = []
    for text in packages:
        read = python.requirement(text) if kind == "python" else (text if node.is_package(text) else None)
        if read is None:
            what = "pip" if kind == "python" else "npm"
            raise PlanRefused(
                f"container.packages: {_plain(text)} is nothing that {what} gets from an index or an https URL: write "
                "a name, with a version if one is meant"
            )
        found.append(read)
    return tuple(found)


def _first(known: Mapping[str, str], names: tuple[str, ...]) -> str | None:
    return next((value for name in names if (value := known.get(name))), None)


def _extra(known: Mapping[str, str]) -> tuple[str, ...]:
    texts = [each for name in _EXTRA for each in known.get(name, "").split()]
    return tuple(dict.fromkeys(python.index_address(each) for each in texts))


def _plain(text: str) -> str:
    head, separator, rest = text.partition("://")
    return f"{head}://{rest.rpartition('@')[2]}" if separator else text
