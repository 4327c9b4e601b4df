"""What an update comes to: a new value, and what is to be done."""

from __future__ import annotations

from typing import Generic, TypeVar

import attrs

from argus_trio import Value
from argus_trio.tui.effect import Effect

Held = TypeVar("Held", covariant=True)


@attrs.frozen
class Step(Value, Generic[Held]):
    """A value and the effects that go with it."""

    value: Held
    effects: tuple[Effect, ...] = ()
