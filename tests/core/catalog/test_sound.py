"""What is mended of an entry, what makes it none, and that a sound one passes as it came."""

from __future__ import annotations

import json

import pytest

from argus_trio.core.catalog.sound import LEGACY, MODERN, SoundEntry, Unsound, sound
from argus_trio.wire.envelope import decode_object, encode

OBJECT: dict[str, object] = {"type": "object"}


def read(kind: str, entry: object, *, is_modern: bool = False) -> SoundEntry:
    members = (MODERN if is_modern else LEGACY)[kind]
    return sound(kind, decode_object(json.dumps(entry).encode()), members)


def shown(kind: str, entry: object, *, is_modern: bool = False) -> object:
    value: object = json.loads(encode(read(kind, entry, is_modern=is_modern).fields))
    return value


def tool(**members: object) -> dict[str, object]:
    return {"name": "x", "inputSchema": OBJECT, **members}


SOUND = {
    "tools": tool(
        title="X",
        description="does x",
        inputSchema={"type": "object", "properties": {"a": {"type": ["string", "null"]}}, "required": ["a"], "z": None},
        outputSchema={"type": "object", "additionalProperties": False},
        annotations={"title": "X", "readOnlyHint": True, "more": [None]},
        icons=[{"src": "data:,", "mimeType": "image/png", "sizes": ["any"], "theme": "dark", "more": None}],
        execution={"taskSupport": "optional"},
        _meta={"a": None},
        anything=None,
    ),
    "prompts": {"name": "p", "arguments": [{"name": "a", "description": "", "required": False, "more": None}]},
    "resources": {
        "uri": "a:b",
        "name": "",
        "size": 12.5,
        "mimeType": "text/plain",
        "annotations": {"audience": ["user"], "priority": 0.5, "lastModified": "2025-01-12T15:00:58.1+01:00"},
    },
    "templates": {"uriTemplate": "{+path}", "name": "t"},
}


@pytest.mark.parametrize("kind", SOUND)
@pytest.mark.parametrize("is_modern", [False, True])
def test_a_sound_entry_is_the_one_that_came(kind: str, is_modern: bool) -> None:
    fields = decode_object(json.dumps(SOUND[kind]).encode())
    found = sound(kind, fields, (MODERN if is_modern else LEGACY)[kind])
    assert found.fields is fields
    assert found.changes == ()


@pytest.mark.parametrize(
    "member", ["title", "description", "outputSchema", "annotations", "icons", "_meta", "execution"]
)
def test_null_is_absent_where_a_tool_may_do_without(member: str) -> None:
    assert shown("tools", tool(**{member: None})) == tool()
    assert read("tools", tool(**{member: None})).changes == (f"{member}: null became absent",)


@pytest.mark.parametrize(
    ("kind", "entry", "member"),
    [
        ("prompts", {"name": "p"}, "arguments"),
        ("prompts", {"name": "p"}, "description"),
        ("resources", {"uri": "a:b", "name": "r"}, "size"),
        ("resources", {"uri": "a:b", "name": "r"}, "annotations"),
        ("templates", {"uriTemplate": "a:{b}", "name": "t"}, "mimeType"),
    ],
)
def test_null_is_absent_where_another_entry_may_do_without(kind: str, entry: dict[str, object], member: str) -> None:
    assert shown(kind, {**entry, member: None}) == entry


@pytest.mark.parametrize("entry", [{"name": "x"}, {"name": "x", "inputSchema": None}, tool(inputSchema={})])
def test_a_tool_without_a_schema_takes_any_object(entry: object) -> None:
    assert shown("tools", entry) == tool()


@pytest.mark.parametrize(
    ("schema", "mended"),
    [
        ([], OBJECT),
        ({"type": None, "z": 1}, {"type": "object", "z": 1}),
        ({"properties": {}}, {"type": "object", "properties": {}}),
        ({"type": ["object", "null"]}, OBJECT),
        ({"type": "object", "properties": None, "required": None}, OBJECT),
        ({"type": "object", "properties": [], "required": {}}, {"type": "object", "properties": {}, "required": []}),
        ({"type": "object", "required": True}, OBJECT),
        ({"type": "object", "required": ["a", None]}, {"type": "object", "required": ["a"]}),
        (
            {"type": "object", "properties": {"a": True, "b": False, "c": None, "d": {"type": "x"}}},
            {"type": "object", "properties": {"a": {}, "b": {"not": {}}, "c": {}, "d": {"type": "x"}}},
        ),
    ],
)
def test_a_schema_is_mended_where_it_can_mean_one_thing_only(schema: object, mended: object) -> None:
    assert shown("tools", tool(inputSchema=schema)) == tool(inputSchema=mended)


