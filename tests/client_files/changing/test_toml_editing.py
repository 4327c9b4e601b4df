"""TOML changed in one table: what is put in is there, and every other byte is where it was."""

from __future__ import annotations

import tomllib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from argus_trio.client_files.changing.editing import EditRefused
from argus_trio.client_files.changing.toml_editing import put_table, without_table

PATH = ("mcp_servers", "argus")
ENTRY = {"url": "http://h/mcp", "args": ["a", 'b"\\', "\x7f"]}
PIECES = st.sampled_from(
    [
        "# a comment\n",
        "\n",
        "[mcp_servers.a]\ncommand = 'b' # c\n",
        '[mcp_servers.a.env]\nX = """\n[mcp_servers.argus]\n"""\n',
        "[[list]]\nx = [\n  [1],\n  [2] # y\n]\n",
        "[list_of.tables]\r\nx = 1\r\n",
        '["mcp_servers"."x y"]\nurl = "u"',
    ]
)


@settings(deadline=None)
@given(st.lists(PIECES, max_size=5, unique=True))
def test_a_table_comes_at_the_end_and_is_taken_out_again(pieces: list[str]) -> None:
    text = "model = 1\n" + "".join(pieces)
    try:
        before = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return
    if "\n[mcp_servers.argus]\n" in text:  # within a text of several lines: nothing here must be taken for a header
        with pytest.raises(EditRefused, match="by hand"):
            without_table(put_table(text, PATH, ENTRY), PATH)
        return
    after = put_table(text, PATH, ENTRY)
    assert after.startswith(text)
    assert tomllib.loads(after) == {**before, "mcp_servers": {**before.get("mcp_servers", {}), "argus": ENTRY}}
    assert put_table(after, PATH, ENTRY) == after
    assert without_table(after, PATH) in (text, text + "\n", text + "\r\n")


def test_a_table_that_is_there_keeps_its_other_lines_and_comments() -> None:
    text = (
        "# mine\n[mcp_servers.argus] # the gateway\n# where it is\nurl = 'http://old' # old # one\nenabled = true\n"
        "command = 'x'\n\n[mcp_servers.argus.tools]\na = 1\n\n# next\n[other]\n"
    )
    assert put_table(text, PATH, {"url": "http://h/mcp", "token": "T"}, stale=["command"]) == (
        '# mine\n[mcp_servers.argus] # the gateway\ntoken = "T"\n# where it is\nurl = "http://h/mcp" # old # one\n'
        "enabled = true\n\n[mcp_servers.argus.tools]\na = 1\n\n# next\n[other]\n"
    )


def test_a_table_is_taken_out_with_those_below_it_and_no_comment_of_the_next() -> None:
    text = "a = 1\n\n[mcp_servers.argus]\nurl = 'u'\n[mcp_servers.argus.tools]\na = 1\n\n# next\n[other]\n"
    assert without_table(text, PATH) == "a = 1\n\n# next\n[other]\n"


@pytest.mark.parametrize(
    "text",
    [
        "mcp_servers = { argus = { url = 'x' } }\n",
        "mcp_servers = {}\n",
        "[mcp_servers]\nargus = { url = 'x' }\n",
        "[mcp_servers]\nargus.url = 'x'\n",
        "mcp_servers = 1\n",
        "[mcp_servers.argus]\nurl = '''\nx'''\n",
        "[[mcp_servers.argus]]\n",
    ],
)
def test_a_table_that_is_written_in_another_way_is_left_to_its_owner(text: str) -> None:
    with pytest.raises(EditRefused):
        put_table(text, PATH, ENTRY)


def test_what_is_no_toml_is_refused_with_its_line() -> None:
    with pytest.raises(EditRefused, match="is no TOML") as refused:
        put_table("a = 1\nb = \n", PATH, ENTRY)
    assert refused.value.line == 2


def test_an_empty_file_has_the_table_alone_and_a_bom_stays() -> None:
    assert put_table("", PATH, {"url": "u"}) == '[mcp_servers.argus]\nurl = "u"\n'
    assert put_table("\ufeff", PATH, {"url": "u"}) == '\ufeff[mcp_servers.argus]\nurl = "u"\n'


@settings(deadline=None)
@given(st.text(st.sampled_from("[]{}=.,\"'#\n\r\t ab1\ufeff\u2028"), max_size=30))
def test_whatever_it_is_it_is_changed_rightly_or_refused(text: str) -> None:
    try:
        after = put_table(text, PATH, {"url": "u"})
    except EditRefused:
        return
    assert tomllib.loads(after.removeprefix("\ufeff"))["mcp_servers"] == {"argus": {"url": "u"}}


def test_what_is_nested_too_deep_is_refused() -> None:
    with pytest.raises(EditRefused, match="nested too deep"):
        put_table("a = " + "[" * 5000, PATH, ENTRY)
