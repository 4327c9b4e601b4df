"""The Python that pages show: a script runs against the gateway, a middleware is loaded."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from argus_trio.config.load import load
from argus_trio.errors import ConfigInvalid
from argus_trio.pipeline.build import build_pipeline
from tests.docs.support.blocks import Block, all_blocks, blocks_of
from tests.docs.support.place import BLOCK_SECONDS, Ended, Place

CLIENT = "from mcp.client import"
SCRIPTS = [block for block in all_blocks("python") if CLIENT in block.text]
MODULES = [block for block in all_blocks("python") if CLIENT not in block.text]


def run(block: Block, place: Place) -> Ended:
    script = place.settled(block.text, None)
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, env=place.environ, timeout=BLOCK_SECONDS
    )
    return Ended(code=done.returncode, out=done.stdout, err=done.stderr)


def load_middleware(block: Block, folder: Path) -> int:
    """Have a configuration use each class of the block; how many there are. Raises: ConfigInvalid."""
    (folder / "own.py").write_text(block.text)
    names = [each.name for each in ast.parse(block.text).body if isinstance(each, ast.ClassDef)]
    uses = "".join(f"  - use: ./own.py:{name}\n" for name in names)
    path = folder / "config.yaml"
    path.write_text(f"middleware:\n{uses}backends: {{}}\n")
    build_pipeline(load(path, environ={}), source=str(path), folder=folder)
    return len(names)


@pytest.mark.e2e
@pytest.mark.parametrize("block", SCRIPTS, ids=lambda block: block.where)
def test_a_script_runs_and_calls_what_it_says(block: Block, place: Place) -> None:
    ended = run(block, place)
    assert (ended.code, "get_current_time" in ended.out) == (0, True), ended.err


@pytest.mark.parametrize("block", MODULES, ids=lambda block: block.where)
def test_a_middleware_can_be_used(block: Block, tmp_path: Path) -> None:
    assert load_middleware(block, tmp_path) > 0


def test_there_are_some_of_both() -> None:
    assert SCRIPTS
    assert MODULES


@pytest.mark.e2e
def test_a_script_that_fails_is_found_out(place: Place) -> None:
    (block,) = blocks_of("page.md", f"```python\n{CLIENT} Clent\n```\n")
    assert (run(block, place).code, "Clent" in run(block, place).err) == (1, True)


def test_a_middleware_that_cannot_be_imported_is_found_out(tmp_path: Path) -> None:
    (block,) = blocks_of(
        "page.md", "```python\nfrom argus_trio.middleware import Handlr\n\n\nclass A:\n    pass\n```\n"
    )
    with pytest.raises(ConfigInvalid) as refused:
        load_middleware(block, tmp_path)
    assert "Handlr" in str(refused.value.problems)
