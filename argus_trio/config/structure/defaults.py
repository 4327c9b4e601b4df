"""Writes `defaults` out: each backend gets what it does not say itself, as if the file said it there.

What a backend says is told by the file's tree, not by its values: a key that says what is the default anyway is said.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TypeVar

import attrs

from argus_trio.config.model.backend import BackendSpec, StdioBackend
from argus_trio.config.model.config import Config
from argus_trio.config.model.container import Container
from argus_trio.config.model.defaults import SECTIONS
from argus_trio.config.model.operation import Bounds, Probing, Restart, Timeouts
from argus_trio.config.read.scalar import Tree
from argus_trio.config.structure.leaf import is_null

S = TypeVar("S", Timeouts, Restart, Probing, Bounds, Container)


def with_defaults(config: Config, root: dict[str, Tree]) -> Config:
    """The configuration that was made of the tree `root`, with its defaults in every backend."""
    backends = {
        name: _with_defaults(backend, config, _inner(_inner(root, "backends"), name))
        for name, backend in config.backends.items()
    }
    return attrs.evolve(config, backends=MappingProxyType(backends))


def _with_defaults(backend: BackendSpec, config: Config, said: dict[str, Tree]) -> BackendSpec:
    defaults = config.defaults
    changes: dict[str, object] = {
        section: _filled(getattr(backend, section), getattr(defaults, section), _inner(said, section))
        for section in SECTIONS
    }
    if not _says(said, "session"):
        changes["session"] = defaults.session
    if isinstance(backend, StdioBackend):
        container = _filled(backend.container, defaults.container, _inner(said, "container"))
        changes["container"] = attrs.evolve(container, isolation=container.isolation or config.isolation)
        changes["env_from"] = tuple(dict.fromkeys((*defaults.env_from, *backend.env_from)))
    return attrs.evolve(backend, **changes)  # type: ignore[arg-type]  # the fields have different types


def _filled(given: S, default: S, said: dict[str, Tree]) -> S:
    names = [field.name for field in attrs.fields(type(given)) if _says(said, field.name)]
    return attrs.evolve(default, **{name: getattr(given, name) for name in names})


def _inner(tree: dict[str, Tree], key: str) -> dict[str, Tree]:
    found = tree.get(key)
    return found if isinstance(found, dict) else {}


def _says(tree: dict[str, Tree], key: str) -> bool:
    return key in tree and not is_null(tree[key])