@pytest.mark.parametrize(
    ("kind", "entry", "reason"),
    [
        ("tools", {"inputSchema": OBJECT}, "it has no name"),
        ("tools", {"name": 7, "inputSchema": OBJECT}, "name is no string"),
        ("tools", tool(inputSchema={"type": "string"}), "inputSchema is the schema of another type than object"),
        ("tools", tool(inputSchema={"type": ["string", "null"]}), "another type"),
        ("tools", tool(inputSchema="{}"), "inputSchema is no object"),
        ("tools", tool(inputSchema=True), "inputSchema is no object"),
        ("prompts", {"title": "p"}, "it has no name"),
        ("resources", {"name": "r"}, "it has no uri"),
        ("resources", {"uri": "no uri", "name": "r"}, "uri is no URI with its scheme"),
        ("resources", {"uri": "a:b", "name": {}}, "name is no string"),
        ("templates", {"name": "t"}, "it has no uriTemplate"),
    ],
)
def test_what_lacks_what_it_needs_is_no_entry(kind: str, entry: object, reason: str) -> None:
    with pytest.raises(Unsound, match=reason):
        read(kind, entry)


@pytest.mark.parametrize(
    ("member", "value", "left"),
    [
        ("description", 7, None),
        ("outputSchema", {"type": "array"}, None),
        ("annotations", [], {}),
        ("annotations", {"readOnlyHint": "true", "title": None, "openWorldHint": True}, {"openWorldHint": True}),
        ("execution", {"taskSupport": "maybe"}, {}),
        ("icons", {}, []),
        ("icons", ["a", {"src": "b", "theme": "blue", "sizes": "48x48"}], [{"src": "b"}]),
        ("_meta", [], {}),
    ],
)
def test_what_is_optional_and_cannot_be_read_is_left_out_of_the_entry_and_told(
    member: str, value: object, left: object
) -> None:
    assert shown("tools", tool(**{member: value})) == (tool() if left is None else tool(**{member: left}))
    assert any(member in change for change in read("tools", tool(**{member: value})).changes)


def test_an_argument_that_cannot_be_given_is_left_out_of_its_prompt() -> None:
    arguments = [{}, None, {"name": "a", "required": None, "title": 7}]
    assert shown("prompts", {"name": "p", "arguments": arguments}) == {"name": "p", "arguments": [{"name": "a"}]}


@pytest.mark.parametrize(
    "annotations",
    [{"audience": "user"}, {"audience": ["all"]}, {"priority": 2}, {"priority": "1"}, {"lastModified": "2025-01-01"}],
)
def test_an_annotation_of_a_resource_that_cannot_be_read_is_left_out(annotations: dict[str, object]) -> None:
    entry = {"uri": "a:b", "name": "r"}
    (name,) = annotations
    left: dict[str, object] = {"audience": []} if annotations[name] == ["all"] else {}
    assert shown("resources", {**entry, "annotations": annotations}) == {**entry, "annotations": left}


@pytest.mark.parametrize("size", ["7", {}, True])
def test_a_size_that_is_no_number_is_left_out(size: object) -> None:
    assert shown("resources", {"uri": "a:b", "name": "r", "size": size}) == {"uri": "a:b", "name": "r"}


@pytest.mark.parametrize(("kind", "key"), [("resources", "uri"), ("templates", "uriTemplate")])
@pytest.mark.parametrize("name", [{}, {"name": None}])
def test_what_has_no_name_is_called_by_its_address(kind: str, key: str, name: dict[str, object]) -> None:
    assert shown(kind, {key: "a:{b}", **name}) == {key: "a:{b}", "name": "a:{b}"}


@pytest.mark.parametrize("schema", [{}, {"type": "array"}, {"anyOf": []}])
def test_the_result_of_a_modern_tool_may_be_of_any_type(schema: object) -> None:
    assert read("tools", tool(outputSchema=schema), is_modern=True).changes == ()


@pytest.mark.parametrize(("schema", "left"), [([], {"outputSchema": {}}), (None, {}), (True, {})])
def test_a_schema_of_a_result_that_is_none_is_mended_or_left_out_of_a_modern_tool(
    schema: object, left: dict[str, object]
) -> None:
    assert shown("tools", tool(outputSchema=schema), is_modern=True) == tool(**left)
