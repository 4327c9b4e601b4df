"""What the tests of configurations of the original share: read, refused, told, and judged as `check` does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
import yaml

from argus_trio.config.load import parse
from argus_trio.config.model.config import Config
from argus_trio.importing.emit import emit
from argus_trio.importing.original.convert import OriginalRefused, import_original
from argus_trio.importing.result import ImportedConfig


def imported(text: str, *, environ: Mapping[str, str] | None = None, only: Sequence[str] = ()) -> ImportedConfig:
    return import_original(text, path=Path("/nowhere/config.yaml"), environ=environ or {}, only=only)


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
