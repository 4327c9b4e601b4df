"""The bridge to asyncio: values, errors, cancellation in both worlds, and its end, which nothing holds up for long."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading

import pytest
import trio
from structlog.testing import capture_logs

from argus_trio.sandbox.engine.bridge import CANCEL_SECONDS, CLOSE_SECONDS, BridgeClosed, open_bridge


def loop_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "argus-trio-engine"]


async def test_a_call_returns_what_the_coroutine_returns_and_the_thread_is_gone_at_the_end() -> None:
    async def work() -> int:
        await asyncio.sleep(0)
        return threading.get_ident()

    async with open_bridge() as bridge:
        assert await bridge.call(work) == loop_threads()[0].ident != threading.get_ident()
        assert await bridge.call(work) == loop_threads()[0].ident
    assert not loop_threads()


async def test_an_error_arrives_as_itself() -> None:
    error = KeyError("x")

    async def work() -> None:
        raise error

    async with open_bridge() as bridge:
        with pytest.raises(KeyError) as caught:
            await bridge.call(work)
    assert caught.value is error


async def test_who_is_cancelled_cancels_the_coroutine_and_waits_for_its_end() -> None:
    steps: list[str] = []
    token = trio.lowlevel.current_trio_token()
    begun = trio.Event()

    async def work() -> None:
        token.run_sync_soon(begun.set)
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0.01)
            steps.append("ended there")

    async with open_bridge() as bridge:
        with trio.CancelScope() as scope:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(bridge.call, work)
                await begun.wait()
                scope.cancel()
        steps.append("ended here")
    assert steps == ["ended there", "ended here"]


async def test_a_call_that_is_cancelled_before_it_began_does_not_begin() -> None:
    async def work() -> None:
        raise AssertionError("begun")

    async with open_bridge() as bridge:
        with trio.CancelScope() as scope:
            scope.cancel()
            await bridge.call(work)


async def test_a_patient_call_may_end_by_itself_although_its_caller_is_cancelled() -> None:
    ended: list[str] = []

    async def work() -> None:
        await asyncio.sleep(0.05)
        ended.append("whole")

    async with open_bridge() as bridge:
        with trio.move_on_after(0.01) as scope:
            await bridge.call(work, patience=5)
    assert scope.cancelled_caught
    assert ended == ["whole"]


async def test_a_coroutine_that_does_not_give_up_holds_nobody_beyond_the_bound() -> None:
    async def stubborn() -> None:
        for _ in range(2):
            try:
                await asyncio.sleep(30)
            except asyncio.CancelledError:
                continue

    began = trio.current_time()
    with capture_logs() as logs:
        async with open_bridge() as bridge:
            with trio.move_on_after(0.01):
                await bridge.call(stubborn)
            assert CANCEL_SECONDS <= trio.current_time() - began < CANCEL_SECONDS + 1
    assert logs[0]["event"] == "engine_call_abandoned"
    assert trio.current_time() - began < CANCEL_SECONDS + CLOSE_SECONDS + 1


async def test_a_call_that_blocks_the_loop_does_not_hold_up_the_end() -> None:
    freed = threading.Event()

    async def blocks() -> None:
        freed.wait()

    began = trio.current_time()
    with capture_logs() as logs:
        async with open_bridge() as bridge:
            with trio.move_on_after(0.01):
                await bridge.call(blocks)
    assert trio.current_time() - began < CANCEL_SECONDS + CLOSE_SECONDS + 1
    assert [entry["event"] for entry in logs] == ["engine_call_abandoned", "engine_thread_abandoned"]
    [thread] = loop_threads()
    freed.set()
    await trio.to_thread.run_sync(thread.join, 5)
    assert not thread.is_alive()


async def test_calls_that_are_under_way_at_the_end_are_told_that_it_has_closed() -> None:
    async def forever() -> None:
        await asyncio.Event().wait()

    outcomes: list[str] = []
    async with trio.open_nursery() as nursery, open_bridge() as bridge:

        async def call() -> None:
            try:
                await bridge.call(forever)
            except BridgeClosed:
                outcomes.append("closed")

        nursery.start_soon(call)
        await trio.testing.wait_all_tasks_blocked()
    assert outcomes == ["closed"]
    with pytest.raises(BridgeClosed):
        await bridge.call(forever)


async def test_what_is_told_quickly_is_told_once_and_the_latest_of_it() -> None:
    told: list[str] = []

    async with open_bridge() as bridge:
        tell = bridge.teller(told.append)

        async def work() -> None:
            for number in range(1000):
                tell(str(number))

        await bridge.call(work)
        await trio.testing.wait_all_tasks_blocked()
    assert told[-1] == "999"
    assert len(told) < 1000


FULL = """
import os, resource, trio
from argus_trio.errors import LinkFailed
from argus_trio.sandbox.engine.bridge import open_bridge

async def main():
    free = os.open(os.devnull, os.O_RDONLY)
    os.close(free)
    resource.setrlimit(resource.RLIMIT_NOFILE, (free, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    try:
        await open_bridge().__aenter__()
    except LinkFailed as failed:
        print(failed.reason)

trio.run(main)
"""
"""What half a loop of asyncio complains of at its end is its own; so it is a process of its own."""


def test_a_machine_without_descriptors_is_told_and_nothing_hangs() -> None:
    told = subprocess.run([sys.executable, "-c", FULL], capture_output=True, text=True, timeout=30)
    assert told.stdout == "no container can be started: Too many open files\n"
