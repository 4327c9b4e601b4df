"""What packages are called, by what asks for them."""

from __future__ import annotations

import re
from typing import Final

from argus_trio.sandbox.plan.outcome import ShimKind

_DISTRIBUTION: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def package_name(kind: ShimKind, package: str) -> str:
    """The name of a package, without its version."""
    return named(kind, package)[0]


def named(kind: ShimKind, package: str) -> tuple[str, bool]:
    """The name of what is installed, and whether no version of it is asked for."""
    if kind == "node":
        name, _, version = package[1:].partition("@")
        return package[:1] + name, version in ("", "latest")
    found = _DISTRIBUTION.match(package)
    name = found[0] if found is not None else package
    return re.sub(r"[-_.]+", "-", name).lower(), name == package.strip()
