"""The text of a configuration, out of its tree."""

from __future__ import annotations

import yaml

from argus_trio.importing.result import ConfigTree


def emit(tree: ConfigTree) -> str:
    """The YAML of a configuration; sections in the order of the tree."""
    return yaml.safe_dump(dict(tree), sort_keys=False, allow_unicode=True, width=120)
