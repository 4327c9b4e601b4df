"""The JSON, units and Dockerfiles that pages show are what the page takes them for."""

from __future__ import annotations

import json
import re
from configparser import ConfigParser
from pathlib import Path
from typing import get_type_hints

import msgspec
import pytest

from argus_trio.contract.openapi import operations
from tests.docs.support.blocks import Block, all_blocks, blocks_of
from tests.docs.support.claims import words_of_sources
from tests.docs.support.pages import ROOT

INSTRUCTIONS = ("FROM", "RUN", "COPY", "ADD", "ENV", "ARG", "WORKDIR", "USER", "ENTRYPOINT", "CMD", "LABEL", "EXPOSE")
MORE_OF_SYSTEMD = ("ReadWritePaths",)
"""What a page adds to the unit of conf/ that stands there in no way, as systemd.exec(5) spells it."""
ANSWERS = [block for block in all_blocks("json") if "answer" in block.notes]
ALERTS = [block for block in all_blocks("yaml") if block.notes.get("not ours") == "of Prometheus"]
PARTS_OF_HISTOGRAMS = re.compile(r"_(bucket|sum|count)$")
"""What Prometheus' text format adds to the name of a histogram."""


def type_of_answer(note: str) -> object:
    """The type of an operation's answer, or of a member of it: `GET /backends/{name} lists`."""
    method, path, *members = note.split()
    found: object = next(each.answer for each in operations() if (each.method, each.path) == (method, path))
    for member in members:
        assert isinstance(found, type)
        found = get_type_hints(found)[member]
    return found


def is_an_answer(block: Block) -> bool:
    """Whether it has the members of the type, of their types, and no other. Raises: msgspec.ValidationError."""
    decoded = msgspec.json.decode(block.text, type=type_of_answer(block.notes["answer"]))
    return bool(json.loads(msgspec.json.encode(decoded)) == json.loads(block.text))


def unmeasured(block: Block) -> list[str]:
    """The metrics that a block names and that there are not."""
    named = {PARTS_OF_HISTOGRAMS.sub("", each) for each in re.findall(r"\bargus_\w+", block.text)}
    return sorted(named - words_of_sources())


def broken_unit(block: Block) -> list[str]:
    """What of a drop-in for systemd is no `Name=value` below a section."""
    unit = ConfigParser(strict=False, interpolation=None, delimiters=("=",), comment_prefixes=("#",))
    unit.optionxform = str  # type: ignore[assignment,method-assign]  # as the library documents it
    unit.read_string(block.text)
    known = re.findall(r"^#?(\w+)=", (ROOT / "conf" / "argus-trio.service").read_text(), re.MULTILINE)
    known += MORE_OF_SYSTEMD
    keys = [f"{section}.{key}" for section in unit.sections() for key in unit[section]]
    return [key for key in keys if key.partition(".")[2] not in known]


@pytest.mark.parametrize("block", ANSWERS, ids=lambda block: block.where)
def test_an_answer_has_the_members_of_its_type_and_no_other(block: Block) -> None:
    assert is_an_answer(block)


def test_all_other_json_is_a_snippet_for_a_client_which_tests_of_the_command_line_try() -> None:
    assert [block.where for block in all_blocks("json") if not {"answer", "client"} & block.notes.keys()] == []


@pytest.mark.parametrize("block", ALERTS, ids=lambda block: block.where)
def test_what_prometheus_is_told_to_look_at_is_measured(block: Block) -> None:
    assert unmeasured(block) == []


@pytest.mark.parametrize("block", all_blocks("ini"), ids=lambda block: block.where)
def test_a_part_of_a_unit_says_what_the_unit_knows(block: Block) -> None:
    assert broken_unit(block) == []


@pytest.mark.parametrize("block", all_blocks("dockerfile"), ids=lambda block: block.where)
def test_a_dockerfile_begins_each_line_with_an_instruction(block: Block) -> None:
    lines = [line for line in block.text.replace("\\\n", " ").splitlines() if line.strip() and line[0] != "#"]
    assert [line for line in lines if line.split()[0] not in INSTRUCTIONS] == []
    assert lines[0].startswith("FROM ")


def one(text: str) -> Block:
    (block,) = blocks_of("page.md", text)
    return block


def test_an_answer_with_a_member_that_there_is_not_is_found_out() -> None:
    told: dict[str, list[str]] = {
        "failed": [],
        "left_out": [],
        "mended": [],
        "names_too_long": [],
        "names_not_portable": [],
    }
    note = "<!-- answer: GET /backends/{name} lists -->\n"
    assert is_an_answer(one(f"{note}```json\n{json.dumps(told)}\n```\n"))
    assert not is_an_answer(one(f"{note}```json\n{json.dumps({**told, 'names_too_odd': []})}\n```\n"))
    with pytest.raises(msgspec.ValidationError):
        is_an_answer(one(f"{note}```json\n{json.dumps({**told, 'failed': 'yes'})}\n```\n"))


def test_a_unit_with_a_misspelled_key_is_found_out() -> None:
    assert broken_unit(one("```ini\n[Service]\nReadWritePath=/srv\n```\n")) == ["Service.ReadWritePath"]


def test_every_page_is_looked_at() -> None:
    assert ANSWERS
    assert ALERTS
    assert {Path(block.page).name for block in all_blocks("python")} >= {"quickstart.md", "middleware.md"}


def test_a_metric_that_there_is_not_is_found_out() -> None:
    block = one("```yaml\na: rate(argus_call_duration_seconds_bucket[1m]) / argus_cals_total\n```\n")
    assert unmeasured(block) == ["argus_cals_total"]
