"""Greeting: the era is found out, and nothing that is no positive sign makes a backend modern."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
import trio
from trio.testing import MockClock

from argus_trio.backends.connection.handshake import (
    PATIENT_TIMES,
    PROBE_SILENCE_SECONDS,
    SILENT,
    DiedAtProbe,
    EraGuess,
    HandshakeOrder,
    HandshakeRefused,
    perform_handshake,
)
from argus_trio.backends.links.stderr import StderrRing
from argus_trio.config.model.backend import StdioBackend
from argus_trio.errors import AnswerInvalid, HttpRefused, LinkFailed
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


async def never(_params: Json) -> Json:
    await trio.sleep_forever()
    raise AssertionError


def silent_after(seconds: float, *, is_program: bool) -> Callable[[], Awaitable[bool]]:
    async def wait_silent() -> bool:
        await trio.sleep(seconds)
        return is_program

    return wait_silent


async def test_a_program_that_is_silent_is_asked_nothing_more(autojump_clock: MockClock) -> None:
    backend = FakeBackend(answers={"server/discover": never})
    with pytest.raises(DiedAtProbe, match=SILENT):
        async with opened(backend) as link:
            await perform_handshake(link, "auto", wait_silent=silent_after(5, is_program=True))
    assert asked(backend) == ["server/discover"]
    assert trio.current_time() == pytest.approx(5, abs=0.1)


async def test_a_remote_server_that_is_silent_is_sent_initialize_once_it_is_not_asked_any_more(
    autojump_clock: MockClock,
) -> None:
    async def greet(_params: Json) -> Json:
        assert link.waiting == 1  # nothing else is open there
        return {"protocolVersion": "2025-11-25", "capabilities": {}}

    backend = FakeBackend(answers={"server/discover": never, "initialize": greet})
    async with opened(backend) as link:
        handshake = await perform_handshake(link, "auto", wait_silent=silent_after(5, is_program=False))
    assert handshake.era is Era.LEGACY


async def test_a_backend_that_starts_slowly_is_asked_one_question_alone(autojump_clock: MockClock) -> None:
    async def slow(_params: Json) -> Json:
        await trio.sleep(PROBE_SILENCE_SECONDS * 3)
        return {"supportedVersions": ["2026-07-28"], "capabilities": {}, "instructions": "be kind"}

    backend = FakeBackend(answers={"server/discover": slow})
    async with opened(backend) as link:
        handshake = await perform_handshake(link, "auto")
    assert handshake.era is Era.MODERN
    assert handshake.instructions == "be kind"
    assert asked(backend) == ["server/discover"]


async def test_what_was_legacy_before_is_sent_initialize_first(autojump_clock: MockClock) -> None:
    legacy, modern = FakeBackend(), FakeBackend(era=Era.MODERN)
    async with opened(legacy) as link:
        assert (await perform_handshake(link, "legacy-first")).era is Era.LEGACY
    async with opened(modern) as link:
        assert (await perform_handshake(link, "legacy-first")).era is Era.MODERN
    assert asked(legacy) == ["initialize", "notifications/initialized"]
    assert asked(modern) == ["initialize", "server/discover"]


async def test_a_backend_that_refuses_both_questions_is_told_of_with_both_reasons(autojump_clock: MockClock) -> None:
    async def refuse(_params: Json) -> Json:
        raise Refusal(-32000, "go away")

    async with opened(FakeBackend(answers={"server/discover": refuse, "initialize": refuse})) as link:
        with pytest.raises(HandshakeRefused, match=r"refused initialize: .*before that: it refused server/discover"):
            await perform_handshake(link, "auto")


@pytest.mark.parametrize(
    ("before", "failure", "is_better", "after"),
    [
        ("auto", DiedAtProbe(SILENT), True, "legacy"),
        ("legacy-first", DiedAtProbe("it left"), False, "auto"),
        ("legacy", HandshakeRefused("it refused initialize"), False, "auto"),
        ("legacy", LinkFailed("it left"), False, "legacy"),
        ("auto", LinkFailed("it left later"), False, "auto"),
        ("auto", HandshakeRefused("busy", tells_legacy=True), False, "legacy-first"),
        ("legacy-first", HttpRefused(429, "busy"), False, "legacy-first"),
    ],
)
def test_a_start_that_failed_says_how_the_next_one_begins(
    before: HandshakeOrder, failure: LinkFailed, is_better: bool, after: HandshakeOrder
) -> None:
    guess = EraGuess(before)
    assert guess.is_better_after(failure) is is_better
    assert guess.order == after


@pytest.mark.parametrize(("era", "order"), [(Era.LEGACY, "legacy-first"), (Era.MODERN, "auto")])
def test_the_next_start_begins_with_what_was_answered(era: Era, order: HandshakeOrder) -> None:
    guess = EraGuess()
    guess.learn(era)
    assert guess.order == order


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


def busy_for(times: int, seconds: float | None, status: int = 429) -> Callable[[Json], Awaitable[Json]]:
    """Refuses so many times, then answers as an old legacy server; counts every question but the first ones."""
    left = [HttpRefused(status, "busy", retry_after=seconds)] * times

    async def answer(_params: Json) -> Json:
        if left:
            raise left.pop()
        return {"protocolVersion": "2025-11-25", "capabilities": {}}

    return answer


@pytest.mark.parametrize(("seconds", "took"), [(2.0, 2.0), (0.0, 0.1), (None, 1.0)])
async def test_a_server_that_wants_a_short_pause_is_given_it_and_asked_the_same_again(
    seconds: float | None, took: float, autojump_clock: MockClock
) -> None:
    backend = FakeBackend(answers={"initialize": busy_for(1, seconds)})
    async with opened(backend) as link:
        assert (await perform_handshake(link, "auto")).era is Era.LEGACY
    assert asked(backend) == ["server/discover", "initialize", "initialize", "notifications/initialized"]
    assert trio.current_time() == pytest.approx(took)


@pytest.mark.parametrize("order", ["auto", "legacy-first", "legacy", "modern"])
async def test_a_server_that_wants_a_long_pause_is_asked_nothing_more(
    order: HandshakeOrder, autojump_clock: MockClock
) -> None:
    busy = busy_for(9, 60.0, status=503)
    backend = FakeBackend(answers={"initialize": busy, "server/discover": busy})
    async with opened(backend) as link:
        with pytest.raises(HttpRefused) as caught:
            await perform_handshake(link, order)
    assert caught.value.retry_after == 60
    assert len(backend.seen) == 1


@pytest.mark.parametrize("seconds", [60.0, None])
async def test_what_the_first_question_told_is_kept_when_the_second_comes_at_the_wrong_time(
    seconds: float | None, autojump_clock: MockClock
) -> None:
    backend, guess = FakeBackend(answers={"initialize": busy_for(9, seconds)}), EraGuess()
    async with opened(backend) as link:
        with pytest.raises(HandshakeRefused, match="busy; before that: it refused server/discover") as caught:
            await perform_handshake(link, guess.order)
    assert caught.value.retry_after == seconds
    assert not guess.is_better_after(caught.value)
    assert guess.order == "legacy-first"


async def test_one_that_refused_for_another_reason_than_its_era_is_asked_again_for_it(
    autojump_clock: MockClock,
) -> None:
    async def locked(_params: Json) -> Json:
        raise HttpRefused(401, "the server wants authentication")

    backend, guess = FakeBackend(answers={"server/discover": locked, "initialize": busy_for(9, 60.0)}), EraGuess()
    async with opened(backend) as link:
        with pytest.raises(LinkFailed, match="busy") as caught:
            await perform_handshake(link, guess.order)
    guess.is_better_after(caught.value)
    assert guess.order != "legacy-first"


async def test_the_pause_that_an_error_names_in_its_data_counts_as_well(autojump_clock: MockClock) -> None:
    async def busy(_params: Json) -> Json:
        raise Refusal(-31016, "too many", {"retryAfter": 2})

    backend = FakeBackend(answers={"initialize": busy})
    async with opened(backend) as link:
        with pytest.raises(HandshakeRefused) as caught:
            await perform_handshake(link, "legacy")
    assert caught.value.retry_after == 2
    assert trio.current_time() == pytest.approx(2 * PATIENT_TIMES)


REFUSALS: list[tuple[Exception, str | None]] = [
    (Refusal(-32602, "Unsupported protocol version", {"supported": ["2024-11-05", "2025-06-18"]}), "2025-06-18"),
    (Refusal(-32602, "unsupported version: 2025-11-25 (supported versions: 2025-03-26, 2024-11-05)"), "2025-03-26"),
    (HttpRefused(400, "the server answered HTTP 400: Unsupported 2025-11-25, supported: 2025-06-18"), "2025-06-18"),
    (Refusal(-32602, "unsupported version", {"supported": ["2024-10-07"], "requested": "2025-11-25"}), None),
    (Refusal(-32603, "no"), None),
    (HttpRefused(400, "no"), None),
]


@pytest.mark.parametrize(("refusal", "revision"), REFUSALS)
async def test_a_server_that_refuses_our_version_and_names_its_own_is_asked_with_the_newest_of_those(
    refusal: Exception, revision: str | None, autojump_clock: MockClock
) -> None:
    async def greet(params: Json) -> Json:
        if params["protocolVersion"] != revision:
            raise refusal
        return {"protocolVersion": revision, "capabilities": {}}

    backend = FakeBackend(answers={"initialize": greet})
    async with opened(backend) as link:
        if revision is None:
            with pytest.raises(LinkFailed):
                await perform_handshake(link, "legacy")
            assert asked(backend) == ["initialize"]
        else:
            assert (await perform_handshake(link, "legacy")).revision == revision
            assert asked(backend) == ["initialize", "initialize", "notifications/initialized"]


@pytest.mark.parametrize("era", list(Era))
async def test_null_in_what_a_backend_says_of_itself_counts_as_absent(era: Era, autojump_clock: MockClock) -> None:
    async def nulls(_params: Json) -> Json:
        return {
            "protocolVersion": "2025-11-25",
            "supportedVersions": ["2026-07-28"],
            **dict.fromkeys(("capabilities", "instructions", "serverInfo", "_meta")),
        }

    method = "initialize" if era is Era.LEGACY else "server/discover"
    async with opened(FakeBackend(era=era, answers={method: nulls})) as link:
        handshake = await perform_handshake(link, era.value)
    assert (handshake.capabilities, handshake.server_info, handshake.instructions) == ({}, {}, None)
