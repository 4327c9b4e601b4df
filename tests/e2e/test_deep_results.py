"""What nests deeply: a result passes to whoever asked for it, as deep as can be read; what all clients see does not.

A Python process reads some hundred levels, the fewer the more functions are under way: each depth up there is tried, so
that no part of the gateway meets one that it cannot read and that another one has let through.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from argus_trio.wire.envelope import MAX_DEPTH
from tests.e2e import gateway
from tests.e2e.gateway import Gateway, Json
from tests.e2e.mirror import answering
from tests.e2e.raw import LEGACY, MODERN, Raw
from tests.servers import deep
from tests.servers.deep import nested

SURELY_READ = 700
LEVELS = (MAX_DEPTH, MAX_DEPTH + 1, 400, SURELY_READ, *range(SURELY_READ + 100, 1001, 3), 20_000)
KINDS = [(transport, era) for transport in ("stdio", "http") for era in ("legacy", "modern")]


def spec(servers: ExitStack, transport: str, era: str) -> Json:
    """The configuration of such a server, started here where it is no child of the gateway."""
    if transport == "stdio":
        return gateway.stdio("deep.py", era)

    def answer(body: bytes, _: dict[str, str]) -> tuple[int, bytes]:
        said = deep.answer(era, body)
        return (202, b"") if said is None else (200, said)

    return gateway.http(servers.enter_context(answering(answer)))


@pytest.fixture(scope="module")
def argus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    with ExitStack() as servers:
        backends = {f"{transport}-{era}": spec(servers, transport, era) for transport, era in KINDS}
        with gateway.running({"backends": backends}, tmp_path_factory.mktemp("deep")) as running:
            yield running


def answered(client: Raw, method: str, **params: object) -> bytes:
    """The bytes of an answer: this process reads fewer levels than they may have."""
    message, headers = client.message(method, params)
    return client.post(message, **headers)[2]


def passes_or_fails_alone(answer: bytes, levels: int) -> None:
    """Require that an answer has so many levels, or says that they cannot be read where that may be."""
    if levels > SURELY_READ and nested(levels) not in answer:
        assert b'"error":{"code":-3' in answer, answer[:300]
        assert b"cannot be read" in answer, answer[:300]
    else:
        assert b":" + nested(levels) in answer, (levels, answer[:300])


@pytest.mark.parametrize("revision", [LEGACY, MODERN])
@pytest.mark.parametrize(("transport", "era"), KINDS)
@pytest.mark.parametrize("fill", [1, 5000])
def test_a_deep_result_passes_or_fails_its_own_call(
    argus: Gateway, transport: str, era: str, revision: str, fill: int
) -> None:
    client, tool = Raw(argus.url, revision), f"{transport}-{era}__nest"
    for levels in (*LEVELS, 1):
        answer = answered(client, "tools/call", name=tool, arguments={"levels": levels, "fill": fill})
        passes_or_fails_alone(answer, levels)
    assert not argus.events("backend_down") + argus.events("backend_fault")


@pytest.mark.parametrize("revision", [LEGACY, MODERN])
@pytest.mark.parametrize(("transport", "era"), [("stdio", "legacy"), ("http", "modern")])
def test_so_do_a_deep_prompt_and_a_deep_resource(argus: Gateway, transport: str, era: str, revision: str) -> None:
    client, backend = Raw(argus.url, revision), f"{transport}-{era}"
    for levels in LEVELS:
        arguments = {"levels": str(levels)}
        passes_or_fails_alone(answered(client, "prompts/get", name=f"{backend}__nest", arguments=arguments), levels)
        passes_or_fails_alone(answered(client, "resources/read", uri=f"deep://{levels}"), levels)
    assert not argus.events("backend_down") + argus.events("backend_fault")


@pytest.mark.parametrize("method", ["tools/list", "initialize"])
def test_what_all_clients_see_nests_no_deeper_than_any_message(
    tmp_path_factory: pytest.TempPathFactory, method: str
) -> None:
    fits, too_deep = MAX_DEPTH - 10, MAX_DEPTH
    backends = {
        "flat": gateway.stdio("deep.py", "legacy", method, str(fits)),
        "deep": gateway.stdio("deep.py", "legacy", method, str(too_deep)),
    }
    with gateway.running({"backends": backends}, tmp_path_factory.mktemp("seen"), ready=["flat"]) as running:
        told = {"tools/list": "backend_list_failed", "initialize": "backend_down"}[method]
        event = running.event(told, backend="deep")
        assert f"nested deeper than {MAX_DEPTH} levels" in str(event)
        assert [tool["name"] for tool in Raw(running.url, LEGACY).result("tools/list")["tools"]] == ["flat__nest"]
