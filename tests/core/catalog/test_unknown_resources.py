"""The words in which servers say that they have no such resource."""

from __future__ import annotations

import json

import pytest

from argus_trio.core.catalog.unknown import means_not_found


@pytest.mark.parametrize(
    ("code", "message"),
    [
        (-32002, "Resource not found"),
        (-32602, "MCP error -32602: Resource note://x not found"),
        (-32601, "Method not found"),
        (0, "Unknown resource: note://x"),
        (0, "Unsupported URI scheme: note"),
        (-32603, "Resource not found: note://x"),
        (-32603, "ENOENT: no such file or directory, open '/x'"),
        (-32603, "it doesn't exist"),
        (-32000, "Cannot find it"),
    ],
)
def test_who_says_so_has_it_not(code: int, message: str) -> None:
    assert means_not_found(json.dumps({"code": code, "message": message}).encode())


@pytest.mark.parametrize("error", [{"code": -32603, "message": "permission denied"}, {"code": 0}, {"message": 7}, []])
def test_any_other_error_is_an_answer(error: object) -> None:
    assert not means_not_found(json.dumps(error).encode())
