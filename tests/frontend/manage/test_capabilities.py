"""The page of tools, resources and prompts: for whom, which of them, and how much at a time."""

from __future__ import annotations

import base64
import time

import pytest
import trio

from argus_trio.config.model.authentication import ApiKey, ApiKeyMethod
from argus_trio.config.model.config import Config
from argus_trio.config.model.middleware import AuthenticationSpec
from argus_trio.core.access.access import OPEN, Access
from argus_trio.core.access.policy import Policy, ViewRules
from argus_trio.core.catalog.catalog import Entry, HiddenEntry, Published
from argus_trio.core.health.health import BackendStatus, Overview
from argus_trio.core.health.lifecycle import BackendStanding
from argus_trio.core.inventory import Inventory
from tests.backends.support.fakes import raw
from tests.frontend.support.managing import Managed, access_of, inventory_of, published, tool

SECRET = HiddenEntry(
    kind="tools",
    key="erase",
    shown_name="erase",
    because="filter",
    why="filters.tools.deny has erase",
    fields=raw({"name": "erase", "description": "Erases.", "inputSchema": {"type": "object", "x": 1.50}}),
)
FILES = Published(
    backend="files",
    prefix="files",
    tools=(tool("read", title="Read", description="Reads.", outputSchema={}, annotations={"readOnlyHint": True}),),
    prompts=(Entry(key="ask", shown_name="ask", fields=raw({"name": "ask", "arguments": [{"name": "who"}]})),),
    resources=(Entry(key="r://1", shown_name="r://1", fields=raw({"uri": "r://1", "name": "one", "mimeType": "a/b"})),),
    templates=(Entry(key="r://{x}", shown_name="r://{x}", fields=raw({"uriTemplate": "r://{x}", "name": "all"})),),
    hidden=(SECRET,),
)
KINDS = ("tools", "resources", "resource_templates", "prompts")
VIEWED = Policy(views={"office": ViewRules(backends=frozenset({"files"}))})


def managed(inventory: Inventory | None = None, **more: object) -> Managed:
    found = inventory or inventory_of(FILES, published("other", "spy"))
    backends = tuple(
        BackendStatus(name=name, type="stdio", standing=BackendStanding(since=0.0), counts={})
        for name in ("files", "other")
    )
    return Managed(inventory=found, overview=Overview(backends=backends), **more)  # type: ignore[arg-type]  # by name


async def test_everything_is_told_with_what_is_hidden_and_why() -> None:
    answer = await managed().get("/capabilities", b"backend=files")
    assert answer.json == {
        "tools": [
            {
                "name": "files__read",
                "original_name": "read",
                "title": "Read",
                "description": "Reads.",
                "backend": "files",
                "input_schema": {"type": "object"},
                "output_schema": {},
                "annotations": {"readOnlyHint": True},
                "filtered": False,
                "renamed": True,
                "hidden": None,
                "why": None,
            },
            {
                "name": "files__erase",
                "original_name": "erase",
                "title": None,
                "description": "Erases.",
                "backend": "files",
                "input_schema": {"type": "object", "x": 1.5},
                "output_schema": None,
                "annotations": None,
                "filtered": True,
                "renamed": True,
                "hidden": "filter",
                "why": "filters.tools.deny has erase",
            },
        ],
        "resources": [
            {
                "uri": "r://1",
                "name": "one",
                "description": None,
                "backend": "files",
                "mime_type": "a/b",
                "filtered": False,
                "hidden": None,
                "why": None,
            }
        ],
        "resource_templates": [
            {
                "uri_template": "r://{x}",
                "name": "all",
                "description": None,
                "backend": "files",
                "mime_type": None,
                "filtered": False,
                "hidden": None,
                "why": None,
            }
        ],
        "prompts": [
            {
                "name": "files__ask",
                "original_name": "ask",
                "description": None,
                "backend": "files",
                "arguments": [{"name": "who"}],
                "filtered": False,
                "renamed": True,
                "hidden": None,
                "why": None,
            }
        ],
        "route_map": {"files__read": ["files", "read"], "files__ask": ["files", "ask"]},
        "optimizer_active": False,
        "mcp_visible_tool_count": 2,
        "next": None,
    }


@pytest.mark.parametrize(
    ("query", "names"),
    [
        (b"type=tools", ["files__read", "files__erase", "other__spy"]),
        (b"type=tools&hidden=false", ["files__read", "other__spy"]),
        (b"type=tools&search=READS", ["files__read"]),
        (b"type=tools&search=*e*e*", ["files__read", "files__erase"]),
        (b"search=ask", ["files__ask"]),
        (b"backend=other", ["other__spy"]),
        (b"type=resources", ["one"]),
        (b"type=resource_templates", ["all"]),
    ],
)
async def test_only_what_is_asked_for_is_told(query: bytes, names: list[str]) -> None:
    answer = (await managed().get("/capabilities", query)).json
    found = [each["name"] for kind in KINDS for each in answer[kind]]
    assert found == names


