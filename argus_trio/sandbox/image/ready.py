"""An image that is there, and what its labels say: nothing about images is remembered anywhere else."""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import attrs
import msgspec

from argus_trio import Value
from argus_trio.sandbox.engine.facts import ImageFacts
from argus_trio.sandbox.plan.outcome import ShimKind

RECIPE_LABEL: Final = "argus-trio.recipe"
"""The digest of what an image was made of. What has it was made here; nothing else is ever removed."""
KIND_LABEL: Final = "argus-trio.kind"
VERSIONS_LABEL: Final = "argus-trio.versions"
BASE_LABEL: Final = "argus-trio.base"
PROGRAM_LABEL: Final = "argus-trio.program"
MAX_VERSIONS_BYTES: Final = 32 * 1024
"""The longest list of versions that a label gets: some thousand packages. A longer one is cut, the rest is there."""

_CONTAINER_LABELS: Final = ("argus-trio.instance", "argus-trio.backend")


@attrs.frozen(kw_only=True)
class ReadyImage(Value):
    """An image that containers can be created of."""

    facts: ImageFacts
    shim: ShimKind | None
    """What runs the shim in it; None where it has no interpreter."""

    @property
    def id(self) -> str:
        """Its id, which names exactly this one."""
        return self.facts.id

    @property
    def versions(self) -> Mapping[str, str]:
        """The packages in it, as far as it was made here."""
        return versions_of(self.facts.labels)


def versions_of(labels: Mapping[str, str]) -> Mapping[str, str]:
    """The packages that labels tell of, and their versions."""
    try:
        return msgspec.json.decode(labels.get(VERSIONS_LABEL, "{}"), type=dict[str, str])
    except msgspec.MsgspecError:
        return MappingProxyType({})


def changed(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[str, ...]:
    """What differs between two sets of versions, a line each."""
    lines = []
    for name in sorted({*before, *after}, key=str.lower):
        old, new = before.get(name), after.get(name)
        if old != new:
            lines.append(f"{name} {old or '(none)'} -> {new or '(none)'}")
    return tuple(lines)


def labels_of(*, digest: str, kind: ShimKind, base: str, program: str, versions: Mapping[str, str]) -> dict[str, str]:
    """The labels of an image that is made here.

    Those of the container that it is made of are taken back: a container that somebody else makes of the image must not
    look like one of ours, for it would be removed.
    """
    said: dict[str, str] = {}
    room = MAX_VERSIONS_BYTES
    for name in sorted(versions, key=str.lower):
        room -= len(json.dumps({name: versions[name]}))
        if room < 0:
            break
        said[name] = versions[name]
    return dict.fromkeys(_CONTAINER_LABELS, "") | {
        RECIPE_LABEL: digest,
        KIND_LABEL: kind,
        VERSIONS_LABEL: json.dumps(said),
        BASE_LABEL: base,
        PROGRAM_LABEL: program,
    }
