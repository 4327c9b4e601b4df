"""`/manage/v1/status` over a real socket."""

from __future__ import annotations

import msgspec

from argus_trio import __version__
from argus_trio.contract.health import StatusAnswer
from argus_trio.core.health.health import Health
from argus_trio.frontend.gateway import Management
from tests.frontend.support.serving import Served, ask, initialized, serving


async def status_of(served: Served) -> StatusAnswer:
    answer = await ask(served, "GET", "/manage/v1/status")
    assert answer.status == 200
    return msgspec.json.decode(answer.body, type=StatusAnswer)


async def test_the_gateway_is_told_in_a_glance() -> None:
    async with serving(management=Management(instance="i")) as served:
        await initialized(served)
        status = await status_of(served)
    assert (status.service.name, status.service.version, status.service.instance) == ("argus-trio", __version__, "i")
    assert status.service.state == "running"
    assert status.transport.streamable_http_url == f"{status.transport.urls[0]}/mcp"
    assert status.transport.streamable_http_url.endswith(f"127.0.0.1:{status.transport.port}/mcp")
    assert (status.load.sessions, status.load.requests) == (1, 1)
    assert status.config.file_path is None
    assert status.log_level == "info"


async def test_a_gateway_whose_backends_start_is_starting() -> None:
    async with serving(health=Health(total=2, connected=1, healthy=1, starting=1)) as served:
        assert (await status_of(served)).service.state == "starting"


async def test_a_backend_that_a_reload_added_does_not_make_it_starting() -> None:
    async with serving(health=Health(total=2, connected=1, healthy=1, starting=1, added=1)) as served:
        assert (await status_of(served)).service.state == "running"
