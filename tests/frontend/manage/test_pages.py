"""Every operation of the contract has a page, and every page is one of the contract."""

from __future__ import annotations

from typing import cast

from argus_trio.config.model.server import Server
from argus_trio.contract.openapi import operations
from argus_trio.core.catalog.identity import GatewayIdentity
from argus_trio.core.health.health import Health
from argus_trio.frontend.gateway import Control, Gateway
from argus_trio.frontend.http.served_settings import CurrentSettings, ServedSettings
from tests.frontend.support.managing import pages_of
from tests.frontend.support.serving import Backstage


async def test_every_operation_has_a_page_and_every_page_an_operation() -> None:
    class Changes:
        """Stands for what can have something changed, and is asked for nothing here."""

    gateway = Gateway(
        handler=Backstage().handle,
        identity=lambda _: GatewayIdentity(version="1"),
        health=lambda: Health(total=0, connected=0, healthy=0, starting=0),
        control=cast("Control", Changes()),
    )
    pages = pages_of(gateway, CurrentSettings(ServedSettings.of(Server(port=0))))
    assert set(pages) == set(operations())
