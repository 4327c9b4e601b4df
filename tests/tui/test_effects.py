"""Effects done: files written, pages put together, requests and streams of a gateway that is slow or refuses."""

from __future__ import annotations

from pathlib import Path

import pytest
import trio

from argus_trio.contract.capabilities import CAPABILITIES
from argus_trio.manage_client.requests import ApiQuery
from argus_trio.tui.effect import Fetch
from argus_trio.tui.effects.lists import MOST_PAGES, whole_list
from argus_trio.tui.effects.saving import saved
from tests.cli.values import tool, tools


async def test_a_file_is_written_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "result.json"
    done = await saved(path, b"{}")
    assert (done.what, done.text) == ("saved", f"saved: {path} (2 bytes)")
    assert (path.read_bytes(), path.stat().st_mode & 0o777) == (b"{}", 0o600)


async def test_no_file_is_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "result.json"
    for number in range(3):
        await saved(path, b"%d" % number)
    assert [(tmp_path / f"result{number}.json").read_bytes() for number in ("", "-1", "-2")] == [b"0", b"1", b"2"]


async def test_a_link_to_nowhere_is_not_written_through(tmp_path: Path) -> None:
    (tmp_path / "x").symlink_to(tmp_path / "elsewhere")
    done = await saved(tmp_path / "x", b"1")
    assert (done.what, (tmp_path / "x-1").read_bytes()) == ("saved", b"1")


@pytest.mark.parametrize("name", ["none/x", "a\0b", "x" * 300, "~nobody-of-this-name/x"])
async def test_what_cannot_be_written_is_told(tmp_path: Path, name: str) -> None:
    path = Path(name) if name.startswith("~") else tmp_path / name
    done = await saved(path, b"1")
    assert (done.what, done.text.startswith("not saved: ")) == ("failed", True)


async def test_all_pages_of_a_list_are_put_together() -> None:
    pages = {"": tools(tool("a"), following="1"), "1": tools(tool("b"), following="2"), "2": tools(tool("c"))}

    async def ask(_: Fetch, query: ApiQuery) -> tuple[bytes, object]:
        await trio.lowlevel.checkpoint()
        assert query["search"] == "x"
        after = str(query.get("after", ""))
        return after.encode(), pages[after]

    raw, whole = await whole_list(ask, Fetch(operation=CAPABILITIES, query={"search": "x"}, has_pages=True))
    assert (raw, [each.name for each in whole.tools]) == (b"", ["a", "b", "c"])  # type: ignore[attr-defined]
    assert (sorted(whole.route_map), whole.next) == (["a", "b", "c"], None)  # type: ignore[attr-defined]


async def test_a_list_without_end_is_cut_and_seen_to_be() -> None:
    asked = 0

    async def ask(_: Fetch, __: ApiQuery) -> tuple[bytes, object]:
        nonlocal asked
        asked += 1
        await trio.lowlevel.checkpoint()
        return b"", tools(tool("a"), following=str(asked))

    _, whole = await whole_list(ask, Fetch(operation=CAPABILITIES, has_pages=True))
    assert (asked, whole.next) == (MOST_PAGES, str(MOST_PAGES))  # type: ignore[attr-defined]
