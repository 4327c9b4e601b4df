"""The secrets that are moved out of a configuration, each under a name of its own."""

from __future__ import annotations

import attrs


@attrs.define(eq=False)
class MovedSecrets:
    """Gives each secret a variable; equal secrets that would be called the same share one."""

    values: dict[str, str] = attrs.field(factory=dict, init=False, repr=False)

    def move(self, value: str, name: str) -> str:
        """The reference that stands for the value."""
        candidate, number = name, 1
        while self.values.get(candidate, value) != value:
            number += 1
            candidate = f"{name}_{number}"
        self.values[candidate] = value
        return f"${{{candidate}}}"
