"""The expiry of a legacy session, through the whole gateway: it ends at its backends what was begun in it."""

from __future__ import annotations

import sys
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from pathlib import Path

import httpx2
import pytest
import trio

from argus_trio.backends.links.open import open_link
from argus_trio.backends.routing.identity import CurrentIdentity
from argus_trio.backends.routing.resource_watch import ResourceWatch
from argus_trio.config.model.backend import BackendSpec, HttpBackend, StdioBackend
from argus_trio.config.model.config import Config
from argus_trio.config.model.server import Server
from argus_trio.frontend.app import run_frontend
from argus_trio.frontend.gateway import Gateway
from argus_trio.frontend.http.keep_alive import TICK_SECONDS
from argus_trio.frontend.http.limits import Limits
from argus_trio.frontend.http.served_settings import CurrentSettings, ServedSettings
from argus_trio.frontend.input_required.seal import AesGcmSeal
from argus_trio.frontend.notifications.announcer import Announcer
from tests.backends.support.scopes import supervisor_of
from tests.e2e.child import ROOT, Child, serving
from tests.e2e.raw import LEGACY

SHORT_SECONDS = 0.5
LIMIT_SECONDS = 40.0
HEADERS = {"accept": "application/json, text/event-stream", "mcp-protocol-version": LEGACY}


@contextmanager
def backend(transport: str, journal: Path) -> Iterator[BackendSpec]:
    """A legacy server that marks in `journal` what becomes of its calls."""
    arguments = ("-m", "tests.servers.featured", transport, "--name", "far", "--journal", str(journal))
    if transport == "stdio":
        yield StdioBackend(name="far", command=sys.executable, args=arguments, env={"PYTHONPATH": str(ROOT)})
        return
    with Child([sys.executable, *arguments]) as child:
        yield HttpBackend(name="far", url=f"http://127.0.0.1:{child.wait_for(serving)}/mcp")


@asynccontextmanager
async def gateway(backend: BackendSpec) -> AsyncIterator[str]:
    """A gateway in this process, whose sessions expire soon: its URL."""
    config = Config(backends={backend.name: backend}, server=Server(port=0))
    announcer, stop = Announcer(), trio.Event()
    supervisor, _ = supervisor_of(config, open_link, announcer.announce)
    limits = Limits(body_bytes=1_000_000, session_idle=SHORT_SECONDS)
    behind = Gateway(
        handler=supervisor.generations.serve,
        identity=CurrentIdentity(supervisor, "1"),
        health=supervisor.health,
        watch=ResourceWatch(supervisor),
        tell=supervisor.forward_notification,
        release=supervisor.release,
    )
    run = partial(
        run_frontend,
        behind,
        announcer=announcer,
        settings=CurrentSettings(ServedSettings.of(config.server, limits)),
        stop=stop,
        make_seal=AesGcmSeal,
    )
    with trio.fail_after(LIMIT_SECONDS):
        async with trio.open_nursery() as nursery:
            await nursery.start(supervisor.run)
            urls: tuple[str, ...] = await nursery.start(run)
            yield f"{urls[0]}/mcp"
            nursery.cancel_scope.cancel()


@asynccontextmanager
async def session(url: str, capabilities: object) -> AsyncIterator[httpx2.AsyncClient]:
    """A session that nothing ends but its expiry."""
    async with httpx2.AsyncClient(headers=HEADERS, timeout=LIMIT_SECONDS) as http:
        params = {"protocolVersion": LEGACY, "capabilities": capabilities, "clientInfo": {"name": "x", "version": "1"}}
        answer = await http.post(url, json={"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": params})
        http.headers["mcp-session-id"] = answer.headers["mcp-session-id"]
        yield http


def call_of(tool: str, **arguments: object) -> dict[str, object]:
    params = {"name": f"far__{tool}", "arguments": arguments}
    return {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}


async def marked(mark: Path) -> None:
    while not await trio.Path(mark).exists():  # noqa: ASYNC110
        await trio.sleep(0.02)  # another process has no event to wait for


@pytest.mark.parametrize("capabilities", [{}, {"roots": {}}], ids=["shared", "own"])
@pytest.mark.parametrize("transport", ["stdio", "streamable-http"])
async def test_a_call_whose_client_is_gone_is_cancelled_at_its_backend_when_the_session_expires(
    transport: str, capabilities: object, tmp_path: Path
) -> None:
    token = uuid.uuid4().hex
    with backend(transport, tmp_path) as spec:
        async with gateway(spec) as url, session(url, capabilities) as http:
            await lose_a_call(url, http, tmp_path / token)
            assert (await http.post(url, json=call_of("echo"))).status_code == 404


async def lose_a_call(url: str, http: httpx2.AsyncClient, mark: Path) -> None:
    """Begin a call, go, and wait until its backend has noticed."""
    scope = trio.CancelScope()

    async def begin() -> None:
        with scope:
            await http.post(url, json=call_of("wait", token=mark.name))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(begin)
        await marked(mark.with_suffix(".waiting"))
        # Longer than the idle time and a tick: as long as the client is there, it is served.
        await trio.sleep(SHORT_SECONDS + 1.5 * TICK_SECONDS)
        assert not await trio.Path(mark.with_suffix(".cancelled")).exists()
        scope.cancel()
        await marked(mark.with_suffix(".cancelled"))
