"""The pages that a digit leads to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from argus_trio.tui.pages.configuration import ConfigurationPage
from argus_trio.tui.pages.events import EventsPage
from argus_trio.tui.pages.overview import OverviewPage
from argus_trio.tui.pages.page import DashboardPage
from argus_trio.tui.pages.tools import ToolsPage
from argus_trio.tui.pages.traffic import TrafficPage
from argus_trio.tui.pages.tree import TreePage

TABS: Final[Mapping[str, Callable[[], DashboardPage]]] = {
    "1": OverviewPage,
    "2": ToolsPage,
    "3": TrafficPage,
    "4": ConfigurationPage,
    "5": TreePage,
    "6": EventsPage,
}
"""The page of each digit, as it is at first."""
