"""When keys are fetched: lazily, one fetch at a time, not too often, with old keys serving on."""

from __future__ import annotations

import pytest
import trio
import trio.testing
from structlog.testing import capture_logs

from argus_trio.errors import LinkFailed
from argus_trio.pipeline.authentication.jwt_keys import IssuerKeys
from argus_trio.pipeline.authentication.key_source import (
    FETCH_SECONDS,
    MISS_SECONDS,
    REFRESH_SECONDS,
    STALE_SECONDS,
    FetchTasks,
    KeySource,
)
from argus_trio.pipeline.authentication.refusals import KeysUnavailable


class Fetches:
    """Counts fetches; each takes `seconds`, and fails while `fails` is set."""

    def __init__(self) -> None:
        self.count = 0
        self.most = 0
        self.running = 0
        self.seconds = 0.1
        self.fails = False

    async def __call__(self) -> IssuerKeys:
        self.count += 1
        self.running += 1
        self.most = max(self.most, self.running)
        try:
            await trio.sleep(self.seconds)
        finally:
            self.running -= 1
        if self.fails:
            raise LinkFailed("down")
        return IssuerKeys(())


def source_of(fetches: Fetches) -> KeySource:
    return KeySource(issuer="https://idp.example", fetch=fetches)


async def test_keys_are_fetched_once_and_served_until_they_are_old(autojump_clock: trio.abc.Clock) -> None:
    fetches = Fetches()
    source, tasks = source_of(fetches), FetchTasks()
    async with tasks.run():
        first = await source.keys(tasks)
        assert await source.keys(tasks) is first
        await trio.sleep(REFRESH_SECONDS)
        begun = trio.current_time()
        assert await source.keys(tasks) is first
        assert trio.current_time() == begun
        await trio.sleep(1)
        assert await source.keys(tasks) is not first
        assert fetches.count == 2


async def test_old_keys_serve_on_for_a_day_and_no_longer(autojump_clock: trio.abc.Clock) -> None:
    fetches = Fetches()
    source, tasks = source_of(fetches), FetchTasks()
    async with tasks.run():
        first = await source.keys(tasks)
        fetches.fails = True
        for _ in range(5):
            await trio.sleep(REFRESH_SECONDS)
            assert await source.keys(tasks) is first
        await trio.sleep(STALE_SECONDS)
        with pytest.raises(KeysUnavailable):
            await source.keys(tasks)
        fetches.fails = False
        await trio.sleep(MISS_SECONDS)
        assert await source.keys(tasks) is not first


async def test_who_waits_waits_two_seconds_at_most_and_the_fetch_goes_on(autojump_clock: trio.abc.Clock) -> None:
    fetches = Fetches()
    fetches.seconds = 5
    source, tasks = source_of(fetches), FetchTasks()
    async with tasks.run():
        with pytest.raises(KeysUnavailable) as caught:
            await source.keys(tasks)
        assert trio.current_time() == pytest.approx(2)
        assert caught.value.retry_after == 2
        await trio.sleep(4)
        await source.keys(tasks)
        assert (fetches.count, fetches.most) == (1, 1)


async def test_a_fetch_that_hangs_is_given_up_and_another_begins(autojump_clock: trio.abc.Clock) -> None:
    fetches = Fetches()
    fetches.seconds = 1000
    source, tasks = source_of(fetches), FetchTasks()
    async with tasks.run():
        with pytest.raises(KeysUnavailable):
            await source.keys(tasks)
        await trio.sleep(FETCH_SECONDS)
        fetches.seconds = 0.1
        await source.keys(tasks)
        assert (fetches.count, fetches.most) == (2, 1)


async def test_tokens_with_unknown_keys_ask_for_new_ones_only_so_often(autojump_clock: trio.abc.Clock) -> None:
    fetches = Fetches()
    source, tasks = source_of(fetches), FetchTasks()
    async with tasks.run():
        keys = await source.keys(tasks)
        newer = await source.newer_keys(keys, "a", tasks)
        assert newer is not keys
        assert newer is not None
        for _ in range(100):
            assert await source.newer_keys(newer, "a", tasks) is None
        assert fetches.count == 2
        await trio.sleep(MISS_SECONDS)
        assert await source.newer_keys(newer, "a", tasks) is not None
        assert fetches.count == 3
        assert await source.newer_keys(keys, "a", tasks) is not keys
        assert fetches.count == 3


async def test_a_key_that_may_be_newer_than_the_last_fetch_is_not_called_wrong(autojump_clock: trio.abc.Clock) -> None:
    source, tasks = source_of(Fetches()), FetchTasks()
    async with tasks.run():
        forged = await source.newer_keys(await source.keys(tasks), "forged", tasks)
        assert forged is not None
        await trio.sleep(4)
        with pytest.raises(KeysUnavailable) as caught:
            await source.newer_keys(forged, "new", tasks)
        assert caught.value.retry_after == pytest.approx(MISS_SECONDS - 4, abs=0.2)
        await trio.sleep(caught.value.retry_after)
        assert await source.newer_keys(forged, "new", tasks) is not None


async def test_an_unknown_key_cannot_be_judged_while_new_ones_cannot_be_had(autojump_clock: trio.abc.Clock) -> None:
    fetches = Fetches()
    source, tasks = source_of(fetches), FetchTasks()
    async with tasks.run():
        keys = await source.keys(tasks)
        fetches.fails = True
        for _ in range(3):
            with pytest.raises(KeysUnavailable):
                await source.newer_keys(keys, "a", tasks)
        assert fetches.count == 2
        assert await source.keys(tasks) is keys


async def test_a_failed_fetch_is_not_repeated_at_once(autojump_clock: trio.abc.Clock) -> None:
    fetches = Fetches()
    fetches.fails = True
    source, tasks = source_of(fetches), FetchTasks()
    async with tasks.run():
        for _ in range(10):
            with pytest.raises(KeysUnavailable):
                await source.keys(tasks)
        assert fetches.count == 1
        await trio.sleep(2)
        with pytest.raises(KeysUnavailable):
            await source.keys(tasks)
        assert fetches.count == 2


async def test_whatever_a_library_makes_of_keys_ends_nothing_but_the_fetch(autojump_clock: trio.abc.Clock) -> None:
    async def fetch() -> IssuerKeys:
        raise ZeroDivisionError

    source, tasks = KeySource(issuer="https://idp.example", fetch=fetch), FetchTasks()
    async with tasks.run():
        with capture_logs() as logs, pytest.raises(KeysUnavailable):
            await source.keys(tasks)
        assert [each["event"] for each in logs] == ["issuer_keys_not_read", "issuer_keys_unavailable"]


async def test_a_fetch_ends_with_its_pipeline_and_the_next_one_may_begin_another(
    autojump_clock: trio.abc.Clock,
) -> None:
    fetches = Fetches()
    fetches.seconds = 1
    source, first, second = source_of(fetches), FetchTasks(), FetchTasks()
    async with trio.open_nursery() as nursery:

        async def ask() -> None:
            with pytest.raises(KeysUnavailable):
                await source.keys(first)

        async with first.run():
            nursery.start_soon(ask)
            await trio.testing.wait_all_tasks_blocked()
    with pytest.raises(KeysUnavailable):
        await source.keys(first)
    async with second.run():
        await trio.sleep(2)
        await source.keys(second)
