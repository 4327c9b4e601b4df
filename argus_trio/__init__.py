"""Argus: one MCP endpoint in front of many MCP servers."""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from typing import ClassVar, Final, Literal, Protocol

__version__ = "0.1.0"


class Value:
    """What a frozen value derives from: it equals one of its type that has the same fields, and it shows its fields.
    Those that say `eq=False` or `repr=False` are left out.

    The methods are the same for all. attrs makes none that a class has of its own; to write and compile them for each
    class was a fifth of what a start does. A class that is compared often enough says `eq=True, unsafe_hash=True`, and
    gets those of attrs, which take half the time.
    """

    __slots__ = ()
    __attrs_attrs__: ClassVar[tuple[_FieldOfValue, ...]]

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        for name in ("__eq__", "__hash__", "__repr__"):
            if name not in cls.__dict__:
                setattr(cls, name, Value.__dict__[name])

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        compared = _COMPARED.get(type(self)) or _compared(type(self))
        return compared(self) == compared(other)

    def __hash__(self) -> int:
        compared = _COMPARED.get(type(self)) or _compared(type(self))
        return hash(compared(self))

    def __repr__(self) -> str:
        fields = ((each.name, each.repr, getattr(self, each.name)) for each in self.__attrs_attrs__ if each.repr)
        shown = ", ".join(f"{name}={repr(value) if how is True else how(value)}" for name, how, value in fields)
        return f"{type(self).__qualname__.rpartition('>.')[2]}({shown})"


class _FieldOfValue(Protocol):
    """A field, as attrs describes it."""

    name: str
    eq: bool
    repr: Literal[False, True] | Callable[[object], str]
    eq_key: Callable[[object], object] | None


def _compared(kind: type[Value]) -> Callable[[Value], object]:
    """What makes two values of one type the same, made for the first two that are compared."""
    if any(each.eq_key is not None for each in kind.__attrs_attrs__):
        raise TypeError(f"{kind.__name__} compares a field by a key: it needs the methods of attrs, by eq=True")
    _COMPARED[kind] = attrgetter("__class__", *(each.name for each in kind.__attrs_attrs__ if each.eq))
    return _COMPARED[kind]


_COMPARED: Final[dict[type[Value], Callable[[Value], object]]] = {}
