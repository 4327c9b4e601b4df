"""Indented lines of which parts can be folded: which line stands below which, and what is seen of them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache

import attrs

from argus_trio import Value

LinePath = tuple[str, ...]
"""Where a line is: the names that it stands below, and its own; a number where several neighbours have one name."""


@attrs.frozen(kw_only=True)
class FoldedLine(Value):
    """One line, and where it stands."""

    text: str
    path: LinePath
    has_below: bool
    """Whether lines stand below it."""
    attribute: str = ""
    """How it is shown."""
    hidden: int = 0
    """How many of them are not seen because it is folded."""
    is_found: bool = False
    """Whether it is one that was looked for."""


def foldable(texts: Iterable[tuple[str, str]]) -> tuple[FoldedLine, ...]:
    """All lines of a text that is indented, each behind its attribute."""
    lines: list[FoldedLine] = []
    above: list[tuple[int, LinePath]] = []
    seen: dict[LinePath, int] = {}
    for attribute, text in texts:
        depth = depth_of(text)
        while above and above[-1][0] >= depth:
            above.pop()
        parent = above[-1][1] if above else ()
        if parent and lines[-1].path == parent:
            lines[-1] = attrs.evolve(lines[-1], has_below=True)
        path = (*parent, text.strip().partition(":")[0])
        count = seen[path] = seen.get(path, 0) + 1
        path = path if count == 1 else (*path[:-1], f"{path[-1]} #{count}")
        lines.append(FoldedLine(text=text, path=path, has_below=False, attribute=attribute))
        above.append((depth, path))
    return tuple(lines)


@lru_cache(maxsize=8)
def seen_of(lines: tuple[FoldedLine, ...], folded: frozenset[LinePath], words: str) -> tuple[FoldedLine, ...]:
    """What is seen of them: nothing below those that are folded; or where words are looked for, the lines that have
    them all, and those that these stand below."""
    return tuple(_found(lines, words.casefold().split()) if words.strip() else _unfolded(lines, folded))


def _unfolded(lines: tuple[FoldedLine, ...], folded: frozenset[LinePath]) -> Iterator[FoldedLine]:
    head: FoldedLine | None = None
    hidden = 0
    for line in lines:
        if head is not None and line.path[: len(head.path)] == head.path:
            hidden += 1
            continue
        if head is not None:
            yield attrs.evolve(head, hidden=hidden)
        head, hidden = (line, 0) if line.path in folded else (None, 0)
        if head is None:
            yield line
    if head is not None:
        yield attrs.evolve(head, hidden=hidden)


def _found(lines: tuple[FoldedLine, ...], words: list[str]) -> Iterator[FoldedLine]:
    above: list[FoldedLine] = []
    for line in lines:
        above = [each for each in above if line.path[: len(each.path)] == each.path]
        whole = line.text.casefold()
        if all(word in whole for word in words):
            yield from above
            yield attrs.evolve(line, is_found=True)
            above = []
        else:
            above.append(line)


def below(lines: tuple[FoldedLine, ...], path: LinePath) -> tuple[str, ...]:
    """A line and all that stand below it."""
    return tuple(line.text for line in lines if line.path[: len(path)] == path)


def depth_of(text: str) -> int:
    """How far a line is indented."""
    return len(text) - len(text.lstrip(" "))
