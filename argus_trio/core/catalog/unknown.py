"""Whether a backend says that it does not know the tool, prompt or resource that it is asked for: in any SDK's words.

The specification has one error for an unknown tool (2025-11-25, Tools, Error Handling), but most servers answer
otherwise: some with a result that is an error, in text. What is found of tools and prompts only gives rise to a look at
the list, at a bounded pace.

For a resource it says -32002 (to 2025-11-25) and -32602 (since 2026-07-28), and the SDKs mostly do. The Python SDK 1.x
says code 0, the Java and Kotlin SDKs -32603, and a text; who serves no resources at all does not know the method.
"""

from __future__ import annotations

import re
from typing import Final

from argus_trio.wire.envelope import Raw
from argus_trio.wire.error_objects import INVALID_PARAMS, METHOD_UNKNOWN, code_of
from argus_trio.wire.members import object_or_none, string_member

LISTED_BY: Final = {"tools/call": "tools", "prompts/get": "prompts"}
"""The kind of list that a name is from, by the method that names it."""

LONGEST_RESULT: Final = 2048
"""The longest result, in bytes, that is read for it: an answer that says no more than this is short."""

_CODES: Final = frozenset({METHOD_UNKNOWN, INVALID_PARAMS, b"-32603", b"-32002", b"-32001", b"-32000", b"0"})
"""The codes that servers give this error: the right one, and those of exceptions that nobody foresaw."""

_WORDS: Final = re.compile(
    r"\b(?:unknown|no such|invalid|unrecognized) (?:tool|prompt)\b"  # Python, FastMCP, Go, C#, Java
    r"|\b(?:tool|prompt)\b.{0,300}(?:\bnot found\b|\bdisabled\b|\bdoes not exist\b|\bis unknown\b|\bnot registered\b)",
    re.IGNORECASE | re.DOTALL,
)
"""The words for it: TypeScript and Kotlin say `Tool x not found`, Rust and mcp-go `tool not found`."""

_ERROR_TEXT: Final = re.compile(
    rb'"text"\s*:\s*"(?:MCP error -?\d+: |Error: |Error executing tool [^"]{0,200}?: )?'
    rb"(?:(?:Unknown|No such|Invalid|Unrecognized) (?:tool|prompt)\b"
    rb"|(?:tool|prompt)\b.{0,300}(?:\bnot found\b|\bdisabled\b|\bdoes not exist\b))",
    re.IGNORECASE | re.DOTALL,
)
"""The same in the text of a result: at its beginning, for a tool may speak of other tools."""
_IS_ERROR: Final = re.compile(rb'"isError"\s*:\s*true')

_NO_RESOURCE_CODES: Final = frozenset((b"-32002", b"-32602", b"-32601"))
_NO_RESOURCE_WORDS: Final = re.compile(
    r"not found|no such|n[o']t exist|enoent|can(?:'t|not) find|could(?:n't| not) find|no (?:resource|handler|template)"
    r"|(?:unknown|unsupported|invalid|unrecogni[sz]ed) (?:resource|template|ur[il]|scheme|protocol)",
    re.IGNORECASE,
)


def denies(method: str, error: bytes | Raw) -> bool:
    """Whether a JSON-RPC error object in answer to `method` says that the name is unknown."""
    if method not in LISTED_BY:
        return False
    code = code_of(error)
    if code == METHOD_UNKNOWN:
        return True
    return code in _CODES and bool(_WORDS.search((string_member(object_or_none(error) or {}, "message") or "")[:1000]))


def denies_in_result(result: bytes) -> bool:
    """Whether a result of `tools/call` is an error whose text says that the tool is unknown."""
    if len(result) > LONGEST_RESULT or result.find(b'"isError"') < 0:
        return False
    return bool(_IS_ERROR.search(result)) and bool(_ERROR_TEXT.search(result))


def means_not_found(error: bytes) -> bool:
    """Whether this raw error object says that the resource is not there: another backend may have it."""
    if code_of(error) in _NO_RESOURCE_CODES:
        return True
    message = string_member(object_or_none(error) or {}, "message") or ""
    return _NO_RESOURCE_WORDS.search(message[:1000]) is not None
