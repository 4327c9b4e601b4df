"""What is written in another shape than it is kept: `network` as a word, and mounts as other programs write them."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from typing import Final

import attrs

from argus_trio.config.model.container import NetworkMode, NetworkSpec
from argus_trio.config.read.scalar import Scalar, Tree, as_bool, described
from argus_trio.config.structure.leaf import Unfit

Hook = Callable[[Tree, object], object]

WORDS: Final[Mapping[str, NetworkMode]] = {"public": "public", "none": "none", "bridge": "bridge"}
"""The words that `network` may be."""
_EXPECTED: Final = "expected public, none, bridge or a mapping with allow"
_OTHER_WORDS: Final[Mapping[str, str]] = {
    "host": "no container gets the network of this machine; name a service of it: host_services: [localhost:PORT]",
    "internal": "write none, or name what it may reach: {allow: [HOST:PORT]}",
    "default": "write bridge for the engine's own network, or leave it out",
    "nat": "write bridge for the engine's own network, or leave it out",
    "slirp4netns": "write bridge for the engine's own network, or leave it out",
    "pasta": "write bridge for the engine's own network, or leave it out",
    "private": "write none; a private service is opened by its name: host_services: [NAME:PORT]",
    "off": "write none",
    "false": "write none",
    "true": "write public, or leave it out",
    "all": "write public: any public address; a private service is opened by its name: host_services: [NAME:PORT]",
    "any": "write public: any public address; a private service is opened by its name: host_services: [NAME:PORT]",
    "allow": "write {allow: [HOST:PORT]}",
}
_ALLOW: Final = "write {allow: [HOST:PORT]}"
_RELABELED: Final = {"z": "shared", "Z": "private"}


def network_hook(fill: Hook) -> Hook:
    """Reads `network`: a word, or a mapping that `fill` reads."""

    def structured(tree: Tree, kind: object) -> object:
        if isinstance(tree, dict):
            filled = fill(tree, kind)
            return attrs.evolve(filled, mode="allow") if isinstance(filled, NetworkSpec) else filled
        if isinstance(tree, list):
            raise Unfit(f"{_EXPECTED}, found a list", _ALLOW)
        if mode := WORDS.get(tree.text):
            return NetworkSpec(mode=mode)
        if tree.is_spliced or tree.is_null:
            raise Unfit(f"{_EXPECTED}, found {described(tree)}")
        raise Unfit(f"{_EXPECTED}, found {tree.text[:40]!r}", _meant(tree.text))

    return structured


def container_hook(fill: Hook) -> Hook:
    """Reads `container`, a mapping that `fill` reads; says how a word that stands in its place is written."""

    def structured(tree: Tree, kind: object) -> object:
        if not isinstance(tree, Scalar) or tree.is_null:
            return fill(tree, kind)
        image = not tree.is_spliced and as_bool(tree) is None and any(each in tree.text for each in "/:")
        hint = f"write {{image: {tree.text}}}" if image else "write {isolation: off} to have none, or leave it out"
        raise Unfit(f"expected a mapping, found {described(tree)}", hint)

    return structured


def mount_hook(fill: Hook) -> Hook:
    """Reads a mount, a mapping that `fill` reads; says how SOURCE:TARGET:MODE is written here."""

    def structured(tree: Tree, kind: object) -> object:
        if isinstance(tree, Scalar) and not tree.is_null:
            hint = "write {source: PATH, target: PATH, mode: ro}" if tree.is_spliced else _as_mapping(tree.text)
            raise Unfit(f"expected a mapping, found {described(tree)}", hint)
        return fill(tree, kind)

    return structured


def _meant(text: str) -> str:
    if text.lower() in _OTHER_WORDS:
        return _OTHER_WORDS[text.lower()]
    if ":" in text or "." in text:
        return _ALLOW
    near = difflib.get_close_matches(text.lower(), WORDS, n=1)
    return f"did you mean {near[0]!r}?" if near else "networks of the engine's have no names here: write bridge"


def _as_mapping(text: str) -> str:
    """How a volume of other programs is written here; theirs can be written to where they do not say `ro`."""
    source, _, rest = text.partition(":")
    target, _, written = rest.partition(":")
    if not source.startswith(("/", ".", "~")):
        return "volumes have no names here: home: kept keeps files, and {source: FOLDER, mode: rw} mounts a folder"
    options = written.split(",")
    parts = [f"source: {source}"]
    parts += [f"target: {target}"] if target and target != source else []
    parts += ["mode: rw"] if rest and "ro" not in options else []
    parts += [f"selinux: {word}" for option, word in _RELABELED.items() if option in options]
    return f"write {{{', '.join(parts)}}}"
