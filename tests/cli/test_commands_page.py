"""docs/commands.md names every command, option and exit code that the parser knows, and no other command."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from argus_trio.cli.arguments.parser import parser

PAGE = (Path(__file__).parents[2] / "docs" / "commands.md").read_text()
EVERYWHERE = frozenset({"--help", "--server", "--token-file", "--json", "-c"})
"""Options of many commands, which a section tells once."""


def commands() -> Mapping[str, argparse.ArgumentParser]:
    (found,) = (each for each in parser()._actions if isinstance(each, argparse._SubParsersAction))
    return found.choices


def row_of(command: str) -> str:
    """The lines of the tables that begin with a command."""
    return "\n".join(re.findall(rf"^\| `argus-trio {re.escape(command)}\b.*$", PAGE, re.MULTILINE))


def told_of(command: str) -> str:
    """What the page says of a command: its row, and the sections that show it."""
    sections = re.split(r"^## ", PAGE, flags=re.MULTILINE)[2:]
    return "\n".join([row_of(command), *(each for each in sections if f"argus-trio {command}" in each)])


def spellings_of(command: argparse.ArgumentParser) -> Iterator[Sequence[str]]:
    """The ways to write each option that help shows."""
    for action in command._actions:
        if action.option_strings and action.help is not argparse.SUPPRESS:
            yield action.option_strings


def is_told(spellings: Sequence[str], told: str) -> bool:
    return any(re.search(rf"(?<![\w-]){re.escape(each)}(?![\w-])", told) for each in spellings)


def test_every_command_has_a_row_and_every_row_a_command() -> None:
    rows = re.findall(r"^\| `argus-trio ([\w-]+)", PAGE, re.MULTILINE)
    assert sorted(rows) == sorted(commands())


@pytest.mark.parametrize("command", sorted(commands()))
def test_every_option_of_a_command_stands_where_it_is_told_of(command: str) -> None:
    told = told_of(command)
    assert row_of(command)
    options = [each for each in spellings_of(commands()[command]) if not EVERYWHERE & set(each)]
    assert [each for each in options if not is_told(each, told)] == [], "docs/commands.md says nothing of them"


def test_what_many_commands_have_is_told_once() -> None:
    assert [option for option in EVERYWHERE if not is_told([option], PAGE)] == []


def test_every_exit_code_of_the_help_stands_on_the_page() -> None:
    epilog = parser().epilog or ""
    codes = re.findall(r"(?:^|[;:] )(\d+) ", epilog.replace("\n", " "))
    table = re.findall(r"^\| (\d+) \|", PAGE, re.MULTILINE)
    assert sorted(codes, key=int) == sorted(table, key=int)
