"""The words by which servers say that they cannot ask their client."""

from __future__ import annotations

import json

import pytest

from argus_trio.core.call.way_back import has_no_way_back

PYTHON = "Cannot send 'roots/list': this transport context has no back-channel for server-initiated requests."
FASTMCP = "elicitation via server-initiated requests is unavailable on 2026-07-28 connections."
TYPESCRIPT = (
    "Server-to-client requests are not available on protocol revision 2026-07-28: 'roots/list' cannot be sent while "
    "serving a request on that revision."
)


@pytest.mark.parametrize("words", [PYTHON, FASTMCP, TYPESCRIPT])
def test_each_sdk_is_understood_as_an_error_and_as_a_failed_tool(words: str) -> None:
    error = json.dumps({"code": -32600, "message": words}).encode()
    assert has_no_way_back(error, is_error=True)
    failed = {"content": [{"type": "text", "text": words}], "isError": True}
    assert has_no_way_back(json.dumps(failed).encode(), is_error=False)
    assert has_no_way_back(json.dumps(failed, separators=(",", ":")).encode(), is_error=False)


@pytest.mark.parametrize("words", [PYTHON, FASTMCP, TYPESCRIPT])
def test_a_tool_that_works_may_say_the_same(words: str) -> None:
    told = {"content": [{"type": "text", "text": words}]}
    assert not has_no_way_back(json.dumps(told).encode(), is_error=False)


def test_other_errors_are_none_of_these() -> None:
    assert not has_no_way_back(b'{"code":-32601,"message":"Method not found"}', is_error=True)
