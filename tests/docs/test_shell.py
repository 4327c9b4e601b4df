"""How blocks of commands are read, and which of their lines are run."""

from __future__ import annotations

from collections import Counter

import pytest

from argus_trio.cli.arguments.parser import parser
from tests.docs.support.blocks import Block, all_blocks, blocks_of
from tests.docs.support.exempt import LINES_NOT_RUN, NOT_RUN
from tests.docs.support.shell import RUNNABLE, lines_of, run_of

COMMANDS = all_blocks("sh", "console")


def one(text: str) -> Block:
    (block,) = blocks_of("page.md", text)
    return block


def ours(block: Block) -> list[list[str]]:
    """The arguments of each `argus-trio` that a block starts, run or not."""
    commands = (words for line in lines_of(block) for words in line.commands)
    return [words[1:] for words in commands if words[0].rpartition("/")[2] == "argus-trio"]


def is_understood(words: list[str]) -> bool:
    try:
        parser().parse_args(words)
    except SystemExit as ended:
        return ended.code == 0  # --help, --version
    return True


@pytest.mark.parametrize("block", COMMANDS, ids=lambda block: block.where)
def test_every_line_is_run_or_a_note_says_why_not_and_all_of_ours_are_understood(block: Block) -> None:
    runs, others = run_of(block)
    assert runs or others
    assert [words for words in ours(block) if not is_understood(words)] == []


def test_few_lines_are_not_run_and_it_is_known_how_many() -> None:
    others = [(f"{block.page}:{line.number}", reason) for block in COMMANDS for line, reason in run_of(block)[1]]
    assert Counter(reason for _, reason in others) == LINES_NOT_RUN, others
    assert LINES_NOT_RUN.keys() == NOT_RUN.keys()


def test_a_console_block_has_prompts_and_what_they_show() -> None:
    first, second = lines_of(one("```console\n$ argus-trio status\nready\n\n$ argus-trio reload\n```\n"))
    assert (first.text, first.shown, first.number) == ("argus-trio status", ("ready",), 2)
    assert (second.text, second.shown, second.number) == ("argus-trio reload", (), 5)


@pytest.mark.parametrize(
    ("text", "programs"),
    [
        ("TOKEN=a argus-trio check -c b", {"argus-trio"}),
        ("export OPS_TOKEN=$(openssl rand -hex 32)   # show it", {"export", "openssl"}),
        ("python3 -m venv .venv && .venv/bin/pip install . ; rm -rf x", {"python3", ".venv/bin/pip", "rm"}),
        ("argus-trio call x - < arguments.json | jq .a > b", {"argus-trio", "jq"}),
        ('argus-trio call x \'{"a": "b; rm c"}\'', {"argus-trio"}),
        ("git clone <this repository> && cd argus-trio", {"git", "cd"}),
    ],
)
def test_the_programs_of_a_line(text: str, programs: set[str]) -> None:
    (line,) = lines_of(one(f"```sh\n# not this\n{text}\n```\n"))
    assert line.programs == programs


def test_a_line_goes_on_behind_a_backslash() -> None:
    (line,) = lines_of(one("```sh\ncurl -s \\\n    http://x\n```\n"))
    assert line.commands == [["curl", "-s", "http://x"]]


def test_a_program_that_nobody_runs_needs_a_note() -> None:
    with pytest.raises(AssertionError, match=r"page\.md:2: nobody runs rm; say why in a note"):
        run_of(one("```sh\nrm -rf /\n```\n"))
    assert "rm" not in RUNNABLE


def test_a_note_excuses_the_programs_that_it_names_and_no_others() -> None:
    block = one("<!-- not run: systemctl: needs systemd -->\n```sh\nsystemctl stop x\nargus-trio check\n```\n")
    runs, others = run_of(block)
    assert [line.text for line in runs] == ["argus-trio check"]
    assert [(line.text, reason) for line, reason in others] == [("systemctl stop x", "needs systemd")]


def test_a_note_without_programs_excuses_no_line_that_can_be_run() -> None:
    block = one("<!-- not run: needs systemd -->\n```sh\nsystemctl stop x\nargus-trio check\n```\n")
    assert [line.text for line in run_of(block)[0]] == ["argus-trio check"]


@pytest.mark.parametrize(
    ("note", "said"),
    [("needs luck", "is no reason"), ("journalctl: needs systemd", "no line has journalctl")],
)
def test_a_note_that_excuses_nothing_is_told(note: str, said: str) -> None:
    with pytest.raises(AssertionError, match=said):
        run_of(one(f"<!-- not run: {note} -->\n```sh\nargus-trio check\n```\n"))


def test_an_option_that_there_is_not_is_found_out() -> None:
    block = one("```sh\nargus-trio status --jsn\n.venv/bin/argus-trio chek\nargus-trio status --json\n```\n")
    assert [is_understood(words) for words in ours(block)] == [False, False, True]
