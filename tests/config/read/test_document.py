"""YAML text to a tree with lines."""

from __future__ import annotations

import pytest

from argus_trio.config.read.document import MAX_DEPTH, MAX_NODES, Document, NotYaml, read_document
from argus_trio.config.read.scalar import Scalar


def _refused(text: str) -> tuple[str, int | None]:
    with pytest.raises(NotYaml) as caught:
        read_document(text)
    return caught.value.problem.message, caught.value.problem.line


def test_scalars_stay_as_they_are_written_and_know_their_lines() -> None:
    document = read_document("a: 1.10\nb:\n  - yes\n  - 'x'\n1: on\n")
    assert document.root == {
        "a": Scalar(text="1.10", is_plain=True),
        "b": [Scalar(text="yes", is_plain=True), Scalar(text="x")],
        "1": Scalar(text="on", is_plain=True),
    }
    assert document.lines == {(): 1, ("a",): 1, ("b",): 2, ("b", 0): 3, ("b", 1): 4, ("1",): 5}


@pytest.mark.parametrize("text", ["", "   \n", "# nothing\n", "---\n", "null", "~"])
def test_an_empty_text_has_no_root(text: str) -> None:
    assert read_document(text) == Document(root=None, lines={})


def test_a_syntax_error_has_its_line_and_column() -> None:
    message, line = _refused("a: 1\nb:\n  c: ]\n")
    assert message.startswith("not valid YAML")
    assert "column" in message
    assert line == 3


@pytest.mark.parametrize(
    ("text", "line"), [("a: 1\nb: \x07\n", 2), ('a: "\\U00110000"', 1), ("a: *b\n", 1), ("a: 1\n---\nb: 1\n", 2)]
)
def test_what_cannot_be_read_is_refused_with_its_line(text: str, line: int) -> None:
    assert _refused(text)[1] == line


@pytest.mark.parametrize(
    "text", ["a:\n  - b: 1\n  c: 2\n", "a:\n  b: 1\n   c: 2\n", "a:\n    b: 1\n  c: 2\n", "a: b: c"]
)
def test_a_wrong_indentation_gets_the_hint_to_look_at_the_columns(text: str) -> None:
    with pytest.raises(NotYaml) as caught:
        read_document(text)
    assert "begins in one column" in caught.value.problem.hint


def test_a_tab_gets_the_hint_to_use_spaces() -> None:
    with pytest.raises(NotYaml) as caught:
        read_document("a:\n\tb: 1\n")
    assert caught.value.problem.hint == "indent with spaces"


@pytest.mark.parametrize(
    ("text", "line", "quoted"),
    [
        ("command: npx\nargs: [-y, @scope/package]\n", 2, '"@scope/package"'),
        ("args:\n  - -y\n  - @scope/package\n", 3, '"@scope/package"'),
        ("a: `date`\n", 1, '"`text`"'),
        ("a: %d\n", 1, '"%d"'),
        ("deny: [*_file]\n", 1, '"*_file"'),
        ("deny: [*]\n", 1, '"*_file"'),
    ],
)
def test_a_text_that_begins_with_a_sign_of_yaml_gets_the_hint_to_quote_it(text: str, line: int, quoted: str) -> None:
    with pytest.raises(NotYaml) as caught:
        read_document(text)
    assert caught.value.problem.line == line
    assert caught.value.problem.hint.endswith(f"needs quotes, as in {quoted}")


@pytest.mark.parametrize("text", ["a: {b: ${C}}", "a: [${C}, d]", "a: {b: Bearer ${C:-d}}"])
def test_a_variable_without_quotes_in_a_flow_collection_gets_the_hint_to_quote_it(text: str) -> None:
    with pytest.raises(NotYaml) as caught:
        read_document(text)
    assert "needs quotes inside {} and []" in caught.value.problem.hint


def test_deep_nesting_is_refused_before_it_recurses() -> None:
    assert f"{MAX_DEPTH} levels" in _refused("[" * 100_000)[0]
    assert f"{MAX_DEPTH} levels" in _refused("{a: " * 50_000)[0]


def test_a_long_list_is_refused_before_all_of_it_is_read() -> None:
    text = "- a\n" * MAX_NODES + "{" * 9
    with pytest.raises(NotYaml) as refused:
        read_document(text)
    assert refused.value.problem.message == f"more than {MAX_NODES} values"
    assert refused.value.problem.line == pytest.approx(MAX_NODES, abs=2)


def test_aliases_that_multiply_are_refused() -> None:
    levels = "".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 10))
    assert "values" in _refused(f"a0: &a0 [x]\n{levels}")[0]


def test_a_long_chain_of_aliases_is_refused() -> None:
    chain = "".join(f"a{i}: &a{i} [*a{i - 1}]\n" for i in range(1, 2000))
    assert "nested" in _refused(f"a0: &a0 [x]\n{chain}")[0]


def test_an_alias_inside_of_itself_is_refused() -> None:
    assert "alias" in _refused("a: &a [*a]\n")[0]


def test_merge_keys_that_multiply_are_refused() -> None:
    levels = "".join(f"a{i}: &a{i} {{<<: [{', '.join([f'*a{i - 1}'] * 9)}]}}\n" for i in range(1, 10))
    assert "values" in _refused(f"a0: &a0 {{x: 1}}\n{levels}")[0]


def test_a_merge_of_itself_is_a_problem() -> None:
    assert read_document("a: &a\n  <<: *a\n").problems


def test_anchors_and_merge_keys_are_followed_and_what_is_written_wins() -> None:
    document = read_document("base: &b {x: 1, y: 2}\nother:\n  <<: *b\n  y: 3\n")
    assert document.root is not None
    assert document.root == {
        "base": {"x": Scalar(text="1", is_plain=True), "y": Scalar(text="2", is_plain=True)},
        "other": {"y": Scalar(text="3", is_plain=True), "x": Scalar(text="1", is_plain=True)},
    }
    assert document.lines[("other", "x")] == 1
    assert document.problems == ()


@pytest.mark.parametrize(
    ("text", "key_path", "line", "words"),
    [
        ("a: 1\nb: 2\na: 3\n", ("a",), 3, "first on line 1"),
        ("a:\n  1: x\n  '1': y\n", ("a", "1"), 3, "twice"),
        ("a: !env X\n", ("a",), 1, "tags"),
        ("a: !!python/object:os.system x\n", ("a",), 1, "tags"),
        ("? [a]\n: 1\n", (), 1, "key"),
        ('a: "\\ud800"\n', ("a",), 1, "surrogate"),
        ("a:\n  <<: 5\n", ("a",), 2, "<<"),
    ],
)
def test_what_is_yaml_but_not_for_us_is_a_problem_with_place_and_line(
    text: str, key_path: tuple[str, ...], line: int, words: str
) -> None:
    ((found_key_path, found_line, message),) = read_document(text).problems
    assert (found_key_path, found_line) == (key_path, line)
    assert words in message
