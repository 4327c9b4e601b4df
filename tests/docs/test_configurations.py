"""Every configuration that a page shows is accepted, or refused as the page says."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from argus_trio.tui.servers import known_gateways
from tests.docs.support.blocks import Block, all_blocks, blocks_of
from tests.docs.support.configurations import Judgement, judgement_of

SHOWN = all_blocks("yaml")
OTHERS = [block for block in SHOWN if "not ours" in block.notes or "sketch" in block.notes]
LISTS = [block for block in SHOWN if block.notes.get("as") == "servers.yaml"]
CONFIGURATIONS = [block for block in SHOWN if block not in OTHERS and block not in LISTS]


def complaint(block: Block, judgement: Judgement) -> str:
    """What is wrong with what a page shows; empty where nothing is."""
    wanted = block.notes.get("refused")
    if wanted is not None:
        if any(wanted in each for each in judgement.problems):
            return ""
        return f"{block.where}: it is not refused with {wanted!r}, but: {judgement.problems or 'accepted'}"
    told = (*judgement.problems, *judgement.warnings)
    return f"{block.where}: " + "; ".join(told) if told else ""


@pytest.mark.parametrize("block", CONFIGURATIONS, ids=lambda block: block.where)
def test_a_configuration_is_accepted_or_refused_as_its_note_says(block: Block, tmp_path: Path) -> None:
    assert block.notes.get("as", "config.yaml") == "config.yaml"
    assert complaint(block, judgement_of(block, tmp_path)) == ""


@pytest.mark.parametrize("block", LISTS, ids=lambda block: block.where)
def test_a_list_of_gateways_can_be_read(block: Block, tmp_path: Path) -> None:
    (tmp_path / "servers.yaml").write_text(block.text)
    assert known_gateways(tmp_path / "servers.yaml", must_exist=True)


@pytest.mark.parametrize("block", OTHERS, ids=lambda block: block.where)
def test_what_is_not_ours_or_only_a_sketch_is_yaml_at_least(block: Block) -> None:
    assert isinstance(yaml.safe_load(block.dedented), dict)


def test_hardly_anything_is_shown_that_is_not_tried() -> None:
    assert len(OTHERS) == 3, [block.where for block in OTHERS]
    assert CONFIGURATIONS
    assert LISTS


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("```yaml\nserver: {prot: 9000}\n```\n", "server.prot"),
        ("```yaml\n    container: {memroy: 1g}\n```\n", "backends.example.container.memroy"),
        ("<!-- in: backends.files.limits -->\n```yaml\nconcurrency: many\n```\n", "backends.files.limits.concurrency"),
        ("```yaml\nbackends:\n  a: {type: stdio, command: x}\n  a: {type: stdio, command: x}\n```\n", "backends.a"),
        ("<!-- refused: no such thing -->\n```yaml\nserver: {port: 9000}\n```\n", "accepted"),
        ("<!-- refused: no such thing -->\n```yaml\nserver: {prot: 9000}\n```\n", "unknown key"),
        ("```yaml\nmiddleware:\n  - use: ./own.py:Missing\n```\n", "Missing"),
    ],
)
def test_a_page_that_lies_is_found_out(text: str, said: str, tmp_path: Path) -> None:
    (block,) = blocks_of("page.md", text)
    assert said in complaint(block, judgement_of(block, tmp_path))


@pytest.mark.parametrize(
    "text",
    [
        "```yaml\n    headers: {A: '${UNSET}', B: '${file:/run/secrets/token}'}\n```\n",
        "<!-- in: server.management -->\n```yaml\nlisten: 127.0.0.1:9001\ntoken: ${A_TOKEN}\n```\n",
        "<!-- refused: unknown key -->\n```yaml\nserver: {prot: 9000}\n```\n",
    ],
)
def test_a_fragment_is_set_where_it_belongs_and_has_what_it_names(text: str, tmp_path: Path) -> None:
    (block,) = blocks_of("page.md", text)
    assert complaint(block, judgement_of(block, tmp_path)) == ""
