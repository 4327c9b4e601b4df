"""Each example of docs/middleware.md can be used as it stands."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import pytest
from msgspec.structs import replace

from argus_trio.config.model.config import Config
from argus_trio.config.model.middleware import CustomSpec
from argus_trio.config.model.plain import PlainMapping
from argus_trio.core.access.denials import Rejected
from argus_trio.core.access.principal import Principal
from argus_trio.core.access.target import Target
from argus_trio.core.call.exchange import Call, Exchange
from argus_trio.pipeline.build import build_pipeline
from argus_trio.wire.envelope import encode_raw
from tests.config.support.reading import read
from tests.e2e.child import ROOT
from tests.pipeline.support.exchanges import PlainExchange

PAGE: Final = (ROOT / "docs" / "middleware.md").read_text()
DOCS: Final = "backends: {docs: {type: streamable-http, url: 'https://docs.example/mcp'}}"
"""What an example about a view takes for granted."""
EXAMPLES: Final = [each for each in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL) if "..." not in each]


def resolve(_: Call) -> Target | None:
    return None


async def echoing(exchange: Exchange) -> bytes:
    return bytes(exchange.call.params["arguments"])


@pytest.mark.parametrize("example", EXAMPLES)
def test_each_example_is_a_configuration(example: str) -> None:
    text = example if "backends: [docs]" not in example or "\nbackends:" in example else f"{example}\n{DOCS}"
    assert read(text).warnings == ()


async def test_the_middleware_of_ones_own_does_what_it_seems_to(tmp_path: Path) -> None:
    (text,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    (tmp_path / "polite.py").write_text(text)
    spec = CustomSpec(use="./polite.py:Polite", options=PlainMapping({"word": "now"}))
    handler = build_pipeline(Config(middleware=(spec,)), folder=tmp_path).handler(echoing, resolve)

    def asked(tool: str, principal: str) -> PlainExchange:
        params = {"name": encode_raw(tool), "arguments": encode_raw({"text": "a"})}
        exchange = PlainExchange()
        exchange.call = replace(exchange.call, method="tools/call", params=params, principal=Principal(name=principal))
        return exchange

    assert await handler(asked("notes__search", "ops")) == b'{"text":"a","word":"now"}'
    assert await handler(asked("time__now", "ops")) == b'{"text":"a"}'
    with pytest.raises(Rejected, match="say who you are"):
        await handler(asked("notes__search", "anonymous"))
