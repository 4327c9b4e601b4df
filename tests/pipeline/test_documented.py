"""Every example of docs/middleware.md does what the page says, and every file of conf/ is loaded and called through."""

from __future__ import annotations

import re
import shutil
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import structlog
import trio
from trio.testing import MockClock

from argus_trio.config.load import parse
from argus_trio.config.model.config import Config
from argus_trio.core.access.denials import ArgumentsRefused, RateLimited
from argus_trio.core.access.principal import ANONYMOUS, Principal
from argus_trio.core.access.target import Target
from argus_trio.core.call.exchange import Call, Exchange, Handler
from argus_trio.errors import InvalidParams, RpcError
from argus_trio.middleware import Rejected
from argus_trio.pipeline.build import build_pipeline
from argus_trio.pipeline.pipeline import Pipeline
from argus_trio.wire.envelope import encode_raw
from argus_trio.wire.revisions import Era
from tests.e2e.child import ROOT
from tests.e2e.collector import collecting
from tests.pipeline.support.arrivals import admitted, arrival, bearer, refused
from tests.pipeline.support.exchanges import PlainExchange

PAGE = (ROOT / "docs" / "middleware.md").read_text()
FOLDER = ROOT / "conf"
RESULT = b'{"content":[{"type":"text","text":"card 4111111111111111"}]}'
TYPES = ("authentication", "rbac", "rate_limit", "logging", "telemetry")


def section(title: str) -> str:
    return PAGE.partition(f"## {title}\n")[2].partition("\n## ")[0]


def example(title: str, language: str = "yaml") -> str:
    found = re.search(rf"```{language}\n(.*?)```", section(title), re.DOTALL)
    assert found is not None, title
    return found[1]


def read(text: str, folder: Path = FOLDER, environ: Mapping[str, str] | None = None) -> Config:
    return parse(text, source="config.yaml", folder=folder, environ=environ or {})


class Asked(PlainExchange):
    def __init__(self, call: Call) -> None:
        super().__init__()
        self.call = call


class Served:
    """What stands behind the chain: answers, and keeps the calls that came to it."""

    def __init__(self) -> None:
        self.calls: list[Call] = []

    async def __call__(self, exchange: Exchange) -> bytes:
        self.calls.append(exchange.call)
        return RESULT


def resolve(call: Call) -> Target | None:
    """All tools are of the backend that their prefix names."""
    shown = bytes(call.params["name"]).decode().strip('"')
    backend, _, own = shown.partition("__")
    return Target(kind="tool", shown=shown, backend=backend, own=own)


@asynccontextmanager
async def living(config: Config, folder: Path = FOLDER) -> AsyncIterator[tuple[Pipeline, Handler, Served]]:
    """The pipeline of a file, entered as the gateway does it, and its chain."""
    pipeline, served = build_pipeline(config, folder=folder), Served()
    async with trio.open_nursery() as nursery:
        for lifetime in pipeline.lifetimes:
            lifetime.take()
            await nursery.start(lifetime.run)
        yield pipeline, pipeline.handler(served, resolve), served
        nursery.cancel_scope.cancel()


async def outcome(
    handler: Handler, name: str, by: Principal = ANONYMOUS, *, endpoint: str = "", **arguments: object
) -> bytes | RpcError:
    """What a call of a tool comes to."""
    call = Call(
        method="tools/call",
        params={"name": encode_raw(name), "arguments": encode_raw(arguments)},
        era=Era.MODERN,
        revision="2026-07-28",
        principal=by,
        address="192.0.2.7",
        endpoint=endpoint,
    )
    try:
        return await handler(Asked(call))
    except RpcError as error:
        return error


def with_roles(*roles: str) -> Principal:
    return Principal(name="p", roles=frozenset(roles))


def test_the_page_has_a_section_for_every_type_and_no_other() -> None:
    titles = set(re.findall(r"^## (.*)$", PAGE, re.MULTILINE))
    assert titles == {"Where each works", "`views`", "Your own", *(f"`type: {each}`" for each in TYPES)}


async def test_authentication_lets_in_whom_its_example_names() -> None:
    async with living(read(example("`type: authentication`"))) as (pipeline, handler, _):
        by = await admitted(pipeline, bearer("test"))
        assert (by.name, await outcome(handler, "x", by)) == ("ops", RESULT)
        assert (await refused(pipeline, bearer("wrong"))).status == 401
        assert (await admitted(pipeline, arrival())).name == "anonymous"


async def test_rbac_shows_each_role_what_its_example_says() -> None:
    async with living(read(example("`type: rbac`"))) as (pipeline, handler, served):
        for role, name, is_served in (
            ("admin", "docs__write_all", True),
            ("reader", "docs__search", True),
            ("reader", "docs__write_all", False),
            ("guest", "docs__search", False),
        ):
            found = await outcome(handler, name, with_roles(role))
            assert (found == RESULT) == is_served, (role, name)
        assert len(served.calls) == 2
        guest = with_roles("guest")
        assert await outcome(handler, "docs__read", guest, endpoint="safe", path="/srv/public/a") == RESULT
        elsewhere = await outcome(handler, "docs__read", guest, endpoint="safe", path="/srv/public/../a")
        assert isinstance(elsewhere, ArgumentsRefused)
        assert isinstance(await outcome(handler, "docs__read", guest, path="/srv/public/a"), InvalidParams)
        assert pipeline.access.may_manage(with_roles("reader"), "read")


