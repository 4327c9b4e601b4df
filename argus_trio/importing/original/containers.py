"""How a backend of the original was isolated, and how that is said here.

What has no counterpart is in `file/keys`; what does not fit the checks of a configuration is left out by `accept`.
"""

from __future__ import annotations

from typing import Final

from argus_trio.config.read.key_path import KeyPath
from argus_trio.importing.original.file.source import OriginalSource
from argus_trio.importing.original.file.texts import OriginalTexts

_ENGINES: Final = ("docker", "podman")
_NETWORKS: Final = ("none", "bridge")
_RELABELED: Final = {"z": "shared", "Z": "private"}


def container_of(source: OriginalSource, texts: OriginalTexts, backend: str) -> dict[str, object]:
    """The `container` of a backend."""
    place: KeyPath = ("backends", backend, "container")
    source.names(*place)
    container: dict[str, object] = {}
    if not source.flag(*place, "enabled", default=True):
        container["enabled"] = False
    for there, here in (("memory", "memory"), ("cpus", "cpus"), ("dockerfile", "dockerfile")):
        if (text := source.text(*place, there)) is not None:
            container[here] = texts.plain(text, (*place, there))
    if (image := source.text(*place, "builder_image")) is not None:
        if "dockerfile" in container:
            source.note("left out", (*place, "builder_image"), "dockerfile says already what it runs in")
        else:
            container["base_image"] = texts.plain(image, (*place, "builder_image"))
    _runtime(source, place, container)
    _network(source, place, container)
    mounts = [
        mount for index, each in enumerate(_volumes(source, place)) for mount in _mount(source, place, index, each)
    ]
    if mounts:
        container["mounts"] = [mount | {"source": texts.plain(mount["source"], place)} for mount in mounts]
    return container


def _volumes(source: OriginalSource, place: KeyPath) -> list[str]:
    return source.texts(*place, "volumes")


def _runtime(source: OriginalSource, place: KeyPath, container: dict[str, object]) -> None:
    runtime = source.text(*place, "runtime")
    if runtime in _ENGINES:
        container["runtime"] = runtime
    elif runtime is not None and runtime != "auto":
        what = f"there are no engines but Docker and Podman: {runtime} is left out, and the one that answers is taken"
        source.note("left out", (*place, "runtime"), what)


def _network(source: OriginalSource, place: KeyPath, container: dict[str, object]) -> None:
    network = source.text(*place, "network")
    if network in _NETWORKS:
        container["network"] = network
    elif network == "host":
        what = "no container gets the network of this machine: write host_services: [localhost:PORT] for what it needs"
        source.note("do", (*place, "network"), what)
    elif network is not None:
        what = f"networks of the engine have no names here: {network} is left out, and it reaches public addresses"
        source.note("left out", (*place, "network"), f"{what}; write host_services: [NAME:PORT] for what it needs")


def _mount(source: OriginalSource, place: KeyPath, index: int, volume: str) -> list[dict[str, str]]:
    """The mount that a volume is, or none."""
    at = (*place, "volumes", index)
    outside, colon, rest = volume.partition(":")
    inside, _, written = rest.partition(":")
    if not outside.startswith(("/", "./", "../", "~/", "${")) and outside not in (".", ".."):
        what = f"volumes have no names here: {outside or volume!r} is left out; home: kept keeps files over restarts"
        source.note("left out", at, what)
        return []
    if not colon or not inside:
        source.note("left out", at, "a volume of nothing but its own is left out; home: kept keeps files over restarts")
        return []
    options = [each for each in written.split(",") if each]
    mount = {"source": outside, "target": inside, "mode": "ro" if "ro" in options else "rw"}
    for option, word in _RELABELED.items():
        if option in options:
            mount["selinux"] = word
    if others := [each for each in options if each not in ("ro", "rw", *_RELABELED)]:
        source.note("left out", at, f"there are no options {', '.join(others)} of mounts here")
    return [mount]
