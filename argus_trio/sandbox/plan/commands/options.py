"""Options of a command line, read by a table of those that are known. What they mean is up to who reads on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import attrs

from argus_trio import Value


@attrs.frozen(kw_only=True)
class OptionTable(Value):
    """The options of a program."""

    values: frozenset[str]
    """Those that take a value, such as `--from` and `-p`."""
    flags: frozenset[str]


@attrs.frozen(kw_only=True)
class ReadOptions(Value):
    """The options before the first argument that is none, and what follows."""

    options: tuple[tuple[str, str], ...] = attrs.field(default=(), repr=False)
    """Names with their values, in order; the value of a flag is empty."""
    rest: tuple[str, ...] = attrs.field(default=(), repr=False)
    unknown: str | None = None
    """The first option that is not in the table: where it stands, reading has ended."""

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self.options)

    def all(self, *names: str) -> tuple[str, ...]:
        """The values of these options."""
        return tuple(value for name, value in self.options if name in names)

    def last(self, *names: str) -> str | None:
        """The value that counts where an option may be given once."""
        found = self.all(*names)
        return found[-1] if found else None

    def has(self, *names: str) -> bool:
        """Whether any of these options is given."""
        return any(name in names for name, _ in self.options)


def read_options(args: Iterable[str], table: OptionTable) -> ReadOptions:
    """Read options up to the first argument that is none, or `--`, which is left out."""
    left = list(args)
    options: list[tuple[str, str]] = []
    while left and left[0].startswith("-") and left[0] != "-":
        word = left.pop(0)
        if word == "--":
            break
        found = _long(word, left, table) if word.startswith("--") else _short(word, left, table)
        if isinstance(found, str):
            return ReadOptions(options=tuple(options), rest=tuple(left), unknown=found)
        options += found
    return ReadOptions(options=tuple(options), rest=tuple(left))


def _long(word: str, left: list[str], table: OptionTable) -> list[tuple[str, str]] | str:
    """The option with its value, or the name of one that is not known, or has none."""
    name, equals, value = word.partition("=")
    if name in table.flags:
        return [(name, value)]
    if name not in table.values or not (equals or left):
        return name
    return [(name, value if equals else left.pop(0))]


def _short(word: str, left: list[str], table: OptionTable) -> list[tuple[str, str]] | str:
    # -it are two flags; -p3.12, -p=3.12 and -p 3.12 are one option with a value.
    found: list[tuple[str, str]] = []
    for position, letter in enumerate(word[1:], start=1):
        name = f"-{letter}"
        if name in table.flags:
            found.append((name, ""))
            continue
        joined = word[position + 1 :]
        if name not in table.values or not (joined or left):
            return name
        return [*found, (name, joined.removeprefix("=") if joined else left.pop(0))]
    return found