async def test_a_view_shows_the_part_that_its_example_says() -> None:
    backends = "backends: {docs: {type: stdio, command: x}, web: {type: stdio, command: x}}\n"
    everybody = "middleware: [{type: rbac, default: allow, roles: {}}]\n"
    config = read(example("`views`") + backends + everybody)
    async with living(config) as (pipeline, handler, served):
        assert pipeline.access.views == {"safe"}
        assert await outcome(handler, "docs__read", endpoint="safe") == RESULT
        for name in ("docs__write", "docs__delete_all", "web__read"):
            assert isinstance(await outcome(handler, name, endpoint="safe"), InvalidParams)
            assert await outcome(handler, name) == RESULT
    assert len(served.calls) == 4


async def test_limits_count_what_their_example_says(autojump_clock: MockClock) -> None:
    async with living(read(example("`type: rate_limit`"))) as (_, handler, served):
        for _ in range(3):
            assert await outcome(handler, "search__web") == RESULT
        refused = await outcome(handler, "search__web")
        assert isinstance(refused, RateLimited)
        assert refused.code == -31012
        for _ in range(117):  # 120 for one caller, of which search has had three
            assert await outcome(handler, "docs__read") == RESULT
        assert isinstance(await outcome(handler, "docs__read"), RateLimited)
        await trio.sleep(6)
        assert await outcome(handler, "search__web") == RESULT
        assert len(served.calls) == 121


async def test_logging_tells_and_hides_what_its_example_says() -> None:
    with structlog.testing.capture_logs() as lines:
        async with living(read(example("`type: logging`"))) as (_, handler, _served):
            await outcome(handler, "docs__read", password="a b", card="4111111111111111", rest="x" * 600)
    (event,) = [line for line in lines if line["event"] == "request"]
    assert (event["outcome"], event["name"], event["principal"]) == ("ok", "docs__read", "anonymous")
    assert "4111111111111111" not in str(event)
    assert "a b" not in str(event)
    assert len(event["arguments"].encode()) <= 500 + len("…".encode())
    assert event["result"] == RESULT.decode().replace("4111111111111111", "[redacted]")


async def test_telemetry_sends_what_its_example_says() -> None:
    with collecting() as collector:
        text = example("`type: telemetry`").replace("http://127.0.0.1:4318", collector.url)
        async with living(read(text.replace("sample_ratio: 0.1", "sample_ratio: 1"))) as (_, handler, _served):
            assert await outcome(handler, "docs__read", text="hush") == RESULT
        span = collector.span("tools/call")  # without a name: no catalog knows it
        assert collector.resource["service.name"] == "argus-trio"
        assert collector.headers[0]["x-scope-orgid"] == "team"
        assert "hush" not in str(span)


async def test_your_own_does_what_its_example_says(tmp_path: Path) -> None:
    (tmp_path / "polite.py").write_text(example("Your own", "python"))
    config = read("middleware: [{use: './polite.py:Polite', options: {word: pray}}]", tmp_path)
    async with living(config, tmp_path) as (_, handler, served):
        refused = await outcome(handler, "notes__x")
        assert isinstance(refused, Rejected)
        assert (refused.code, refused.message) == (-31018, "say who you are")
        assert await outcome(handler, "notes__x", with_roles(), n=1) == RESULT
        assert bytes(served.calls[0].params["arguments"]) == b'{"n":1,"word":"pray"}'


async def test_the_files_of_conf_with_middleware_are_called_through(tmp_path: Path) -> None:
    tokens = {"OPS_TOKEN": "ops-0f8e7d6c5b4a39281706", "CI_KEY": "ci-0f8e7d6c5b4a392817060"}
    config = read((FOLDER / "secured.yaml").read_text(), environ=tokens)
    assert config.warnings == ()
    async with living(config) as (pipeline, handler, served):
        ops = await admitted(pipeline, bearer(tokens["OPS_TOKEN"]))
        ci = await admitted(pipeline, arrival({"X-API-Key": tokens["CI_KEY"]}))
        assert (await refused(pipeline, arrival())).status == 401
        assert await outcome(handler, "docs__write_file", ops) == RESULT
        assert isinstance(await outcome(handler, "docs__write_file", ci), InvalidParams)
        assert isinstance(await outcome(handler, "docs__delete_file", ops, endpoint="safe"), InvalidParams)
        found = [await outcome(handler, "docs__read_file", ci) for _ in range(121)]
        assert [each == RESULT for each in found] == [True] * 120 + [False]
        assert len(served.calls) == 121
    shutil.copy(FOLDER / "own_middleware.py", tmp_path)
    async with living(read((FOLDER / "own.yaml").read_text(), tmp_path), tmp_path) as (_, handler, served):
        assert await outcome(handler, "time__now", with_roles(), n=1) == RESULT
        assert bytes(served.calls[0].params["arguments"]) == b'{"timezone":"UTC","n":1}'
