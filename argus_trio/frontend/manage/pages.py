"""Which page answers which operation of the management API."""

from __future__ import annotations

from collections.abc import Mapping

from argus_trio.contract.operation import Operation
from argus_trio.frontend.gateway import Gateway
from argus_trio.frontend.manage.backends import backend_pages
from argus_trio.frontend.manage.capabilities import capability_pages
from argus_trio.frontend.manage.documents import document_pages
from argus_trio.frontend.manage.health import health_pages
from argus_trio.frontend.manage.reload import reload_pages
from argus_trio.frontend.manage.request import Page


def all_pages(gateway: Gateway) -> Mapping[Operation, Page]:
    """Every operation that this gateway serves, and what answers it."""
    return {
        **health_pages(gateway),
        **backend_pages(gateway),
        **capability_pages(gateway),
        **document_pages(),
        **reload_pages(gateway),
    }
