"""The text of a configuration: readable, and read as the tree that it was made of."""

from __future__ import annotations

import hypothesis.strategies as st
import pytest
import yaml
from hypothesis import given, settings

from argus_trio.config.read.document import read_document
from argus_trio.config.read.scalar import Scalar, Tree
from argus_trio.importing.emit import emit

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12) | st.sampled_from(
    [
        "",
        "yes",
        "no",
        "null",
        "~",
        "0123",
        "1e3",
        "2024-01-01",
        "a: b",
        "a #b",
        "- a",
        "-",
        "---",
        "${X}",
        "a${X}b",
        "<<",
        "=",
    ]
)
trees = st.recursive(
    texts | st.booleans() | st.integers(0, 10**6),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(texts.filter(lambda key: key != "<<"), inner, max_size=3)
    ),
    max_leaves=12,
)


def plain(tree: Tree | None) -> object:
    if isinstance(tree, dict):
        return {key: plain(value) for key, value in tree.items()}
    if isinstance(tree, list):
        return [plain(each) for each in tree]
    assert isinstance(tree, Scalar)
    return tree.text


def written(tree: object) -> object:
    """A tree as its texts."""
    if isinstance(tree, dict):
        return {key: written(value) for key, value in tree.items()}
    if isinstance(tree, list):
        return [written(each) for each in tree]
    return str(tree).lower() if isinstance(tree, bool) else str(tree)


@settings(max_examples=300, deadline=None)
@given(tree=st.dictionaries(texts.filter(lambda key: key != "<<"), trees, min_size=1, max_size=3))
def test_our_reader_reads_the_tree_that_was_written(tree: dict[str, object]) -> None:
    document = read_document(emit(tree))
    assert not document.problems
    assert plain(document.root) == written(tree)


@settings(max_examples=300, deadline=None)
@given(tree=st.dictionaries(texts, trees, min_size=1, max_size=3))
def test_any_other_reader_of_yaml_reads_it_too(tree: dict[str, object]) -> None:
    assert yaml.safe_load(emit(tree)) == tree


def test_it_is_written_as_people_write_it() -> None:
    entry = {"type": "stdio", "command": "npx", "args": ["-y", "@a/b", "${X}"], "env": {"A": "yes", "B": "x ${Y}"}}
    text = emit({"version": "1", "env_file": "argus.env", "backends": {"a": entry}}, {"a": "from mcp.json:3\n"})
    assert text == (
        'version: "1"\nenv_file: argus.env\n\nbackends:\n  # from mcp.json:3?\n  a:\n    type: stdio\n'
        '    command: npx\n    args: [-y, "@a/b", "${X}"]\n    env:\n      A: "yes"\n      B: x ${Y}\n'
    )


@pytest.mark.parametrize(
    "text",
    ["yes", "no", "on", "0123", "1_000", "2024-01-01", "1:30", "0b_", "0x_", "2024-99-99", "a: b", "x #y", "~", "null"],
)
def test_what_could_be_misread_stands_in_quotes(text: str) -> None:
    assert f'"{text}"' in emit({"key": text})


def test_a_long_list_stands_on_lines_of_its_own() -> None:
    assert emit({"args": ["a" * 60, "b" * 60]}) == f"args:\n  - {'a' * 60}\n  - {'b' * 60}\n"
