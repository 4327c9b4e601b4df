"""Which page answers which operation of the management API."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from argus_trio.contract.operation import Operation
from argus_trio.frontend.gateway import Gateway
from argus_trio.frontend.manage.backends import backend_pages
from argus_trio.frontend.manage.exchanges import exchange_pages
from argus_trio.frontend.manage.health import health_pages
from argus_trio.frontend.manage.reload import reload_pages
from argus_trio.frontend.manage.request import Page
from argus_trio.frontend.manage.sessions import SessionTable, session_pages
from argus_trio.frontend.manage.tree import tree_pages


def all_pages(gateway: Gateway, *, tables: Sequence[SessionTable] = ()) -> Mapping[Operation, Page]:
    """Every operation that this gateway serves, and what answers it; the sessions of clients are in `tables`."""
    return {
        **health_pages(gateway),
        **backend_pages(gateway),
        **reload_pages(gateway),
        **exchange_pages(gateway),
        **session_pages(gateway, tables),
        **tree_pages(),
    }
