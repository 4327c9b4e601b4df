"""The pages that a digit leads to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from argus_trio.tui.pages.overview import OverviewPage
from argus_trio.tui.pages.page import DashboardPage
from argus_trio.tui.pages.tools import ToolsPage

TABS: Final[Mapping[str, Callable[[], DashboardPage]]] = {"1": OverviewPage, "2": ToolsPage}
"""The page of each digit, as it is at first."""
