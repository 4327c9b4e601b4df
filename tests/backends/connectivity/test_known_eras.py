"""What backends turned out to be is kept with their command or URL, over the scopes of one gateway."""

from __future__ import annotations

import pytest
import trio
from trio.testing import MockClock

from argus_trio.backends.connection.handshake import HandshakeOrder
from argus_trio.backends.connection.open import BackendAddress
from argus_trio.backends.connectivity.known_eras import MOST_KNOWN, KnownEras
from argus_trio.backends.connectivity.recovery import Recovery, breaker_of
from argus_trio.backends.connectivity.shared_connection import SharedConnection
from argus_trio.backends.connectivity.start_turns import StartTurns
from argus_trio.backends.subscriptions.hub import SubscriptionHub
from argus_trio.config.model.backend import BackendSpec, HttpBackend, StdioBackend
from argus_trio.core.redaction import Redactor
from argus_trio.wire.revisions import Era
from tests.backends.support.fakes import FakeBackend, Json

STDIO = StdioBackend(name="a", command="npx", args=("-y", "x"))
SPECS: tuple[BackendSpec, ...] = (STDIO, HttpBackend(name="a", url="http://127.0.0.1:9/mcp"))


def shared_at(backend: FakeBackend, spec: BackendSpec, eras: KnownEras) -> SharedConnection:
    address = BackendAddress(spec=spec, open_link=backend.open, redact=Redactor())
    shared = SharedConnection(
        address=address,
        turns=StartTurns(lambda: 4),
        eras=eras,
        recovery=Recovery(spec.name, address.redact, breaker_of(spec)),
        subscriptions=SubscriptionHub(address),
        on_open=lambda _: None,
        on_relisted=lambda _: None,
    )
    shared.recovery.begin()
    return shared


async def asked_at_start(backend: FakeBackend, spec: BackendSpec, eras: KnownEras) -> list[str]:
    """The questions of one start, until there is a connection."""
    before = len(backend.seen)
    shared = shared_at(backend, spec, eras)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(shared.run)
        await shared.connected()
        nursery.cancel_scope.cancel()
    return [method for method, _ in backend.seen[before:] if method in ("server/discover", "initialize")]


@pytest.mark.parametrize("spec", SPECS, ids=["stdio", "http"])
async def test_a_legacy_server_is_asked_for_its_era_once(autojump_clock: MockClock, spec: BackendSpec) -> None:
    backend, eras = FakeBackend(), KnownEras()
    assert await asked_at_start(backend, spec, eras) == ["server/discover", "initialize"]
    assert await asked_at_start(backend, spec, eras) == ["initialize"]


async def test_what_is_known_of_one_command_says_nothing_of_another(autojump_clock: MockClock) -> None:
    backend, eras = FakeBackend(), KnownEras()
    await asked_at_start(backend, STDIO, eras)
    other = StdioBackend(name="a", command="npx", args=("-y", "y"))
    assert await asked_at_start(backend, other, eras) == ["server/discover", "initialize"]


async def test_that_a_program_died_at_its_start_is_not_taken_for_its_era(autojump_clock: MockClock) -> None:
    async def leave(_params: Json) -> Json:
        backend.links[-1].die("exited with code 1", "no API key")
        await trio.sleep_forever()
        raise AssertionError

    backend, eras = FakeBackend(era=Era.MODERN, answers={"server/discover": leave, "initialize": leave}), KnownEras()
    shared = shared_at(backend, STDIO, eras)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(shared.run)
        await shared.tried.wait()
        nursery.cancel_scope.cancel()
    assert len(backend.links) == 2
    backend.answers.clear()
    assert await asked_at_start(backend, STDIO, eras) == ["server/discover"]


async def test_what_answers_otherwise_than_it_used_to_is_found_out_again(autojump_clock: MockClock) -> None:
    backend, eras = FakeBackend(), KnownEras()
    await asked_at_start(backend, STDIO, eras)
    backend.era = Era.MODERN
    assert await asked_at_start(backend, STDIO, eras) == ["initialize", "server/discover"]
    assert await asked_at_start(backend, STDIO, eras) == ["server/discover"]


async def test_a_predecessor_with_another_command_teaches_nothing(autojump_clock: MockClock) -> None:
    backend, eras = FakeBackend(), KnownEras()
    old = shared_at(backend, STDIO, eras)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(old.run)
        await old.connected()
        nursery.cancel_scope.cancel()
    new = shared_at(backend, StdioBackend(name="a", command="other"), eras)
    new.adopt(old.handshake)
    assert new.handshake is old.handshake
    assert new.order() == "auto"


def test_as_many_are_known_as_may_be_and_the_oldest_is_forgotten() -> None:
    eras = KnownEras()
    order: HandshakeOrder = "legacy-first"
    specs = [StdioBackend(name="a", command=str(number)) for number in range(MOST_KNOWN + 1)]
    for spec in specs:
        eras.keep(spec, order)
    assert eras.order(specs[0]) == "auto"
    assert {eras.order(spec) for spec in specs[1:]} == {"legacy-first"}


def test_a_command_line_with_a_secret_is_not_shown() -> None:
    eras = KnownEras()
    eras.keep(StdioBackend(name="a", command="x", args=("--token", "s3cret")), "auto")
    assert "s3cret" not in repr(eras)
