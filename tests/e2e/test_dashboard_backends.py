"""The dashboard and the backends of a running gateway: changes that are asked first, and a log that is followed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from argus_trio.contract.control import CHANGES, RELOAD
from argus_trio.tui.effect import Fetch
from argus_trio.tui.pages.backend.page import BackendPage
from argus_trio.tui.shell.model import Model
from argus_trio.tui.shell.over import ChangeQuestion
from tests.e2e import gateway
from tests.e2e.gateway import Json, stdio
from tests.tui.headless import headless

NOISY: Json = {
    "type": "stdio",
    "command": "/bin/sh",
    "args": ["-c", 'echo "it says this at its start" >&2; exec "$0" "$@"', stdio("echo.py")["command"]],
}


def config(*names: str) -> Json:
    noisy = {**NOISY, "args": [*NOISY["args"], *stdio("echo.py")["args"]]}
    known = {"one": noisy, "two": stdio("echo.py")}
    return {"isolation": "off", "backends": {name: known[name] for name in names}}


def are_ready(model: Model) -> bool:
    states = [each.state for each in model.world.backends.values()]
    return model.world.is_live and states == ["ready", "ready"]


def is_asked(model: Model) -> bool:
    return isinstance(model.over, ChangeQuestion)


def was_told(*words: str) -> Callable[[Model], bool]:
    def holds(model: Model) -> bool:
        return any(all(word in past.told.text for word in words) for past in model.told)

    return holds


def texts(model: Model) -> list[str]:
    page = model.page
    return [each.text for each in page.log.kept.lines] if isinstance(page, BackendPage) else []


async def test_a_backend_is_disabled_and_enabled_and_what_came_of_it_is_told(tmp_path: Path) -> None:
    with gateway.running(config("one", "two"), tmp_path) as running:
        async with headless(running.url) as dashboard:
            await dashboard.until(are_ready)
            dashboard.press("x")
            await dashboard.until(is_asked)
            dashboard.press("y")
            await dashboard.until(was_told("one is disabled"))
            await dashboard.until(lambda model: model.world.backends["one"].hold is not None)
            dashboard.press("e")
            await dashboard.until(is_asked)
            dashboard.press("y")
            await dashboard.until(was_told("one is enabled"))
            await dashboard.until(are_ready)


async def test_what_another_operator_has_changed_meanwhile_is_not_changed_and_that_is_told(tmp_path: Path) -> None:
    with gateway.running(config("one", "two"), tmp_path) as running:
        async with headless(running.url) as dashboard, headless(running.url) as other:
            await dashboard.until(are_ready)
            dashboard.press("x")
            await dashboard.until(is_asked)
            other.effects((Fetch(operation=CHANGES["drain"], path={"name": "one"}, is_change=True),))
            await dashboard.until(lambda model: model.world.backends["one"].hold is not None)
            dashboard.press("y")
            await dashboard.until(was_told("disable of one was not done"))
            assert dashboard.model.world.backends["one"].state == "draining"


async def test_a_log_is_followed_and_goes_on_when_its_backend_was_gone_and_is_back(tmp_path: Path) -> None:
    with gateway.running(config("one", "two"), tmp_path) as running:
        async with headless(running.url) as dashboard:
            await dashboard.until(are_ready)
            dashboard.press("l")
            await dashboard.until(lambda model: "it says this at its start" in texts(model))
            gateway.written(config("two"), tmp_path, running.mark)
            dashboard.effects((Fetch(operation=RELOAD, is_change=True),))
            await dashboard.until(lambda model: list(model.world.backends) == ["two"])
            gateway.written(config("one", "two"), tmp_path, running.mark)
            dashboard.effects((Fetch(operation=RELOAD, is_change=True),))
            await dashboard.until(lambda model: texts(model).count("it says this at its start") == 2)
            assert any("its log begins anew" in text for text in texts(dashboard.model))
