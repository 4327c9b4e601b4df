"""What comes of an import, before it is written: the tree of a configuration, the variables that it needs, notes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import attrs

from argus_trio import Value

ConfigTree = Mapping[str, object]
"""A configuration, or a part of one, as YAML has it: mappings, lists, texts, numbers, true, false, null."""

NoteKind = Literal["taken", "changed", "left out", "do"]
"""What a note is of; `do` is what the user has to do before it works."""


@attrs.frozen(kw_only=True)
class ImportNote(Value):
    """A line that the user is told."""

    kind: NoteKind
    where: str
    """Which file and entry it is about, as the user finds it: PATH:LINE NAME."""
    what: str
    is_refusal: bool = False
    """Whether something was asked for that did not come about."""


@attrs.frozen(kw_only=True)
class ImportedConfig(Value):
    """What comes of an import."""

    tree: ConfigTree
    """With its secrets as `${NAME}`."""
    variables: Mapping[str, str] = attrs.field(factory=dict, repr=False)
    """The secrets that were moved, by the variable that stands for each: what the env file holds."""
    notes: tuple[ImportNote, ...] = ()
    needed: Mapping[str, str] = attrs.field(factory=dict)
    """The variables that have no value yet, and what each is for."""
    origins: Mapping[str, str] = attrs.field(factory=dict)
    """Where each backend comes from, by its name: what stands above it as a comment."""
