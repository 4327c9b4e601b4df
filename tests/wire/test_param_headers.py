"""`x-mcp-header`: which schemas are valid and which headers a call gets, compared with the MCP SDK's own functions."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mcp.shared.inbound import find_invalid_x_mcp_header, mcp_param_headers, x_mcp_header_map

from argus_trio.errors import HeaderMismatch
from argus_trio.wire.param_headers import (
    check_param_headers,
    invalid_param_header,
    param_headers,
    render_param_headers,
)

leaves = st.fixed_dictionaries(
    {},
    optional={
        "type": st.sampled_from(["string", "integer", "boolean", "number", "object", ["string"], 7]),
        "x-mcp-header": st.sampled_from(["Region", "region", "Zone", "A b", "", 7, "Tenant-Id", "Ümlaut"]),
        "default": st.just({"x-mcp-header": "data"}),
    },
)
names = st.sampled_from(["a", "b", "c", "properties"])


def grown(children: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    return st.fixed_dictionaries(
        {},
        optional={
            "properties": st.dictionaries(names, children, max_size=3),
            "items": children,
            "anyOf": st.lists(children, max_size=2),
            "$defs": st.dictionaries(names, children, max_size=2),
            "type": st.just("object"),
        },
    )


schemas = st.recursive(leaves, grown, max_leaves=6)
floats = st.floats(allow_nan=False, allow_infinity=False)
scalars = st.none() | st.booleans() | st.integers() | st.text(max_size=5) | floats
values = st.recursive(scalars, lambda inner: st.dictionaries(names, inner, max_size=3), max_leaves=5)


@given(schemas)
def test_schemas_are_judged_as_the_sdk_judges_them(schema: object) -> None:
    verdict = invalid_param_header(json.dumps(schema).encode())
    assert (verdict is None) == (find_invalid_x_mcp_header(schema) is None)


@given(schemas, st.dictionaries(names, values, max_size=3))
def test_calls_get_the_headers_that_the_sdk_gives_them(schema: object, arguments: dict[str, object]) -> None:
    wanted = param_headers(json.dumps(schema).encode())
    assert dict(wanted) == x_mcp_header_map(schema)
    if find_invalid_x_mcp_header(schema) is None:
        ours = dict(render_param_headers(wanted, json.dumps(arguments, allow_nan=False).encode()))
        theirs = mcp_param_headers(x_mcp_header_map(schema), arguments)
        assert ours == {name.lower(): value for name, value in theirs.items()}


def test_an_annotation_spelt_with_escapes_is_seen() -> None:
    schema = rb'{"properties":{"a":{"type":"string","x\u002dmcp-header":"A"}}}'
    assert param_headers(schema) == ((("a",), "A"),)


def test_a_schema_without_annotations_is_not_even_decoded() -> None:
    assert param_headers(b"not json") == ()
    assert invalid_param_header(b"not json") is None


def test_a_schema_that_cannot_be_read_is_invalid() -> None:
    assert invalid_param_header(b'{"x-mcp-header"') == "the input schema cannot be read"


def test_two_properties_may_not_share_a_header() -> None:
    schema = b'{"properties":{"a":{"type":"string","x-mcp-header":"A"},"b":{"type":"string","x-mcp-header":"a"}}}'
    assert "is that of" in (invalid_param_header(schema) or "")


@pytest.mark.parametrize("value", [b"[1]", b"{}", b"null", b"9" * 5000, rb'"\ud800"'])
def test_a_value_that_no_header_can_hold_gets_none(value: bytes) -> None:
    assert render_param_headers(((("a",), "A"),), b'{"a":%b}' % value) == ()


def test_huge_integers_keep_every_digit() -> None:
    assert render_param_headers(((("a",), "A"),), b'{"a":12345678901234567890123}') == (
        ("mcp-param-a", "12345678901234567890123"),
    )


WANTED = ((("a",), "A"), (("b", "c"), "Sea"))


@pytest.mark.parametrize(
    ("headers", "arguments"),
    [
        ([], b"{}"),
        ([], b'{"a":null,"b":{"c":null}}'),
        ([(b"Mcp-Param-A", b"x"), (b"mcp-param-sea", b"true")], b'{"a":"x","b":{"c":true}}'),
        ([(b"mcp-param-a", b"=?base64?w6k=?=")], '{"a":"é"}'.encode()),
        ([(b"mcp-param-a", b"42.0")], b'{"a":42}'),
        ([(b"mcp-param-a", b"42")], b'{"a":42.0}'),
        ([(b"mcp-param-a", b"4.2e1")], b'{"a":42}'),
        ([(b"mcp-param-other", b"?")], b"{}"),
    ],
)
def test_headers_that_say_what_the_arguments_do_pass(headers: list[tuple[bytes, bytes]], arguments: bytes) -> None:
    check_param_headers(headers, WANTED, arguments)


@pytest.mark.parametrize(
    ("headers", "arguments"),
    [
        ([], b'{"a":"x"}'),
        ([(b"mcp-param-a", b"x")], b"{}"),
        ([(b"mcp-param-a", b"null")], b'{"a":null}'),
        ([(b"mcp-param-a", b"y")], b'{"a":"x"}'),
        ([(b"mcp-param-a", b"1")], b'{"a":"1.0"}'),
        ([(b"mcp-param-a", b"43")], b'{"a":42}'),
        ([(b"mcp-param-a", b"x"), (b"mcp-param-a", b"x")], b'{"a":"x"}'),
        ([(b"mcp-param-a", b"=?base64?!?=")], b'{"a":"x"}'),
        ([(b"mcp-param-a", "é".encode("latin-1"))], '{"a":"é"}'.encode()),
        ([(b"mcp-param-a", b"True")], b'{"a":true}'),
        ([(b"mcp-param-a", b"[]")], b'{"a":[]}'),
        ([(b"mcp-param-a", b"1e9999999")], b'{"a":42}'),
        ([(b"mcp-param-a", b"x")], b"7"),
    ],
)
def test_headers_that_say_anything_else_are_refused(headers: list[tuple[bytes, bytes]], arguments: bytes) -> None:
    with pytest.raises(HeaderMismatch):
        check_param_headers(headers, WANTED, arguments)


@given(st.dictionaries(st.sampled_from("ab"), scalars | st.dictionaries(st.just("c"), scalars)))
def test_the_headers_that_we_would_send_ourselves_pass(arguments: dict[str, object]) -> None:
    raw = json.dumps(arguments).encode()
    headers = [(name.encode(), value.encode()) for name, value in render_param_headers(WANTED, raw)]
    check_param_headers(headers, WANTED, raw)
    for index in range(len(headers)):
        with pytest.raises(HeaderMismatch):
            check_param_headers(headers[:index] + headers[index + 1 :], WANTED, raw)
