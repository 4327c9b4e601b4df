"""The dashboard at a running gateway: calls cancelled, sessions ended, a file that differs, checked and reloaded."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import trio

from argus_trio.tui.pages.configuration import ConfigurationPage
from argus_trio.tui.pages.traffic import TrafficPage
from argus_trio.tui.pages.tree import TreePage
from argus_trio.tui.shell.model import Model
from tests.e2e import gateway
from tests.e2e.gateway import Json, stdio
from tests.e2e.raw import LEGACY, Raw
from tests.tui.headless import headless

CONFIG: Json = {"isolation": "off", "server": {"watch": False}, "backends": {"c": stdio("curious.py")}}


def is_ready(model: Model) -> bool:
    return model.world.is_live and model.world.may_operate and bool(model.world.capabilities)


def traffic(model: Model) -> TrafficPage:
    return cast("TrafficPage", model.stacks["3"][0])


def configuration(model: Model) -> ConfigurationPage:
    return cast("ConfigurationPage", model.stacks["4"][0])


def called(client: Raw) -> bytes:
    """The answer to a call that takes longer than the test, unless it is cancelled."""
    params: Json = {"name": "c__slow", "arguments": {"seconds": 120}}
    return client.post({"jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": params})[2]


async def test_a_call_of_a_client_is_seen_in_flight_cancelled_and_then_among_what_was(tmp_path: Path) -> None:
    with gateway.running(CONFIG, tmp_path) as running:
        client = await trio.to_thread.run_sync(Raw, running.url, LEGACY)
        async with headless(running.url) as dashboard, trio.open_nursery() as nursery:
            await dashboard.until(is_ready)
            dashboard.press("3")
            nursery.start_soon(trio.to_thread.run_sync, called, client)
            model = await dashboard.until(lambda model: bool(traffic(model).lists["in flight"].entries))
            (seen,) = traffic(model).shown
            assert (getattr(seen, "target", ""), getattr(seen, "client", "")) == ("c__slow", "raw")
            dashboard.press("c", "y")
            await dashboard.until(lambda model: not traffic(model).lists["in flight"].entries)
            dashboard.press("tab")
            await dashboard.until(
                lambda model: any(
                    (each.id, getattr(each, "outcome", "")) == (seen.id, "operator") for each in traffic(model).shown
                )
            )


async def test_a_session_is_seen_and_ended(tmp_path: Path) -> None:
    with gateway.running(CONFIG, tmp_path) as running:
        async with headless(running.url) as dashboard:
            await dashboard.until(is_ready)
            dashboard.press("3", "shift tab")
            await dashboard.until(lambda model: traffic(model).list.looked_at > 0)
            await trio.to_thread.run_sync(Raw, running.url, LEGACY)
            await dashboard.until(lambda model: len(traffic(model).shown) == 1)
            dashboard.press("c", "y")
            await dashboard.until(lambda model: not traffic(model).shown)


async def test_a_file_that_differs_is_seen_and_gone_after_a_reload(tmp_path: Path) -> None:
    with gateway.running(CONFIG, tmp_path) as running:
        async with headless(running.url) as dashboard:
            await dashboard.until(is_ready)
            dashboard.press("4", "tab")
            await dashboard.until(lambda model: "file differs" in configuration(model).answers)
            assert configuration(dashboard.model).all_lines[0].text == "the file says what is running"
            changed: Json = {**CONFIG, "backends": {**CONFIG["backends"], "d": stdio("echo.py")}}
            gateway.written(changed, tmp_path, running.mark)
            dashboard.press("u")
            await dashboard.until(
                lambda model: any(line.text == "+ backends.d" for line in configuration(model).all_lines)
            )
            dashboard.press("r", "y")
            model = await dashboard.until(lambda model: configuration(model).part == "reload")
            assert "+ d: added" in [line.text for line in configuration(model).all_lines]
            await dashboard.until(
                lambda model: configuration(model).lines["file differs"][0].text == "the file says what is running"
            )
            (tmp_path / "config.yaml").write_text("version: 1\nbackends: {x: {type: nothing}}\n")
            dashboard.press("v")
            model = await dashboard.until(lambda model: configuration(model).part == "check")
            assert configuration(model).all_lines[0].text.startswith("the file cannot be loaded")
            dashboard.press("r", "y")
            model = await dashboard.until(
                lambda model: configuration(model).lines["reload"][0].text.startswith("NOT reloaded")
            )
            assert model.world.is_live


async def test_the_tree_has_the_backends(tmp_path: Path) -> None:
    with gateway.running(CONFIG, tmp_path) as running:
        async with headless(running.url) as dashboard:
            await dashboard.until(is_ready)
            dashboard.press("5")
            model = await dashboard.until(lambda model: cast("TreePage", model.page).answer is not None)
            assert "backend c" in [row.node.name for row in cast("TreePage", model.page).shown]
