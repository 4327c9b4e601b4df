"""The routing headers and their value codec, compared with the MCP SDK's own functions."""

from __future__ import annotations

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from mcp.shared.inbound import (
    NAME_BEARING_METHODS,
    InboundModernRoute,
    classify_inbound_request,
    decode_header_value,
    encode_header_value,
)

from argus_trio.errors import HeaderMismatch
from argus_trio.wire.envelope import Params, decode_object
from argus_trio.wire.headers import (
    NAME_PARAM,
    TOKEN,
    check_routing_headers,
    decode_value,
    encode_value,
    routing_headers,
)

REVISION = "2026-07-28"
texts = st.text(st.characters(codec="utf-8"), max_size=20) | st.sampled_from(["=?base64?eA==?=", " a", "a ", "\ta", ""])


def params_of(**fields: object) -> Params:
    return decode_object(json.dumps(fields).encode())


def as_asgi(headers: tuple[tuple[str, str], ...]) -> list[tuple[bytes, bytes]]:
    return [(name.encode(), value.encode("ascii")) for name, value in headers]


@given(texts)
def test_values_are_encoded_as_the_sdk_does_and_come_back(value: str) -> None:
    assert encode_value(value) == encode_header_value(value)
    assert decode_value(encode_value(value)) == value
    assert encode_value(value).isascii()


@given(texts | st.text("AB=/+", max_size=8).map("=?base64?{}?=".format))
@example("=?base64?QQ=?=")
@example("=?base64?QR==?=")
@example("=?base64?/w==?=")
def test_values_are_decoded_as_the_sdk_does(value: str) -> None:
    if "\n" not in value:  # no header holds one; the SDK's pattern stops at it
        assert decode_value(value) == decode_header_value(value)


def test_the_examples_of_the_specification_hold() -> None:
    assert encode_value("us-west1") == "us-west1"
    assert encode_value("Hello, 世界") == "=?base64?SGVsbG8sIOS4lueVjA==?="
    assert encode_value(" padded ") == "=?base64?IHBhZGRlZCA=?="
    assert encode_value("line1\nline2") == "=?base64?bGluZTEKbGluZTI=?="
    assert encode_value("=?base64?literal?=") == "=?base64?PT9iYXNlNjQ/bGl0ZXJhbD89?="


def test_the_same_methods_bear_names_as_in_the_sdk() -> None:
    of_extensions = dict.fromkeys(("tasks/get", "tasks/update", "tasks/cancel"), "taskId")
    assert dict(NAME_PARAM) == {**NAME_BEARING_METHODS, **of_extensions}


@given(
    method=st.sampled_from(["tools/call", "prompts/get", "resources/read", "tools/list"]),
    name=texts,
    uri=texts,
    sent=st.fixed_dictionaries(
        {},
        optional={
            "mcp-protocol-version": st.sampled_from([REVISION, "2025-11-25"]),
            "mcp-method": st.sampled_from(["tools/call", "resources/read", "x"]),
            "mcp-name": texts.map(encode_value) | st.just("=?base64?!?="),
        },
    ),
    right=st.sets(st.sampled_from(["mcp-protocol-version", "mcp-method", "mcp-name"])),
)
def test_headers_are_accepted_exactly_when_the_sdk_accepts_them(
    method: str, name: str, uri: str, sent: dict[str, str], right: set[str]
) -> None:
    params = params_of(name=name, uri=uri)
    headers = sent | {key: value for key, value in routing_headers(REVISION, method, params) if key in right}
    meta = {
        "io.modelcontextprotocol/protocolVersion": REVISION,
        "io.modelcontextprotocol/clientCapabilities": {},
    }
    body = {"method": method, "params": {"name": name, "uri": uri, "_meta": meta}}
    accepted = isinstance(classify_inbound_request(body, headers=headers), InboundModernRoute)
    try:
        check_routing_headers(dict(as_asgi(tuple(headers.items()))), method=method, params=params, revision=REVISION)
    except HeaderMismatch:
        assert not accepted
    else:
        assert accepted


@pytest.mark.parametrize("name", ["mcp-protocol-version", "mcp-method", "mcp-name"])
def test_a_header_given_twice_is_refused(name: str) -> None:
    params = params_of(name="add")
    fields = dict(as_asgi(routing_headers(REVISION, "tools/call", params)))
    check_routing_headers(fields, method="tools/call", params=params, revision=REVISION, repeated={b"accept"})
    with pytest.raises(HeaderMismatch, match="more than once"):
        check_routing_headers(fields, method="tools/call", params=params, revision=REVISION, repeated={name.encode()})


def test_a_header_outside_ascii_is_refused() -> None:
    fields = {b"mcp-protocol-version": REVISION.encode(), b"mcp-method": b"prompts/get", b"mcp-name": b"\xe9"}
    with pytest.raises(HeaderMismatch, match="characters"):
        check_routing_headers(fields, method="prompts/get", params=params_of(name="é"), revision=REVISION)


@pytest.mark.parametrize("name", [5, ["add"], {"a": 1}])
def test_a_name_that_is_no_string_gets_no_header_and_matches_none(name: object) -> None:
    params = params_of(name=name)
    headers = routing_headers(REVISION, "tools/call", params)
    assert [key for key, _ in headers] == ["mcp-protocol-version", "mcp-method"]
    with pytest.raises(HeaderMismatch, match="no string"):
        check_routing_headers(
            dict(as_asgi((*headers, ("mcp-name", "5")))), method="tools/call", params=params, revision=REVISION
        )


def test_a_missing_name_is_left_to_the_check_of_params() -> None:
    for params in ({}, params_of(name=None)):
        fields = dict(as_asgi((("mcp-protocol-version", REVISION), ("mcp-method", "tools/call"))))
        check_routing_headers(fields, method="tools/call", params=params, revision=REVISION)


@pytest.mark.parametrize(
    ("text", "is_token"),
    [("X-Api-Key", True), ("a!#$%&'*+-.^_`|~9", True), ("", False), ("a b", False), ("é", False), ("a:b", False)],
)
def test_a_token_is_what_may_name_a_header(text: str, is_token: bool) -> None:
    assert (TOKEN.fullmatch(text) is not None) is is_token
