"""Tools are called as clients of the original know them; where that cannot be, both names are told."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.importing.original.support import imported, loaded, refused, told, written


def naming(names: list[str], **section: object) -> str:
    backends = {name: {"type": "stdio", "command": "uvx", "args": [f"server-{name}"]} for name in names}
    return written({"version": "1", "backends": backends, "conflict_resolution": section})


NAMES = st.text("abz09_-./ ü", min_size=1, max_size=40).filter(lambda name: name == name.strip())


@settings(deadline=None)
@given(
    names=st.lists(NAMES, max_size=4, unique=True),
    strategy=st.sampled_from(["prefix", "priority", "first-wins", "error"]),
    separator=st.sampled_from(["_", "__", "-", "/", ".", "::", " ", "", "a", "_-", "9"]),
)
def test_whatever_backends_are_called_the_file_is_accepted_and_each_new_name_told(
    names: list[str], strategy: str, separator: str
) -> None:
    found = imported(naming(names, strategy=strategy, separator=separator, order=names[:1]))
    config = loaded(found)
    assert len(config.backends) == len(names)
    section = config.conflict_resolution
    for name, backend in zip(names, config.backends.values(), strict=True):
        shown = f"{name if backend.prefix is None else backend.prefix}{section.separator}"
        if strategy in ("prefix", "priority") and (backend.name != name or section.separator != separator):
            assert shown == name + separator or "tools are called" in told(found)


def test_a_name_with_the_separator_is_told_with_both_names_and_the_others_stay() -> None:
    found = imported(naming(["my_files", "time"], strategy="prefix"))
    assert list(loaded(found).backends) == ["my-files", "time"]
    assert loaded(found).conflict_resolution.separator == "_"
    assert "is called my-files; its tools are called my-files_… and not my_files_…" in told(found)


def test_without_prefixes_no_backend_gets_another_name() -> None:
    found = imported(naming(["my_files", "a__b"]))
    assert list(loaded(found).backends) == ["my_files", "a__b"]


def test_a_name_that_may_not_be_one_here_stays_before_its_tools() -> None:
    (backend,) = loaded(imported(naming(["a/b"], strategy="prefix"))).backends.values()
    assert (backend.name, backend.prefix) == ("a-b", "a/b")


def test_two_names_do_not_become_one() -> None:
    assert len(loaded(imported(naming(["a b", "a-b", "a/b"]))).backends) == 3


@pytest.mark.parametrize("separator", ["::", " "])
def test_a_separator_that_names_may_not_hold_is_told(separator: str) -> None:
    found = imported(naming(["a"], strategy="prefix", separator=separator))
    assert f"tools are called NAME__TOOL, and not NAME{separator}TOOL" in told(found)


def test_an_order_of_backends_that_are_not_there_is_told() -> None:
    found = imported(naming(["a"], strategy="priority", order=["b", "a", "a"]))
    assert loaded(found).conflict_resolution.order == ("a",)
    assert "there is no backend b" in told(found)
    assert "a is there twice" in told(found)


def test_a_strategy_that_is_none_is_refused_with_its_line() -> None:
    (problem,) = refused(naming(["a"], strategy="merge"))
    assert problem == "9: conflict_resolution.strategy: expected one of first-wins, prefix, priority, error"
