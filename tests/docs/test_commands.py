"""Every command line that a page shows is run, in the order of its block, against a gateway; none fails."""

from __future__ import annotations

import shutil
from fnmatch import fnmatchcase

import pytest

from tests.docs.support.blocks import Block, all_blocks, blocks_of
from tests.docs.support.place import Ended, Place
from tests.docs.support.shell import ShellLine, run_of

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(not all(map(shutil.which, ("curl", "jq", "openssl"))), reason="needs curl, jq and openssl"),
]
BLOCKS = [block for block in all_blocks("sh", "console") if run_of(block)[0]]
SCRIPTS = all_blocks("bash")


def ran(place: Place, block: Block) -> Ended:
    lines = [_filled(line, block.notes.get("with", "")) for line in run_of(block)[0]]
    serves = any(
        words[:2] in (["argus-trio", "serve"], ["argus-trio", "demo"]) for line in lines for words in line.commands
    )
    return place.run([line.text for line in lines], page=block.page, serves=serves)


def _filled(line: ShellLine, note: str) -> ShellLine:
    text = line.text
    for pair in note.split():
        name, _, value = pair.partition("=")
        text = text.replace(name, value)
    return ShellLine(number=line.number, text=text, shown=line.shown)


def complaint(block: Block, ended: Ended) -> str:
    """What is not as the block shows it; empty where nothing is."""
    if ended.code != int(block.notes.get("exits", "0")):
        return f"{block.where}: exit code {ended.code}: {ended.err}{ended.out}"
    told = f"{ended.out}{ended.err}".splitlines()
    shown = (each for line in run_of(block)[0] for each in line.shown)
    missing = [each for each in shown if not any(fnmatchcase(line, _pattern(each)) for line in told)]
    return f"{block.where}: not shown: {missing}, but {told}" if missing else ""


def _pattern(shown: str) -> str:
    """A line of output as a page shows it: `…` stands for what differs."""
    return "".join(f"[{each}]" if each in "[*?" else each for each in shown).replace("…", "*")


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.where)
def test_the_commands_of_a_block_do_what_they_show(block: Block, place: Place) -> None:
    assert complaint(block, ran(place, block)) == ""


@pytest.mark.parametrize("block", SCRIPTS, ids=lambda block: block.where)
def test_a_script_runs_and_says_something(block: Block, place: Place) -> None:
    ended = place.run([block.text], page=block.page)
    assert (ended.code, bool(ended.out)) == (0, True), ended.err


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("```sh\nargus-trio backends gone\n```\n", "failed: argus-trio backends gone"),
        (
            "```sh\nargus-trio status\ncurl http://127.0.0.1:9000/manage/v1/gone\nargus-trio status\n```\n",
            "failed: curl",
        ),
        ("```sh\nargus-trio serve -c gone.yaml\n```\n", "failed: argus-trio serve"),
        (
            "```console\n$ argus-trio call files__read_file path=a\nsomething else\n```\n",
            "not shown: ['something else']",
        ),
        ("<!-- exits: 3 -->\n```sh\nargus-trio status\n```\n", "exit code 0"),
    ],
)
def test_a_page_that_lies_is_found_out(text: str, said: str, place: Place) -> None:
    (block,) = blocks_of("page.md", text)
    assert said in complaint(block, ran(place, block))


@pytest.mark.parametrize(
    "text",
    [
        '```console\n$ argus-trio call files__read_file path=[a] lines=3\n{"read_file": {"path": "[a]", …\n```\n',
        "<!-- exits: 1 -->\n```sh\nargus-trio status\nargus-trio backends gone\n```\n",
        "<!-- with: NAME=time -->\n```sh\nargus-trio backends NAME\nargus-trio logs NAME -f\n```\n",
        "```sh\nargus-trio serve\nargus-trio status\nargus-trio shutdown\n```\n",
        "```sh\nargus-trio demo\ncurl http://127.0.0.1:9000/manage/v1/health\nargus-trio events -f\n```\n",
    ],
)
def test_what_is_so_is_believed(text: str, place: Place) -> None:
    (block,) = blocks_of("page.md", text)
    assert complaint(block, ran(place, block)) == ""
