"""What lies over a page and takes the keys."""

from __future__ import annotations

import attrs

from argus_trio.tui.effect import Effect


@attrs.frozen
class Help:
    """The keys of the page that is shown, and those of all pages."""


@attrs.frozen(kw_only=True)
class ChangeQuestion:
    """Whether something is to be done."""

    text: str
    yes: tuple[Effect, ...]


Over = Help | ChangeQuestion
