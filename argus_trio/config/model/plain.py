"""Values that the model does not know the meaning of, as plain Python values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NewType

PlainScalar = NewType("PlainScalar", object)
"""A text, a number, a boolean or None, as YAML 1.2's core schema reads what is written without quotes."""

PlainMapping = NewType("PlainMapping", Mapping[str, object])
"""A mapping of texts to plain values: scalars, lists and mappings of such."""
