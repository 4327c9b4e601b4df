"""YAML as the nodes that readers of clients' files know: each value with the place of its line."""

from __future__ import annotations

import json
from collections.abc import Mapping

from argus_trio.client_files.jsonc import JsonFault, JsonMember, JsonNode, node_of_list, node_of_members
from argus_trio.config.read.document import NotYaml, read_document
from argus_trio.config.read.key_path import KeyPath
from argus_trio.config.read.scalar import Scalar, Tree, as_bool, as_float, as_int


def read_yaml(text: str) -> JsonNode:
    """What stands in a text of YAML. Raises JsonFault."""
    starts = _starts(text)
    try:
        document = read_document(text)
    except NotYaml as error:
        raise JsonFault(error.problem.message, text, starts[(error.problem.line or 1) - 1]) from None
    if document.root is None:
        raise JsonFault("the file is empty", text, 0)
    places = {key_path: starts[line - 1] for key_path, line in document.lines.items()}
    return _node(document.root, (), places)


def _node(tree: Tree, key_path: KeyPath, places: Mapping[KeyPath, int]) -> JsonNode:
    at = places.get(key_path, 0)
    if isinstance(tree, dict):
        members = [
            JsonMember(
                name=name,
                start=places.get((*key_path, name), at),
                node=_node(each, (*key_path, name), places),
            )
            for name, each in tree.items()
        ]
        return node_of_members(members, at=at)
    if isinstance(tree, list):
        return node_of_list([_node(each, (*key_path, index), places) for index, each in enumerate(tree)], at=at)
    return JsonNode(start=at, end=at, scalar=_plain(tree))


def _plain(scalar: Scalar) -> str | int | float | bool | None:
    """The value of a scalar; a number that is written otherwise than JSON has it stays a text."""
    if scalar.is_null:
        return None
    value: bool | int | float | None = as_bool(scalar) if scalar.text.lower() in ("true", "false") else None
    for read in (as_int, as_float):
        value = read(scalar) if value is None else value
    return value if value is not None and json.dumps(value) == scalar.text.lower() else scalar.text


def _starts(text: str) -> list[int]:
    """Where each line begins."""
    return [0, *(at + 1 for at, character in enumerate(text) if character == "\n")]
