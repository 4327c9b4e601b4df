"""The dashboard and a running gateway: by its address, by its socket, lost and back, and who is not let in."""

from __future__ import annotations

from pathlib import Path

from argus_trio.contract.control import RELOAD
from argus_trio.tui.effect import Fetch
from argus_trio.tui.shell.model import Model
from tests.e2e import gateway
from tests.e2e.gateway import Json, stdio
from tests.e2e.ports import free_port
from tests.tui.headless import headless

TOKEN = "operator-4f8e1d9c5b4a39281706"


def config(**management: object) -> Json:
    return {
        "isolation": "off",
        "server": {"management": management},
        "backends": {"one": stdio("echo.py"), "two": stdio("echo.py")},
    }


def is_whole(model: Model) -> bool:
    """Whether all is known, and live."""
    world = model.world
    ready = [each.state for each in world.backends.values()] == ["ready", "ready"]
    return (
        world.is_live and ready and bool(world.capabilities and world.capabilities.tools) and world.status is not None
    )


def instance_of(model: Model) -> str:
    return model.world.status.service.instance if model.world.status else ""


async def test_a_gateway_is_known_and_live_by_its_address_and_by_its_socket(tmp_path: Path) -> None:
    path = tmp_path / "s.sock"
    with gateway.running(config(token=TOKEN, socket=str(path)), tmp_path) as running:
        async with headless(running.url, TOKEN) as dashboard:
            model = await dashboard.until(is_whole)
            assert "operate" in model.world.rights
            await dashboard.until(lambda model: model.world.figures is not None)
        async with headless(f"unix:{path}") as dashboard:
            await dashboard.until(is_whole)
        async with headless(running.url) as dashboard:
            model = await dashboard.until(lambda model: model.world.link.state == "refused")
            assert "$ARGUS_TOKEN" in model.world.link.why
            assert not model.world.may_operate


async def test_what_changes_is_seen_by_its_events(tmp_path: Path) -> None:
    with gateway.running(config(), tmp_path) as running:
        async with headless(running.url) as dashboard:
            await dashboard.until(is_whole)
            gateway.written({**config(), "backends": {"one": stdio("echo.py")}}, tmp_path, running.mark)
            dashboard.effects((Fetch(operation=RELOAD, is_change=True),))
            model = await dashboard.until(lambda model: list(model.world.backends) == ["one"])
            assert "reloaded" in [each.stage for each in model.world.events]


async def test_a_gateway_that_is_lost_says_so_and_comes_back_by_itself(tmp_path: Path) -> None:
    port = free_port()
    arguments = ("--port", str(port))
    with gateway.running(config(), tmp_path, arguments=arguments) as running:
        async with headless(running.url) as dashboard:
            await dashboard.until(is_whole)
            assert running.stop() == 0
            lost = await dashboard.until(lambda model: model.world.link.state == "lost")
            assert list(lost.world.backends) == ["one", "two"]
            with gateway.running(config(), tmp_path, arguments=arguments):
                assert lost.world.status
                before = lost.world.status.service.instance
                model = await dashboard.until(lambda model: instance_of(model) != before and is_whole(model))
                instance = instance_of(model)
                model = await dashboard.until(lambda model: bool(model.world.events))
                assert all(each.id.startswith(f"{instance}-") for each in model.world.events)
                told = [past.told.text for past in model.told]
                assert any("was started again" in text for text in told), told
