"""Who is told of what."""

from __future__ import annotations

import attrs
import trio
import trio.testing

from argus_trio.core.call.abilities import ANYBODY, Abilities, Audience
from argus_trio.frontend.notifications.announcer import PLAIN_EVENTS, PROMPTS, TOLD_AT_ONCE, TOOLS, Announcer
from argus_trio.frontend.notifications.outbox import Outbox


async def test_each_stream_is_told_what_it_wants_and_only_while_it_is_open() -> None:
    announcer, every, one, gone = Announcer(), Outbox(), Outbox(), Outbox()
    with announcer.listening(gone):
        pass
    with announcer.listening(every), announcer.listening(one, {TOOLS: b"tools!"}):
        announcer.announce([TOOLS, PROMPTS])
        announcer.announce(iter([TOOLS]))
    for outbox in (every, one, gone):
        outbox.close()
    assert await every.take() == PLAIN_EVENTS[TOOLS] + PLAIN_EVENTS[PROMPTS]
    assert await one.take() == b"tools!"
    assert await gone.take() == b""


async def test_closing_ends_open_streams_and_those_that_open_later() -> None:
    announcer, early, late = Announcer(), Outbox(), Outbox()
    with announcer.listening(early):
        announcer.close()
        assert early.is_closed
    with announcer.listening(late):
        assert late.is_closed


@attrs.define(eq=False)
class Noting:
    """A stream that notes when it is told of what."""

    told: list[tuple[float, str]] = attrs.field(factory=list)

    def offer(self, key: str, event: bytes) -> None:
        self.told.append((round(trio.current_time(), 3), key))

    def close(self) -> None:
        """Go on noting."""


async def test_a_first_change_is_told_at_once_and_the_next_ones_at_most_twice_a_second(autojump_clock: object) -> None:
    announcer, stream = Announcer(), Noting()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(announcer.run)
        with announcer.listening(stream):
            for _ in range(24):  # a change every 0.1 s, the last one at 2.3 s
                announcer.announce([TOOLS])
                await trio.sleep(0.1)
            await trio.sleep(5)
            announcer.announce([TOOLS])
        nursery.cancel_scope.cancel()
    assert stream.told == [(at, TOOLS) for at in (0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 7.4)]


async def test_many_are_told_in_parts_side_by_side_and_who_has_gone_meanwhile_is_not(autojump_clock: object) -> None:
    announcer, streams = Announcer(), [Noting() for _ in range(3 * TOLD_AT_ONCE)]
    for stream in streams:
        announcer.add(stream, PLAIN_EVENTS, lambda: ANYBODY)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(announcer.run)
        announcer.announce([TOOLS])
        announcer.announce([PROMPTS])
        late = Noting()
        announcer.add(late, PLAIN_EVENTS, lambda: ANYBODY)
        assert [len(stream.told) for stream in streams] == [2] * TOLD_AT_ONCE + [0] * 2 * TOLD_AT_ONCE
        announcer.remove(streams[-1])
        await trio.testing.wait_all_tasks_blocked()
        assert [len(stream.told) for stream in streams] == [2] * (3 * TOLD_AT_ONCE - 1) + [0]
        assert not late.told
        nursery.cancel_scope.cancel()


async def test_the_end_tells_all_who_were_not_told_yet() -> None:
    announcer, streams = Announcer(), [Outbox() for _ in range(3 * TOLD_AT_ONCE)]
    for stream in streams:
        announcer.add(stream, PLAIN_EVENTS, lambda: ANYBODY)
    announcer.announce([TOOLS])
    announcer.close()
    assert {await stream.take() for stream in streams} == {PLAIN_EVENTS[TOOLS]}


async def test_what_is_announced_of_one_list_holds_up_no_other(autojump_clock: object) -> None:
    announcer, stream = Announcer(), Noting()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(announcer.run)
        with announcer.listening(stream):
            announcer.announce([TOOLS])
            await trio.sleep(0.2)
            announcer.announce([TOOLS, PROMPTS])
            await trio.sleep(0.1)
            announcer.announce([PROMPTS])
            await trio.sleep(5)
        nursery.cancel_scope.cancel()
    assert stream.told == [(0.0, TOOLS), (0.2, PROMPTS), (0.5, TOOLS), (0.7, PROMPTS)]


async def test_what_is_told_together_concerns_whomever_one_of_it_concerned(autojump_clock: object) -> None:
    announcer = Announcer()
    streams = {abilities: Noting() for abilities in (Abilities(roots=True), Abilities(form=True), Abilities(url=True))}
    async with trio.open_nursery() as nursery:
        nursery.start_soon(announcer.run)
        for abilities, stream in streams.items():
            announcer.add(stream, PLAIN_EVENTS, lambda abilities=abilities: Audience(abilities=abilities))  # type: ignore[misc]
        announcer.announce([TOOLS], lambda _: False)
        announcer.announce([TOOLS], lambda audience: audience.abilities.roots)
        announcer.announce([TOOLS], lambda audience: audience.abilities.form)
        await trio.sleep(1)
        nursery.cancel_scope.cancel()
    assert [stream.told for stream in streams.values()] == [[(0.5, TOOLS)], [(0.5, TOOLS)], []]


async def test_what_is_held_back_when_the_gateway_stops_is_still_told() -> None:
    announcer, outbox = Announcer(), Outbox()
    announcer.announce([TOOLS])
    with announcer.listening(outbox):
        announcer.announce([TOOLS])
        announcer.close()
    assert await outbox.take() == PLAIN_EVENTS[TOOLS]
