"""What a command line asks for: packages and a program of theirs, an image, or something of the user's own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Literal

import attrs

from argus_trio import Value
from argus_trio.sandbox.plan.outcome import ShimKind


@attrs.frozen(kw_only=True)
class PackageRun(Value):
    """A program of packages that an index or a registry has."""

    kind: ShimKind
    packages: tuple[str, ...] = attrs.field(repr=False)
    """Requirements of pip, or specs of npm; the first one is what is run."""
    program: str | None
    """Its name; None for that of the first package, whatever it is called."""
    args: tuple[str, ...] = attrs.field(repr=False)
    """The program's own arguments: the last ones of the command line."""
    version: str | None = None
    """The version of the interpreter that is asked for, such as 3.12."""
    index_url: str | None = attrs.field(default=None, repr=False)
    extra_index_urls: tuple[str, ...] = attrs.field(default=(), repr=False)
    with_prereleases: bool = False
    notes: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class AskedMount(Value):
    """A mount that `docker run` was asked for."""

    source: Path
    target: str
    is_writable: bool
    selinux: Literal["shared", "private"] | None = None


@attrs.frozen(kw_only=True)
class ImageRun(Value):
    """An image that is run by an engine's own command line."""

    reference: str
    pull: Literal["missing", "always", "never"] = "missing"
    entrypoint: str | None = None
    args: tuple[str, ...] = attrs.field(default=(), repr=False)
    env: Mapping[str, str] = attrs.field(default=MappingProxyType({}), repr=False)
    env_names: tuple[str, ...] = ()
    """Variables of the gateway that are passed on."""
    env_files: tuple[Path, ...] = ()
    mounts: tuple[AskedMount, ...] = ()
    cwd: str | None = None
    network: Literal["none", "bridge"] | None = None
    user: str | None = None
    notes: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class OwnProgram(Value):
    """Nothing that an image can be made of by what the command line says."""

    why: str
    """One sentence, with the way out."""
    interpreter: ShimKind | None = None
    """What runs it where `container.packages` says what it needs."""
    program: str = ""
    args: tuple[str, ...] = attrs.field(default=(), repr=False)
    packages: tuple[str, ...] = ()
    """What is installed then besides."""


@attrs.frozen(kw_only=True)
class NotUnderstood(Value):
    """A command line with something that is refused: to run it otherwise would not be what was asked for."""

    why: str
    """One sentence, with what to write."""


CommandLine = PackageRun | ImageRun | OwnProgram | NotUnderstood

NEWEST = "the newest version is that of the day when the image was made: argus-trio build --update looks again"
"""What there is to say of a command line that asks for the newest version at each start."""
IN_IMAGE = "name an image that has it in container.image"
IN_PACKAGES = "list what it needs in container.packages and mount its folder with container.mounts"
