"""Which page is shown by which view."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import urwid

from argus_trio.tui.pages.backend.page import BackendPage
from argus_trio.tui.pages.calling.ask import AskPage
from argus_trio.tui.pages.calling.call import CallPage
from argus_trio.tui.pages.calling.history import HistoryPage
from argus_trio.tui.pages.calling.invoke import InvokePage
from argus_trio.tui.pages.configuration import ConfigurationPage
from argus_trio.tui.pages.entry import EntryPage
from argus_trio.tui.pages.events import EventsPage
from argus_trio.tui.pages.overview import OverviewPage
from argus_trio.tui.pages.record import RecordPage
from argus_trio.tui.pages.tools import ToolsPage
from argus_trio.tui.pages.traffic import TrafficPage
from argus_trio.tui.pages.tree import TreePage
from argus_trio.tui.screens.backend.overview import overview
from argus_trio.tui.screens.backend.page import backend
from argus_trio.tui.screens.calling.ask import ask
from argus_trio.tui.screens.calling.call import call
from argus_trio.tui.screens.calling.history import history
from argus_trio.tui.screens.calling.invoke import invoke
from argus_trio.tui.screens.entry import entry
from argus_trio.tui.screens.observed import configuration, events, tree
from argus_trio.tui.screens.record import record
from argus_trio.tui.screens.tools import tools
from argus_trio.tui.screens.traffic import traffic
from argus_trio.tui.state.world import World

PageView = Callable[[Any, World, int, int], urwid.Widget]
"""A page, the world, columns and rows to a box widget. Each view takes its own page, so the first is of any type."""

VIEWS: Final[Mapping[type, PageView]] = {
    EntryPage: entry,
    HistoryPage: history,
    InvokePage: invoke,
    OverviewPage: overview,
    ToolsPage: tools,
    CallPage: call,
    AskPage: ask,
    TrafficPage: traffic,
    ConfigurationPage: configuration,
    TreePage: tree,
    EventsPage: events,
    RecordPage: record,
    BackendPage: backend,
}
