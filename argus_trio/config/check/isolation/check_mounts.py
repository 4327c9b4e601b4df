"""Checks whether the files and folders that containers get are there. Those of disabled backends need not be."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from argus_trio.config.model.backend import StdioBackend
from argus_trio.config.model.config import Config
from argus_trio.config.model.container import Container
from argus_trio.config.read.findings import Findings
from argus_trio.config.read.key_path import KeyPath

_RELATIVE: Final = "relative paths start at the folder of the configuration file"
_DEFAULTS: Final[KeyPath] = ("defaults", "container")


def check_mounts(written: Config, config: Config, findings: Findings) -> None:
    """Report what is missing of the backends of `config`, where `written`, which has no defaults in it, says it.

    A source that is not there is a warning: it may come, and the other backends are served meanwhile.
    """
    told: set[KeyPath] = set()
    for name, backend in config.backends.items():
        said = written.backends[name]
        if not isinstance(backend, StdioBackend) or not isinstance(said, StdioBackend) or not backend.enabled:
            continue
        container = backend.container
        if container.setting == "off":
            continue
        for key in ("dockerfile", "ca_bundle"):
            path = getattr(container, key)
            if path is not None and not _is_file(path):
                findings.add(_place(key, name, said.container), "there is no such file", _hint(path))
        for index, mount in enumerate(container.mounts):
            place = (*_place("mounts", name, said.container), index, "source")
            if not os.path.lexists(mount.source) and place not in told:
                told.add(place)
                findings.warn(place, "there is no such file or folder", f"create it before it starts; {_RELATIVE}")


def _place(key: str, backend: str, said: Container) -> KeyPath:
    """Where a key stands that a backend has: in itself, or in `defaults`."""
    return ("backends", backend, "container", key) if getattr(said, key) else (*_DEFAULTS, key)


def _hint(path: Path) -> str:
    return "name the file itself, not its folder" if os.path.isdir(path) else _RELATIVE  # noqa: PTH112  # never raises


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a name that is too long, a folder that may not be entered
        return False
