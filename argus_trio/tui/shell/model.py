"""The whole of the dashboard as one value."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from argus_trio import Value
from argus_trio.tui.pages.page import DashboardPage
from argus_trio.tui.servers import KnownGateway
from argus_trio.tui.shell.notice import Notice, PastNotice
from argus_trio.tui.shell.over import Over
from argus_trio.tui.state.world import World


@attrs.frozen(kw_only=True)
class Model(Value):
    """What is known, and what is shown of it."""

    world: World
    stacks: Mapping[str, tuple[DashboardPage, ...]]
    """The pages that are open at each tab, the one on top last."""
    tab: str = "1"
    begun: frozenset[str] = frozenset()
    """The tabs whose first page has been opened: none asks for anything before somebody looks at it."""
    over: Over | None = None
    notice: Notice | None = None
    told: tuple[PastNotice, ...] = ()
    """What was told, the latest last; bounded."""
    gateways: tuple[KnownGateway, ...] = ()
    """Those that can be looked at."""

    @property
    def page(self) -> DashboardPage:
        """The page that is shown."""
        return self.stacks[self.tab][-1]
