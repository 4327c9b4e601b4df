"""Argus: one MCP endpoint in front of many MCP servers."""

from __future__ import annotations

from typing import ClassVar, Protocol

__version__ = "0.1.0"


class Value:
    """What a frozen value derives from: it shows its fields, but those that say `repr=False`.

    One method does so for all. attrs makes none for a class that has its own; one made for each class was a tenth of what
    a start does.
    """

    __slots__ = ()
    __attrs_attrs__: ClassVar[tuple[_FieldOfValue, ...]]

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if "__repr__" not in cls.__dict__:
            type.__setattr__(cls, "__repr__", Value.__repr__)

    def __repr__(self) -> str:
        shown = ", ".join(f"{each.name}={getattr(self, each.name)!r}" for each in self.__attrs_attrs__ if each.repr)
        return f"{type(self).__qualname__.rpartition('>.')[2]}({shown})"


class _FieldOfValue(Protocol):
    """A field, as attrs describes it."""

    name: str
    repr: bool
