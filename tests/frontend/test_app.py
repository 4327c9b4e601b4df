"""The front end as the composition root starts it."""

from __future__ import annotations

from functools import partial

import pytest
import trio

from argus_trio.config.model.server import Server
from argus_trio.core.catalog.identity import GatewayIdentity
from argus_trio.core.journal import Journal
from argus_trio.errors import ListenFailed
from argus_trio.frontend.app import run_frontend, tell_full
from argus_trio.frontend.gateway import Gateway
from argus_trio.frontend.http.served_settings import CurrentSettings, ServedSettings
from argus_trio.frontend.input_required.seal import AesGcmSeal
from argus_trio.frontend.notifications.announcer import Announcer
from tests.frontend.support.serving import WELL, Backstage, call, initialized, post, serving


async def test_a_failure_to_listen_reaches_the_starter_as_it_is() -> None:
    async with serving() as served, trio.open_nursery() as nursery:
        run = partial(
            run_frontend,
            Gateway(handler=Backstage().handle, identity=lambda _: GatewayIdentity(version="1"), health=lambda: WELL),
            announcer=Announcer(),
            settings=CurrentSettings(ServedSettings.of(Server(port=served.port))),
            stop=trio.Event(),
            make_seal=AesGcmSeal,
        )
        with pytest.raises(ListenFailed):
            await nursery.start(run)


async def test_50_calls_at_once_are_all_answered() -> None:
    async with serving() as served:
        session = await initialized(served)
        found: set[object] = set()

        async def ask_one(number: int) -> None:
            found.add((await post(served, call("echo", number), session)).json["id"])

        async with trio.open_nursery() as nursery:
            for number in range(50):
                nursery.start_soon(ask_one, number)
        assert found == set(range(50))


async def test_a_cancellation_cuts_everything_at_once() -> None:
    async with serving() as served:
        session = await initialized(served)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(post, served, call("wait"), session)
            await served.backstage.waiting.wait()
            nursery.cancel_scope.cancel()
        began = trio.current_time()
    assert trio.current_time() - began < 1
    assert served.backstage.cancelled.is_set()


def test_that_it_holds_too_much_is_noted_with_what_to_do() -> None:
    journal = Journal(now=lambda: 0.0)
    tell_full(journal, 900, 1000)
    (event,) = journal.since(1)[0]
    assert (event.stage, event.severity, event.details) == ("memory_full", "warning", {"held": 900, "limit": 1000})
    assert "server.limits.memory" in event.message
