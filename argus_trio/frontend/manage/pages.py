"""Which page answers which operation of the management API."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from argus_trio.contract.operation import Operation
from argus_trio.frontend.gateway import Gateway
from argus_trio.frontend.manage.backends import backend_pages
from argus_trio.frontend.manage.calls.pages import call_pages
from argus_trio.frontend.manage.calls.served import ServedCalls
from argus_trio.frontend.manage.clients.exchanges import exchange_pages
from argus_trio.frontend.manage.clients.me import me_pages
from argus_trio.frontend.manage.clients.sessions import SessionTable, session_pages
from argus_trio.frontend.manage.described.capabilities import capability_pages
from argus_trio.frontend.manage.described.configuration import configuration_pages
from argus_trio.frontend.manage.described.documents import document_pages
from argus_trio.frontend.manage.described.isolation import isolation_pages
from argus_trio.frontend.manage.health import health_pages
from argus_trio.frontend.manage.logs import log_pages
from argus_trio.frontend.manage.operate.control import control_pages
from argus_trio.frontend.manage.operate.reload import reload_pages
from argus_trio.frontend.manage.request import Page
from argus_trio.frontend.manage.status import ServedFacts, batch_pages, status_pages
from argus_trio.frontend.manage.tree import tree_pages
from argus_trio.frontend.manage.watch.egress import egress_pages
from argus_trio.frontend.manage.watch.events import events_pages
from argus_trio.frontend.manage.watch.metrics import metrics_pages


def all_pages(
    gateway: Gateway, facts: ServedFacts, *, calls: ServedCalls, tables: Sequence[SessionTable] = ()
) -> Mapping[Operation, Page]:
    """Every operation that this gateway serves, and what answers it; the sessions of clients are in `tables`."""
    pages = {
        **health_pages(gateway),
        **status_pages(gateway, facts),
        **backend_pages(gateway),
        **isolation_pages(gateway),
        **capability_pages(gateway),
        **document_pages(),
        **reload_pages(gateway),
        **control_pages(gateway),
        **events_pages(gateway),
        **metrics_pages(gateway, facts),
        **log_pages(gateway),
        **egress_pages(gateway),
        **call_pages(calls),
        **me_pages(),
        **exchange_pages(gateway),
        **session_pages(gateway, tables),
        **tree_pages(),
        **configuration_pages(gateway),
    }
    return {**pages, **batch_pages(pages)}
