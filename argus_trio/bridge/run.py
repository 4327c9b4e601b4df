"""`argus-trio stdio`: the bridge between this process's stdin and stdout and a gateway, until a signal or either end.

The command line is read elsewhere; here are the address, the signals and the loop over lines.
"""

from __future__ import annotations

import signal
from collections.abc import Mapping
from typing import Final
from urllib.parse import quote, urlsplit, urlunsplit

import structlog
import trio

from argus_trio.bridge.bridge import bridging
from argus_trio.bridge.carrier import Carrier
from argus_trio.bridge.defaults import WAIT_SECONDS
from argus_trio.bridge.gateway_wait import GatewayWait
from argus_trio.bridge.pipes import LineReader, line_writer
from argus_trio.contract.address import UNIX, gateway_address
from argus_trio.errors import LinkFailed, ParseFailed
from argus_trio.net.http_client import open_http_client
from argus_trio.net.service_nursery import ServiceNursery
from argus_trio.wire.lines import LineTooLong

log = structlog.get_logger()

PATH: Final = "/mcp"
"""The path of a gateway's endpoint."""


async def run_bridge(
    url: str,
    headers: Mapping[str, str],
    *,
    view: str = "",
    wait_seconds: float = WAIT_SECONDS,
    stdin: int = 0,
    stdout: int = 1,
) -> None:
    """Carry messages between two descriptors and the gateway at `url`, at the endpoint of `view` where one is given.

    Returns when `stdin` has ended, nobody reads `stdout` any more, or a signal says stop.

    The gateway need not be there yet, and may go and come again: what nobody takes waits for `wait_seconds`.

    Raises:
        LinkFailed: the URL cannot be used, or names another view.
    """
    async with open_http_client(endpoint(url, view), name="gateway", headers=headers) as client:
        with trio.CancelScope() as scope:
            async with ServiceNursery() as helpers, line_writer(stdout, scope) as write:
                await helpers.start(_stop_on_signals, scope)
                carrier = Carrier(client, GatewayWait(str(client.origin), wait_seconds))
                async with bridging(carrier, write) as bridge:
                    reader = LineReader(stdin)
                    while (lines := await reader.read()) is not None:
                        for line in lines:
                            if isinstance(line, LineTooLong):
                                await bridge.refuse(ParseFailed(str(line)))
                            else:
                                await bridge.accept(line)


def endpoint(url: str, view: str = "") -> str:
    """The address of the gateway's endpoint, or of a view's, given that, the gateway's base URL or another end of it.

    Raises:
        LinkFailed: the URL names another view, or a Unix socket.
    """
    if url.startswith(UNIX):
        raise LinkFailed(
            "the bridge reaches a gateway over HTTP alone: write an address such as http://127.0.0.1:9000/mcp"
        )
    try:
        address = gateway_address(url)
    except ValueError:  # whoever opens it says why
        return url
    named = quote(view, safe="") or address.view
    if address.view and named != address.view:
        raise LinkFailed(f"the URL leads to the view {address.view}, and --view asks for {view}: leave one of them out")
    parts = urlsplit(address.base)
    path = parts.path + PATH
    return urlunsplit(parts._replace(path=f"{path}/{named}" if named else path))


async def _stop_on_signals(
    scope: trio.CancelScope, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
) -> None:
    with trio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as signals:
        task_status.started()
        async for number in signals:
            log.info("stopping", signal=signal.Signals(number).name)
            scope.cancel()
