"""The secured configuration of conf/: what each of its roles finds at each of its endpoints."""

from __future__ import annotations

import pytest
from trio.testing import MockClock

from argus_trio.core.access.principal import Principal
from tests.backends.support.fakes import FakeBackend
from tests.backends.support.supervised import named
from tests.e2e.child import ROOT
from tests.perspectives.whole import config_of, whole

PEOPLE = {name: Principal(name=name, roles=frozenset({role})) for name, role in (("ops", "admin"), ("ci", "reader"))}


@pytest.mark.parametrize(
    ("who", "view", "shown"),
    [
        ("ops", "", ["docs__read_file", "docs__write_file", "docs__delete"]),
        ("ops", "safe", ["docs__read_file"]),
        ("ci", "", ["docs__read_file", "docs__delete"]),
        ("ci", "safe", ["docs__read_file"]),
        (None, "", []),
    ],
)
async def test_each_finds_what_the_file_says(
    autojump_clock: MockClock, who: str | None, view: str, shown: list[str]
) -> None:
    config = config_of((ROOT / "conf" / "secured.yaml").read_text().replace("host: 0.0.0.0", "host: 127.0.0.1"))
    docs = FakeBackend(tools=named("read_file", "write_file", "delete"))
    async with whole(config, {"docs": docs}, PEOPLE) as gateway:
        assert await gateway.names(who, view) == shown
        served = [tool for tool in ("docs__read_file", "docs__write_file", "docs__delete") if tool in shown]
        for tool in ("docs__read_file", "docs__write_file", "docs__delete"):
            assert ("result" in (await gateway.call(who, "tools/call", view, name=tool)).answer) == (tool in served)
