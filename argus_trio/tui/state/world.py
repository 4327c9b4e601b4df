"""What is known of the gateway that is looked at, as one value."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import attrs

from argus_trio import Value
from argus_trio.contract.backends import BackendEntry, DrainingEntry
from argus_trio.contract.capabilities import CapabilitiesAnswer
from argus_trio.contract.events import EventEntry, FigureEntry, FiguresEntry
from argus_trio.contract.health import StatusAnswer
from argus_trio.core.access.access import ManageRight
from argus_trio.manage_client.moments import seconds_of
from argus_trio.tui.calls.book import CallBook
from argus_trio.tui.parts.look import Appearance
from argus_trio.tui.state.asking import Asking


@attrs.frozen(kw_only=True)
class GatewayLink(Value):
    """How the connection to the gateway stands."""

    state: Literal["none", "connecting", "connected", "lost", "refused"] = "connecting"
    """`none`: no gateway is chosen yet. `refused`: the gateway answers, and shows nothing live to who asks; it is not
    tried again unless the user asks for it."""
    why: str = ""
    """Why it is lost, and what to do."""
    since: float = 0.0
    """Since when it is in this state; 0 before the first second has passed."""


@attrs.frozen(kw_only=True)
class World(Value):
    """The gateway as far as it is known, and the terminal it is shown on."""

    shown: str
    """The address of the gateway, as people are told."""
    gateway: str = ""
    """Its name in the list of gateways; empty where it has none."""
    view: str = ""
    """The view by which tools are called; empty for the endpoint that shows all."""
    link: GatewayLink = attrs.field(factory=GatewayLink)
    rights: frozenset[ManageRight] = frozenset()
    """What the API lets who asks do, as far as it has said."""
    rights_told: bool = False
    """Whether the gateway has said what they are. One that does not is taken to let everything be done until it
    refuses something."""
    principal: str = ""
    asking: Asking = attrs.field(factory=Asking)
    """What is asked again because it has changed."""
    is_read_only: bool = False
    """Whether nothing is to be changed, by flag."""
    now: float = 0.0
    columns: int = 80
    rows: int = 24
    look: Appearance = attrs.field(factory=Appearance)
    status: StatusAnswer | None = None
    backends: Mapping[str, BackendEntry] = attrs.field(factory=dict)
    """By name, in the order of the file."""
    draining: tuple[DrainingEntry, ...] = ()
    """Backends that a change replaced or removed, while calls are under way there."""
    figures: FiguresEntry | None = None
    latencies: Mapping[str, tuple[float, ...]] = attrs.field(factory=dict)
    """The p50 of each backend, in ms, once a second, oldest first; bounded."""
    events: tuple[EventEntry, ...] = ()
    """The latest, oldest first; bounded."""
    capabilities: CapabilitiesAnswer | None = None
    calls: CallBook = attrs.field(factory=CallBook)
    """What was called here, and what these calls ask."""

    @property
    def may_operate(self) -> bool:
        """Whether what changes the gateway is offered."""
        return "operate" in self.rights and not self.is_read_only

    @property
    def is_live(self) -> bool:
        """Whether what is known is kept up to date."""
        return self.link.state == "connected"

    @property
    def page(self) -> int:
        """How many rows a page has for itself: all but the head, the tabs, the notice and the foot."""
        return max(self.rows - 4, 1)

    @property
    def gateway_now(self) -> float:
        """The clock of the gateway, as far as it has told it lately: its times are of it, and not of this machine's."""
        told = seconds_of(self.figures.timestamp) if self.figures is not None and self.is_live else None
        return self.now if told is None else told

    @property
    def totals(self) -> tuple[FigureEntry, ...]:
        """The figures of each backend, all its tools together."""
        return tuple(each for each in self.figures.figures if not each.tool) if self.figures is not None else ()

    def figure(self, backend: str, tool: str = "") -> FigureEntry | None:
        """The figures of a backend, or of one of its tools."""
        found = self.figures.figures if self.figures else ()
        return next((each for each in found if each.backend == backend and each.tool == tool), None)
