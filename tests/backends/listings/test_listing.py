"""Listings: pages read entry by entry, filters before overrides."""

from __future__ import annotations

import json

import msgspec
import pytest

from argus_trio.backends.listings.listing import passes, publish, read_page
from argus_trio.config.model.backend import StdioBackend
from argus_trio.config.model.visibility import Filters, Globs, Override
from tests.backends.support.fakes import Json, raw


def spec(**fields: object) -> StdioBackend:
    return StdioBackend(name="files", command="unused", **fields)  # type: ignore[arg-type]  # fields by name


def listed(*names: str) -> dict[str, list[tuple[str, dict[str, msgspec.Raw]]]]:
    return {"tools": [(name, raw({"name": name, "description": "old"})) for name in names]}


def test_deny_wins_over_allow_and_no_allow_lets_all_pass() -> None:
    assert passes(Globs(), "anything")
    assert passes(Globs(allow=("read_*",)), "read_file")
    assert not passes(Globs(allow=("read_*",)), "write_file")
    assert not passes(Globs(allow=("read_*",), deny=("*_file",)), "read_file")
    assert not passes(Globs(deny=("READ",)), "READ")
    assert passes(Globs(deny=("READ",)), "read")


def test_filters_look_at_own_names_and_overrides_follow() -> None:
    declared = spec(
        filters=Filters(tools=Globs(allow=("read",))),
        tool_overrides={"read": Override(name="fetch", description="new"), "write": Override(name="read")},
    )
    published = publish(declared, listed("read", "write"), serves_resources=False)
    assert [(entry.key, entry.shown_name) for entry in published.tools] == [("read", "fetch")]
    assert bytes(published.tools[0].fields["description"]) == b'"new"'


def test_resource_filters_see_uris_and_templates() -> None:
    declared = spec(filters=Filters(resources=Globs(deny=("secret://*",))))
    listing = {
        "resources": [(uri, raw({"uri": uri})) for uri in ("secret://1", "open://1")],
        "templates": [(uri, raw({"uriTemplate": uri})) for uri in ("secret://{x}", "open://{x}")],
    }
    published = publish(declared, listing, serves_resources=True)
    assert [e.key for e in (*published.resources, *published.templates)] == ["open://1", "open://{x}"]


def test_a_prefix_is_the_name_unless_the_specification_says_otherwise() -> None:
    assert publish(spec(), {}, serves_resources=False).prefix == "files"
    assert publish(spec(prefix=""), {}, serves_resources=False).prefix == ""


@pytest.mark.parametrize(("cursor", "last"), [(None, True), ("", True), ("2", False), (7, False)])
def test_an_absent_or_empty_cursor_ends_a_list(cursor: object, last: bool) -> None:
    page: Json = {"tools": [], "nextCursor": cursor}
    read = read_page("tools", "tools", json.dumps(page).encode())
    assert (read.next_cursor is None) is last


def test_a_page_counts_what_is_no_entry() -> None:
    read = read_page("prompts", "prompts", b'{"prompts":[{"name":"a","z":1e999},{"title":"b"},3]}')
    assert [key for key, _ in read.entries] == ["a"]
    assert read.invalid == 2


def test_a_modern_tool_whose_result_is_no_object_is_shown_to_legacy_clients_without_the_schema_of_it() -> None:
    tool: Json = {"name": "x", "inputSchema": {"type": "object"}, "outputSchema": {"type": "array"}}
    overrides = {"x": Override(description="new")}
    declared = spec(tool_overrides=overrides)
    (entry,) = publish(declared, {"tools": [("x", raw(tool))]}, serves_resources=False, is_modern=True).tools
    assert "outputSchema" in entry.fields
    assert entry.legacy_fields is not None
    assert "outputSchema" not in entry.legacy_fields
    assert bytes(entry.legacy_fields["description"]) == b'"new"'
    (entry,) = publish(spec(), {"tools": [("x", raw(tool))]}, serves_resources=False).tools
    assert "outputSchema" not in entry.fields


def test_what_nothing_identifies_is_reported_by_its_number() -> None:
    published = publish(spec(), {}, serves_resources=False, nameless={"tools": 2, "resources": 1})
    assert [(remark.kind, remark.name, remark.what) for remark in published.left_out] == [
        ("tools", "", "it has no name"),
        ("tools", "", "it has no name"),
        ("resources", "", "it has no uri"),
    ]


def test_of_two_entries_with_one_name_the_last_is_shown_and_the_other_reported_unless_they_are_equal() -> None:
    tools = [("a", raw({"name": "a", "title": title})) for title in ("1", "2")]
    same = [("b", raw({"name": "b"}))] * 2
    published = publish(spec(), {"tools": [*tools, *same]}, serves_resources=False)
    assert [(tool.key, bytes(tool.fields.get("title", b""))) for tool in published.tools] == [("a", b'"2"'), ("b", b"")]
    assert [(remark.name, remark.what) for remark in published.left_out] == [
        ("a", "another one with this name follows in the list")
    ]


def test_what_is_left_out_is_kept_beside_with_the_reason_and_its_members() -> None:
    declared = spec(
        filters=Filters(tools=Globs(allow=("r*", "x*"), deny=("*_all",)), resources=Globs(deny=("secret://*",))),
        tool_overrides={"read_all": Override(name="fetch")},
    )
    headed: Json = {"name": "read_odd", "inputSchema": {"type": "object", "properties": {"a": {"x-mcp-header": "a b"}}}}
    listing = {
        "tools": [
            *((name, raw({"name": name, "inputSchema": {}})) for name in ("read_all", "write", "read")),
            ("x", raw({"name": "x", "inputSchema": 7})),
            ("read_odd", raw(headed)),
            ("read", raw({"name": "read", "inputSchema": {}, "title": "again"})),
        ],
        "templates": [("secret://{x}", raw({"uriTemplate": "secret://{x}", "name": "s"}))],
    }
    published = publish(declared, listing, serves_resources=True)
    found = [(each.kind, each.key, each.shown_name, each.because) for each in published.hidden]
    assert ("tools", "read_all", "fetch", "filter") in found
    assert ("tools", "write", "write", "filter") in found
    assert ("tools", "read", "read", "invalid") in found
    assert ("tools", "read_odd", "read_odd", "invalid") in found
    assert ("templates", "secret://{x}", "secret://{x}", "filter") in found
    why = {each.key: each.why for each in published.hidden}
    assert why["read_all"] == "filters.tools.deny has *_all"
    assert why["write"] == "no glob of filters.tools.allow fits it"
    assert why["secret://{x}"] == "filters.resources.deny has secret://*"
    assert why["read"] == "another one with this name follows in the list"
    shown = {entry.key for entry in published.tools}
    assert "read" in shown
    assert not shown & {"read_all", "write", "read_odd"}
    (write,) = [each for each in published.hidden if each.key == "write"]
    assert write.fields is listing["tools"][1][1], "what is kept is what the listing holds anyway"
