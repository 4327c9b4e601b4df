"""What an update comes to: a new value, and what is to be done."""

from __future__ import annotations

from typing import Generic, TypeVar

import attrs

from argus_trio.tui.effect import Effect

Value = TypeVar("Value", covariant=True)


@attrs.frozen
class Step(Generic[Value]):
    """A value and the effects that go with it."""

    value: Value
    effects: tuple[Effect, ...] = ()
