"""A configuration of the original becomes one of ours, which `check` accepts."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml

from argus_trio.config.load import parse
from argus_trio.config.model.config import Config
from argus_trio.importing.emit import emit
from argus_trio.importing.original.convert import OriginalRefused, import_original
from argus_trio.importing.result import ImportedConfig


def imported(text: str, *, environ: Mapping[str, str] = {}) -> ImportedConfig:  # never changed
    return import_original(text, path=Path("/nowhere/config.yaml"), environ=environ)


def loaded(found: ImportedConfig, **more: str) -> Config:
    """What comes of it, where each variable that is needed has a value."""
    needed = {name: f"https://{number}.example" for number, name in enumerate(found.needed)}
    environ = {**found.variables, **needed, **more}
    return parse(emit(found.tree), source="config.yaml", folder=Path("/nowhere"), environ=environ)


def written(tree: Mapping[str, object]) -> str:
    return yaml.safe_dump(dict(tree), sort_keys=False)


def refused(text: str) -> list[str]:
    with pytest.raises(OriginalRefused) as caught:
        imported(text)
    return [f"{each.line}: {each.what}" for each in caught.value.problems]


def told(found: ImportedConfig) -> str:
    return "\n".join(f"{each.kind} {each.where} {each.what}" for each in found.notes)


SMALL = """
version: "1"
backends:
  time: {type: stdio, command: uvx, args: [mcp-server-time]}
"""


def test_its_defaults_are_written_out_so_that_names_stay_the_same() -> None:
    assert imported(SMALL).tree["conflict_resolution"] == {"strategy": "first-wins", "separator": "_"}


def test_what_comes_out_is_accepted() -> None:
    assert loaded(imported(SMALL)).backends["time"].type == "stdio"


def test_a_file_of_ours_has_nothing_to_be_imported() -> None:
    assert refused("backends: {}\nmiddleware: []\n") == [
        "1: is a configuration of argus-trio already: nothing has to be imported"
    ]
