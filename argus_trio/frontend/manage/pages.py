"""Which page answers which operation of the management API."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from argus_trio.contract.operation import Operation
from argus_trio.frontend.gateway import Gateway
from argus_trio.frontend.manage.backends import backend_pages
from argus_trio.frontend.manage.health import health_pages
from argus_trio.frontend.manage.reload import reload_pages
from argus_trio.frontend.manage.request import Page
from argus_trio.frontend.manage.watch.events import events_pages
from argus_trio.frontend.manage.watch.metrics import ServedCounts, metrics_pages


def all_pages(gateway: Gateway, counts: Callable[[], ServedCounts] = ServedCounts) -> Mapping[Operation, Page]:
    """Every operation that this gateway serves, and what answers it; `counts` tells what the front end counts."""
    return {
        **health_pages(gateway),
        **backend_pages(gateway),
        **reload_pages(gateway),
        **events_pages(gateway),
        **metrics_pages(gateway, counts),
    }
