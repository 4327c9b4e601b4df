"""Greeting: the era is found out, and nothing that is no positive sign makes a backend modern."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import trio
from trio.testing import MockClock

from argus_trio.backends.connection.handshake import (
    PROBE_SILENCE_SECONDS,
    DiedAtProbe,
    HandshakeRefused,
    perform_handshake,
)
from argus_trio.backends.links.stderr import StderrRing
from argus_trio.config.model.backend import StdioBackend
from argus_trio.errors import AnswerInvalid, LinkFailed
from argus_trio.wire.envelope import Notification, Request
from argus_trio.wire.revisions import Era
from tests.backends.support.fakes import FakeBackend, FakeLink, Json, Refusal

SPEC = StdioBackend(name="files", command="unused")


@asynccontextmanager
async def opened(backend: FakeBackend) -> AsyncIterator[FakeLink]:
    async def inbox(message: Request | Notification, within: int | None) -> None: ...

    async with backend.open(SPEC, inbox, StderrRing("files")):
        yield backend.links[-1]


def asked(backend: FakeBackend) -> list[str]:
    return [method for method, _ in backend.seen]


async def test_a_modern_backend_is_known_by_its_discovery(autojump_clock: MockClock) -> None:
    backend = FakeBackend(era=Era.MODERN)
    async with opened(backend) as link:
        handshake = await perform_handshake(link, "auto")
    assert (handshake.era, handshake.revision) == (Era.MODERN, "2026-07-28")
    assert asked(backend) == ["server/discover"]
    assert dict(backend.headers[0]) == {"mcp-protocol-version": "2026-07-28", "mcp-method": "server/discover"}


async def test_a_backend_that_refuses_discovery_is_greeted_with_initialize(autojump_clock: MockClock) -> None:
    backend = FakeBackend()
    async with opened(backend) as link:
        handshake = await perform_handshake(link, "auto")
    assert (handshake.era, handshake.revision) == (Era.LEGACY, "2025-11-25")
    assert asked(backend) == ["server/discover", "initialize", "notifications/initialized"]
    assert trio.current_time() < PROBE_SILENCE_SECONDS


async def test_a_backend_that_answers_discovery_with_nothing_is_greeted_at_once(autojump_clock: MockClock) -> None:
    async def nothing(_params: Json) -> Json:
        raise AnswerInvalid("it has neither")

    backend = FakeBackend(answers={"server/discover": nothing})
    async with opened(backend) as link:
        handshake = await perform_handshake(link, "auto")
    assert handshake.era is Era.LEGACY
    assert trio.current_time() < PROBE_SILENCE_SECONDS


@pytest.mark.parametrize(
    "discovered", [{}, {"supportedVersions": 7}, {"supportedVersions": []}, {"supportedVersions": ["2025-11-25"]}]
)
async def test_a_discovery_without_a_modern_revision_means_legacy(discovered: Json, autojump_clock: MockClock) -> None:
    async def discover(_params: Json) -> Json:
        return discovered

    backend = FakeBackend(answers={"server/discover": discover})
    async with opened(backend) as link:
        assert (await perform_handshake(link, "auto")).era is Era.LEGACY


async def test_silence_at_discovery_is_followed_by_initialize_on_the_same_link(autojump_clock: MockClock) -> None:
    async def silent(_params: Json) -> Json:
        await trio.sleep_forever()
        raise AssertionError

    backend = FakeBackend(answers={"server/discover": silent})
    async with opened(backend) as link:
        handshake = await perform_handshake(link, "auto")
        assert link.waiting == 0
    assert handshake.era is Era.LEGACY
    assert trio.current_time() == pytest.approx(PROBE_SILENCE_SECONDS, abs=0.1)


async def test_a_modern_backend_that_starts_slowly_is_still_found_modern(autojump_clock: MockClock) -> None:
    async def slow(_params: Json) -> Json:
        await trio.sleep(PROBE_SILENCE_SECONDS * 3)
        return {"supportedVersions": ["2026-07-28"], "capabilities": {}, "instructions": "be kind"}

    async def unknown(_params: Json) -> Json:
        await trio.sleep(PROBE_SILENCE_SECONDS * 4)
        raise Refusal(-32022, "modern only")

    backend = FakeBackend(answers={"server/discover": slow, "initialize": unknown})
    async with opened(backend) as link:
        handshake = await perform_handshake(link, "auto")
    assert handshake.era is Era.MODERN
    assert handshake.instructions == "be kind"


async def test_a_backend_that_leaves_at_discovery_is_told_apart(autojump_clock: MockClock) -> None:
    async def leave(_params: Json) -> Json:
        backend.links[0].die("exited with code 1", "unknown method")
        await trio.sleep_forever()
        raise AssertionError

    backend = FakeBackend(answers={"server/discover": leave})
    with pytest.RaisesGroup(DiedAtProbe, flatten_subgroups=True, allow_unwrapped=True):
        async with opened(backend) as link:
            await perform_handshake(link, "auto")


@pytest.mark.parametrize(
    "result", [{}, {"protocolVersion": 1}, {"protocolVersion": "1999-01-01"}, {"protocolVersion": "2026-07-28"}]
)
async def test_an_initialize_that_is_not_understood_is_refused(result: Json, autojump_clock: MockClock) -> None:
    async def odd(_params: Json) -> Json:
        return result

    async with opened(FakeBackend(answers={"initialize": odd})) as link:
        with pytest.raises(HandshakeRefused):
            await perform_handshake(link, "legacy")


async def test_pinned_to_an_era_only_that_one_is_asked(autojump_clock: MockClock) -> None:
    legacy, modern = FakeBackend(), FakeBackend(era=Era.MODERN)
    async with opened(legacy) as link:
        await perform_handshake(link, "legacy")
    async with opened(modern) as link:
        with pytest.raises(LinkFailed):
            await perform_handshake(link, "legacy")
    assert asked(legacy) == ["initialize", "notifications/initialized"]
    assert asked(modern) == ["initialize"]


async def test_a_refusal_that_names_the_version_that_was_asked_for_is_asked_again(autojump_clock: MockClock) -> None:
    refusals = [Refusal(-32022, "not yet")]

    async def discover(_params: Json) -> Json:
        if refusals:
            refusals[0].error["data"] = {"supported": ["2026-07-28"]}
            raise refusals.pop()
        return {"supportedVersions": ["2026-07-28"], "capabilities": {}}

    backend = FakeBackend(answers={"server/discover": discover})
    async with opened(backend) as link:
        assert (await perform_handshake(link, "auto")).era is Era.MODERN
    assert asked(backend) == ["server/discover", "server/discover"]
