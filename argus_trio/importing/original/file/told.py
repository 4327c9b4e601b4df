"""Tells of every key of a file that nobody took: what has no counterpart, and what the original had no key for."""

from __future__ import annotations

from collections.abc import Iterator

from argus_trio.config.read.key_path import KeyPath, dotted
from argus_trio.config.read.scalar import Scalar, Tree
from argus_trio.importing.original.file.keys import KEYS, key_of, pattern_of
from argus_trio.importing.original.file.source import OriginalSource

UNKNOWN = "the original has no such key and ignored it; it is left out"


def tell_of_the_rest(source: OriginalSource) -> None:
    """Note what was not taken, once for each kind of key, at the first place where it stands."""
    places: dict[tuple[str, str], list[KeyPath]] = {}
    entered = {each[:length] for each in source.taken for length in range(len(each))}
    for key_path, advice in _left(source, source.tree(), (), entered):
        places.setdefault((pattern_of(key_path), advice), []).append(key_path)
    for (_, advice), found in places.items():
        also = f" (and {', '.join(dotted(each) for each in found[1:])})" if len(found) > 1 else ""
        source.tell("left out", found[0], f"{advice}{also}")


def _left(
    source: OriginalSource, tree: Tree | None, key_path: KeyPath, entered: set[KeyPath]
) -> Iterator[tuple[KeyPath, str]]:
    """Each key that nobody took; of what is `entered`, parts were taken, and the rest is told of key by key."""
    if key_path in source.taken or tree is None or (isinstance(tree, Scalar) and tree.is_null):
        return
    known = key_of(key_path)
    is_above = any(key.startswith(f"{pattern_of(key_path)}.") for key in KEYS) if key_path else True
    if is_above and isinstance(tree, dict) and (known is None or not known.advice or key_path in entered):
        for name, each in tree.items():
            yield from _left(source, each, (*key_path, name), entered)
    elif is_above and isinstance(tree, list) and (known is None or not known.advice):
        for index, each in enumerate(tree):
            yield from _left(source, each, (*key_path, index), entered)
    elif known is not None:
        yield key_path, known.advice or f"is written as {known.becomes} here"
    else:
        yield key_path, UNKNOWN
