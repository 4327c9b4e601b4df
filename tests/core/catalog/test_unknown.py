"""How the SDKs' servers say that they do not know a tool that they listed, and what merely sounds like that."""

from __future__ import annotations

import pytest

from argus_trio.core.catalog.unknown import LONGEST_RESULT, denies, denies_in_result
from argus_trio.wire.envelope import encode, encode_error


@pytest.mark.parametrize(
    ("code", "message"),
    [
        (-32602, "Unknown tool: x"),  # the specification's own, and Java's
        (-32602, "MCP error -32602: Tool x not found"),  # TypeScript
        (-32602, "Tool x disabled"),
        (-32602, 'unknown tool "x"'),  # Go
        (-32602, "tool not found"),  # Rust
        (-32602, "tool 'x' not found: tool not found"),  # mcp-go
        (-32603, "Tool not found: x"),  # Ruby
        (-32602, "Unknown tool: 'x'"),  # C#
        (0, "Unknown tool: x"),  # Python's lower level
        (-32601, "Method not found"),
        (-32000, "No such tool: x"),
    ],
)
def test_every_sdk_is_understood(code: int, message: str) -> None:
    assert denies("tools/call", encode_error(code, message))


def test_a_prompt_may_be_unknown_as_well() -> None:
    assert denies("prompts/get", encode_error(0, "Unknown prompt: p"))
    assert denies("prompts/get", encode_error(-32602, "Prompt p not found"))


@pytest.mark.parametrize(
    ("method", "code", "message"),
    [
        ("tools/call", -32602, "Invalid arguments for tool x: path is required"),
        ("tools/call", -32602, "file not found"),
        ("tools/call", 7, "Unknown tool: x"),
        ("resources/read", -32601, "Method not found"),
        ("completion/complete", -32602, "Unknown prompt: p"),
    ],
)
def test_what_is_wrong_with_the_call_says_nothing_of_the_list(method: str, code: int, message: str) -> None:
    assert not denies(method, encode_error(code, message))


def result(text: str, *, is_error: bool = True) -> bytes:
    return encode({"content": [{"type": "text", "text": text}], "isError": is_error})


@pytest.mark.parametrize("text", ["Unknown tool: x", "MCP error -32602: Tool x not found", "Unknown tool: 'x'"])
def test_a_result_may_say_it_in_its_text(text: str) -> None:
    assert denies_in_result(result(text))
    assert not denies_in_result(result(text, is_error=False))


@pytest.mark.parametrize(
    "text", ["I looked for an unknown tool: none", "ls: x not found", "Unknown tool: " + "x" * LONGEST_RESULT]
)
def test_what_a_tool_says_of_something_else_is_not_taken_for_it(text: str) -> None:
    assert not denies_in_result(result(text))