@pytest.mark.parametrize("access", [OPEN, access_of()])
async def test_all_pages_together_are_all_of_it(access: Access) -> None:
    looking = managed(access=access)
    whole = (await looking.get("/capabilities")).json
    paged: dict[str, list[object]] = {kind: [] for kind in KINDS}
    after: str | None = ""
    while after is not None:
        page = (await looking.get("/capabilities", f"limit=1&after={after}".encode())).json
        assert sum(len(page[kind]) for kind in KINDS) == 1
        for kind in KINDS:
            paged[kind] += page[kind]
        after = page["next"]
    assert paged == {kind: whole[kind] for kind in KINDS}
    assert sum(map(len, paged.values())) == (6 if access is OPEN else 5)


async def test_a_page_tells_nobody_how_much_is_hidden_before_it() -> None:
    both = inventory_of(published("hidden", "spy"), published("files", "x", "read", "write"), allow=("tool:files__*",))
    alone = inventory_of(published("files", "x", "read", "write"), allow=("tool:files__*",))
    told = []
    for inventory in (both, alone):
        page = await managed(inventory, access=access_of()).get("/capabilities", b"limit=2")
        told.append(base64.urlsafe_b64decode(page.json["next"])[16:])
    assert told[0] == told[1]


@pytest.mark.parametrize("after", [b"x", b"%00", b"WzFd", b"W10", b"WyJ4IiwiYSIsMCwieCIsMF0", b"a" * 5000, b"\xc3"])
async def test_a_page_that_there_is_not_is_a_problem(after: bytes) -> None:
    answer = await managed().get("/capabilities", b"after=" + after)
    assert (answer.status, answer.json["error"]) in {(404, "unknown_page"), (400, "bad_request")}


async def test_who_may_not_look_at_everything_is_told_what_is_theirs_and_nothing_of_the_rest() -> None:
    inventory = inventory_of(FILES, published("other", "spy"), allow=("tool:files__*", "prompt:*"))
    mine = managed(inventory, access=access_of())
    answer = (await mine.get("/capabilities")).json
    assert [each["name"] for each in answer["tools"]] == ["files__read"]
    assert (answer["resources"], answer["mcp_visible_tool_count"]) == ([], 1)
    assert [each["name"] for each in answer["prompts"]] == ["files__ask"]
    hidden, none = await mine.get("/capabilities", b"backend=other"), await mine.get("/capabilities", b"backend=x")
    assert (hidden.status, hidden.body) == (404, none.body)
    assert (await mine.get("/capabilities", b"principal=kim")).json["error"] == "forbidden"


async def test_it_can_be_looked_at_as_a_principal_of_the_file() -> None:
    keys = (ApiKey(principal="kim", key="k" * 32, roles=("reader",)),)
    config = Config(middleware=(AuthenticationSpec(methods=(ApiKeyMethod(keys=keys),)),))
    inventory = inventory_of(FILES, published("other", "spy"), allow=("tool:files__*",))
    looking = managed(inventory, access=access_of("read"), config=config)
    answer = (await looking.get("/capabilities", b"type=tools&principal=kim")).json
    assert [(each["name"], each["hidden"], each["why"]) for each in answer["tools"]] == [
        ("files__read", None, None),
        ("files__erase", "filter", "filters.tools.deny has erase"),
        ("other__spy", "policy", "no rule decides; default: deny"),
    ]
    assert answer["mcp_visible_tool_count"] == 1
    assert "other__spy" not in answer["route_map"]
    operator = (await looking.get("/capabilities", b"type=tools&principal=operator")).json
    assert [each["hidden"] for each in operator["tools"]] == [None, "filter", None]
    nobody = await looking.get("/capabilities", b"principal=nobody")
    assert (nobody.status, nobody.json["error"]) == (404, "unknown_principal")


async def test_where_nobody_is_asked_everybody_is_anonymous() -> None:
    looking = managed(inventory_of(FILES, published("other", "spy"), allow=("tool:files__*",)))
    answer = (await looking.get("/capabilities", b"type=tools&principal=anonymous")).json
    assert [each["hidden"] for each in answer["tools"]] == ["policy", "filter", "policy"]


async def test_it_can_be_looked_at_by_a_view() -> None:
    looking = managed(inventory_of(FILES, published("other", "spy"), views=VIEWED))
    answer = (await looking.get("/capabilities", b"type=tools&endpoint=office")).json
    assert answer["tools"][-1]["why"] == "the view office does not show it"
    assert answer["mcp_visible_tool_count"] == 1
    none = await looking.get("/capabilities", b"endpoint=kitchen")
    assert (none.status, none.json["error"]) == (404, "unknown_view")


async def test_a_catalog_of_ten_thousand_tools_holds_up_nobody() -> None:
    many = published("files", *(f"tool_{number}" for number in range(10_000)))
    looking = managed(inventory_of(many, allow=("tool:files__tool_*",)), access=access_of())
    longest, is_done = 0.0, False

    async def watch() -> None:
        nonlocal longest
        last = time.thread_time()
        while not is_done:
            await trio.lowlevel.checkpoint()
            now = time.thread_time()
            longest, last = max(longest, now - last), now

    async with trio.open_nursery() as nursery:
        nursery.start_soon(watch)
        answer = await looking.get("/capabilities", b"search=tool_9999")
        is_done = True
    assert [each["original_name"] for each in answer.json["tools"]] == ["tool_9999"]
    assert answer.json["mcp_visible_tool_count"] == 10_000
    assert longest < 0.1
