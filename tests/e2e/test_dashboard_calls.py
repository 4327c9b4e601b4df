"""Calls of the dashboard at a running gateway with a real backend: asks are answered, and what is much is bounded."""

from __future__ import annotations

from pathlib import Path

import trio

from argus_trio.tui.calls.start import prompt_get, tool_call
from argus_trio.tui.effect import CopyText, Open
from argus_trio.tui.message import Pasted
from argus_trio.tui.pages.calling.ask import AskPage
from argus_trio.tui.pages.calling.call import CallPage
from argus_trio.tui.shell.model import Model
from argus_trio.tui.shell.update import _settled as settled  # what a page wants, without its keys
from argus_trio.tui.step import Step
from tests.e2e import gateway
from tests.e2e.gateway import Json, stdio
from tests.tui.headless import Headless, headless

CONFIG: Json = {"isolation": "off", "backends": {"c": stdio("curious.py")}}
KEY_SECONDS = 1.0
"""How long the loop may stand still on a busy machine: on an idle one it is a tenth of that."""


def is_ready(model: Model) -> bool:
    capabilities = model.world.capabilities
    return model.world.is_live and bool(capabilities and capabilities.tools)


def call(dashboard: Headless, tool: str, **arguments: object) -> int:
    """Begin a call and show it; its number."""
    start = tool_call(dashboard.model.world.calls, f"c__{tool}", arguments)
    step = settled(Step(dashboard.model, (start, Open(CallPage(id=start.id)))))
    dashboard.model = step.value
    dashboard.effects(step.effects)
    return start.id


async def ended(dashboard: Headless, number: int) -> str:
    """What the call came to, as it came."""
    model = await dashboard.until(lambda model: model.world.calls.past(number) is not None)
    past = model.world.calls.past(number)
    assert past is not None
    return past.outcome.raw.decode() or past.outcome.why


async def asked(dashboard: Headless) -> None:
    """The next question is on the screen."""
    await dashboard.until(lambda model: any(not each.is_sent for each in model.world.calls.asks))
    dashboard.press("a")
    assert isinstance(dashboard.model.page, AskPage)


async def test_all_that_is_asked_is_answered_on_the_screen(tmp_path: Path) -> None:
    with gateway.running(CONFIG, tmp_path) as running:
        async with headless(running.url) as dashboard:
            await dashboard.until(is_ready)
            form = call(dashboard, "form")
            await asked(dashboard)
            dashboard.press("A", "d", "a", "f5")
            assert '\\"name\\": \\"Ada\\"' in await ended(dashboard, form)
            assert isinstance(dashboard.model.page, CallPage)

            sample = call(dashboard, "sample")
            await asked(dashboard)
            dashboard.press("Y", "e", "s", "f5")
            assert '\\"text\\": \\"Yes\\"' in await ended(dashboard, sample)

            roots = call(dashboard, "roots")
            await asked(dashboard)
            dashboard.tell(Pasted("/tmp"))
            dashboard.press("f5")
            assert "file:///tmp" in await ended(dashboard, roots)

            url = call(dashboard, "url")
            await asked(dashboard)
            dashboard.press("y", "f8")
            assert '\\"action\\": \\"decline\\"' in await ended(dashboard, url)
            copied = [each.text for each in dashboard.done if isinstance(each, CopyText)]
            assert copied[0].startswith("https://user@login.example.org:8443/")


async def test_two_questions_wait_in_a_queue(tmp_path: Path) -> None:
    with gateway.running(CONFIG, tmp_path) as running:
        async with headless(running.url) as dashboard:
            await dashboard.until(is_ready)
            two = call(dashboard, "two")
            await dashboard.until(lambda model: len(model.world.calls.asks) == 2)
            for left in (1, 0):
                await asked(dashboard)
                dashboard.press("f8")
                await dashboard.until(lambda model, left=left: len(model.world.calls.asks) == left)  # type: ignore[misc]
            assert "2 answers" in await ended(dashboard, two)


async def test_a_call_is_cancelled_and_others_go_on(tmp_path: Path) -> None:
    with gateway.running(CONFIG, tmp_path) as running:
        async with headless(running.url) as dashboard:
            await dashboard.until(is_ready)
            other = call(dashboard, "form")
            slow = call(dashboard, "slow", seconds=60)
            await dashboard.until(lambda model: bool(model.world.calls.under_way[slow].progress))
            dashboard.press("c")
            assert "call-cancelled" in await ended(dashboard, slow)
            past = dashboard.model.world.calls.past(slow)
            assert past is not None
            assert (past.outcome.kind, "effect is not known" in past.outcome.why) == ("cancelled", True)
            assert other in dashboard.model.world.calls.under_way
            dashboard.press("esc", "C")
            assert dashboard.model.page == CallPage(id=other)
            dashboard.press("c", "c")
            assert "you gave it up" in await ended(dashboard, other)


async def test_a_prompt_is_shown_by_who_says_it(tmp_path: Path) -> None:
    with gateway.running(CONFIG, tmp_path) as running:
        async with headless(running.url) as dashboard:
            await dashboard.until(is_ready)
            start = prompt_get(dashboard.model.world.calls, "c__greet", {"who": "Ada"})
            step = settled(Step(dashboard.model, (start, Open(CallPage(id=start.id)))))
            dashboard.model = step.value
            dashboard.effects(step.effects)
            await ended(dashboard, start.id)
            page = dashboard.model.page
            assert isinstance(page, CallPage)
            assert page.result is not None
            assert [each.title for each in page.result.blocks] == ["user says", "assistant says"]


async def longest_gap(gaps: list[float]) -> None:
    last = trio.current_time()
    while True:
        await trio.sleep(0.005)
        now = trio.current_time()
        gaps.append(now - last)
        last = now


async def test_fifty_megabytes_and_a_flood_leave_the_keys_alive(tmp_path: Path) -> None:
    with gateway.running(CONFIG, tmp_path) as running:
        async with headless(running.url) as dashboard, trio.open_nursery() as nursery:
            await dashboard.until(is_ready)
            gaps: list[float] = []
            nursery.start_soon(longest_gap, gaps)
            big = call(dashboard, "big", size=50_000_000)
            assert len(await ended(dashboard, big)) > 49_000_000
            page = dashboard.model.page
            assert isinstance(page, CallPage)
            (block,) = page.result.blocks if page.result else ()
            assert (block.cut > 49_000_000, len(block.text) < 300_000) == (True, True)
            flood = call(dashboard, "flood", count=20_000, log=True)
            assert "flooded" in await ended(dashboard, flood)
            shown = dashboard.model.world.calls.call(flood)
            assert shown is not None
            assert (len(shown.lines), shown.lines[-1].text) == (500, "line 20000")
            assert max(gaps) < KEY_SECONDS
            nursery.cancel_scope.cancel()
