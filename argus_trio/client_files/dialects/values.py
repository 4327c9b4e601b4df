"""The values in an entry, read as they are meant, with a remark wherever that is not how they are written."""

from __future__ import annotations

import json
from pathlib import Path

import attrs

from argus_trio.client_files.dialects.variables import VariableScope
from argus_trio.client_files.jsonc import JsonNode
from argus_trio.client_files.server import LeftOut, WrittenText

LONGEST_SECONDS = 86400.0
"""The longest deadline that is taken over, one day: clients write huge numbers for `never`."""

_LONGEST_NAME = 100
"""How much of a name is shown in what is told of it."""


@attrs.define(eq=False, repr=False)
class EntryValues:
    """The members of one entry, and what was remarked about them."""

    node: JsonNode
    scope: VariableScope
    left_out: list[LeftOut] = attrs.field(factory=list)

    def remark(self, key: str, why: str) -> None:
        """Note what has no counterpart, or was read otherwise than it is written."""
        self.left_out.append(LeftOut(key=printable(key), why=why))

    def member(self, key: str) -> JsonNode | None:
        """A member; None if it is not there, or null."""
        found = self.node.member(key) if key else None
        return None if found is None or is_null(found) else found

    def written(self, node: JsonNode, key: str) -> WrittenText | None:
        """A text with its variables; None, and a remark, of what is none."""
        if node.items is not None or node.members is not None or node.scalar is None:
            self.remark(key, f"is {kind_of(node)}, where a text belongs: left out")
            return None
        if not isinstance(node.scalar, str):
            self.remark(key, f"is {kind_of(node)}: read as a text")
            return WrittenText((json.dumps(node.scalar),))
        if "\0" in node.scalar or any("\ud800" <= each <= "\udfff" for each in node.scalar):
            self.remark(key, "holds a character that no program can be given: left out")
            return None
        value, remarks = self.scope.read(node.scalar)
        for each in remarks:
            self.remark(key, each)
        return value

    def text(self, key: str) -> WrittenText:
        """A member that is a text; the empty one if it is not there."""
        node = self.member(key)
        return (None if node is None else self.written(node, key)) or WrittenText(())

    def texts(self, key: str, node: JsonNode | None = None) -> tuple[WrittenText, ...]:
        """A member that is a list of texts."""
        node = self.member(key) if node is None else node
        if node is None:
            return ()
        if node.items is None:
            self.remark(key, f"is {kind_of(node)}, where a list belongs: left out")
            return ()
        found = [self.written(each, f"{key}[{number}]") for number, each in enumerate(node.items)]
        return tuple(each for each in found if each is not None)

    def names(self, key: str) -> tuple[str, ...]:
        """A member that is a list of plain names."""
        return tuple(each.literal for each in self.texts(key) if each.literal)

    def mapping(self, key: str, node: JsonNode | None = None) -> dict[str, WrittenText]:
        """A member that maps names to texts."""
        node = self.member(key) if node is None else node
        if node is None:
            return {}
        if node.members is None:
            if node.items != ():
                self.remark(key, f"is {kind_of(node)}, where an object belongs: left out")
            return {}
        found: dict[str, WrittenText] = {}
        for each in node.members:
            if each.name in found:
                self.remark(f"{key}.{each.name}", "stands twice: the last counts")
            if (value := self.written(each.node, f"{key}.{each.name}")) is not None:
                found[each.name] = value
        return found

    def flag(self, key: str) -> bool | None:
        """A member that is true or false."""
        node = self.member(key)
        if node is None or isinstance(node.scalar, bool):
            return None if node is None else bool(node.scalar)
        if isinstance(node.scalar, str) and node.scalar.lower() in ("true", "false"):
            self.remark(key, f"is a text: read as {node.scalar.lower()}")
            return node.scalar.lower() == "true"
        self.remark(key, f"is {kind_of(node)}, where true or false belongs: left out")
        return None

    def seconds(self, key: str, unit: float) -> float | None:
        """A member that is a duration; with a dot in its key what stands below one."""
        outer, _, inner = key.partition(".")
        node = self.member(outer)
        if node is not None and node.members is not None and (inner or _is_divided(node)):
            node = node.member(inner) if inner else None
        elif inner:
            return None
        if node is None:
            return None
        if isinstance(node.scalar, bool) or not isinstance(node.scalar, (int, float)):
            self.remark(key, f"is {kind_of(node)}, where a number belongs: left out")
            return None
        if not node.scalar > 0:  # TOML has numbers that are none
            self.remark(key, "is no duration: the gateway's own deadline holds")
            return None
        if node.scalar > LONGEST_SECONDS / unit:
            self.remark(key, f"is longer than a day: {LONGEST_SECONDS:g} seconds are taken")
            return LONGEST_SECONDS
        return node.scalar * unit

    def path(self, value: WrittenText, key: str, *, relative: bool) -> WrittenText:
        """A path with its `~` and, if it may be relative, from the folder of the project that it is meant from."""
        first = value.parts[0] if value.parts else ""
        if not isinstance(first, str) or not first:
            return value
        if first == "~" or first.startswith("~/"):
            base, rest = self.scope.home, first[1:].lstrip("/")
        elif relative and not first.startswith("/"):
            base, rest = self.scope.project, first
        else:
            return value
        if base is None:
            self.remark(key, "is a relative path, and from where is not known: write it in full")
            return value
        return WrittenText((_below(base, rest), *value.parts[1:]))


def _below(base: Path, rest: str) -> str:
    """A path below a folder, with the slash at its end if a variable follows it."""
    joined = str(base / rest) if rest else str(base)
    return f"{joined}/" if rest.endswith("/") else joined


def printable(name: str) -> str:
    """A name out of a file as a terminal may show it."""
    shown = "".join(each if each.isprintable() else ascii(each)[1:-1] for each in name[:_LONGEST_NAME])
    return shown + ("…" if len(name) > _LONGEST_NAME else "")


def _is_divided(node: JsonNode) -> bool:
    """Whether a duration is one for starting and one for calls."""
    return any(each.name in ("startup", "request") for each in node.members or ())


def is_null(node: JsonNode) -> bool:
    """Whether a value is null."""
    return node.items is None and node.members is None and node.scalar is None


def kind_of(node: JsonNode) -> str:
    """What a value is, for people."""
    if node.members is not None:
        return "an object"
    if node.items is not None:
        return "a list"
    kinds: dict[type, str] = {str: "a text", bool: "true or false", type(None): "null"}
    return kinds.get(type(node.scalar), "a number")
