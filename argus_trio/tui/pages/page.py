"""What every page is: a frozen value with a title, its keys, and how messages change it."""

from __future__ import annotations

from typing import Protocol

import attrs

from argus_trio import Value
from argus_trio.tui.message import DashboardMessage
from argus_trio.tui.state.world import World
from argus_trio.tui.step import Step


@attrs.frozen
class KeyHelp(Value):
    """A key of a page, in words."""

    key: str
    """As it is shown: `Enter`, `r`, `F5`."""
    does: str
    """One word or two, for the foot."""
    about: str = ""
    """A sentence, for help; empty where the word says all."""
    in_foot: bool = attrs.field(default=True, kw_only=True)
    changes: bool = attrs.field(default=False, kw_only=True)
    """Whether it changes the gateway: such a key is not offered to whom may not."""


class DashboardPage(Protocol):
    """One page. Its state is in its fields; two of the same state are equal."""

    @property
    def title(self) -> str:
        """What it shows, in a word or two."""

    @property
    def keys(self) -> tuple[KeyHelp, ...]:
        """The keys that it takes now, the most used first."""

    @property
    def is_typing(self) -> bool:
        """Whether letters are text for it now, so that none of them is a key of the whole."""

    def opened(self, world: World) -> Step[DashboardPage]:
        """What it wants when it is opened, or when the gateway has come back."""

    def closed(self) -> Step[None]:
        """What has to be undone when it is left, such as a stream that it follows."""

    def told(self, message: DashboardMessage, world: World) -> Step[DashboardPage] | None:
        """What a message makes of it; None for one that means nothing to it."""
