"""A problem that the gateway answers with (RFC 9457) as what a person is told, and the exit code that goes with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import msgspec

from argus_trio.manage_client.failure import FAILED, NOT_ALLOWED, NOT_REACHED, CommandFailed

_CODES: Final = {401: NOT_ALLOWED, 403: NOT_ALLOWED}
_OF_PROXIES: Final = (502, 503, 504)
"""What a proxy answers with that does not reach the gateway; the gateway itself says more."""
_ADVICE: Final = {
    "unauthorized": "put the token into $ARGUS_TOKEN or a file for --token-file, or use the gateway's Unix socket",
    "forbidden": "`argus-trio explain PRINCIPAL manage:RIGHT` says which rule decides",
    "not-found": "is it the gateway's address? Where server.management.listen names another one, ask there",
    "unknown-backend": "`argus-trio backends` lists them",
    "unknown-exchange": "`argus-trio exchanges` lists those under way",
    "unknown-session": "`argus-trio sessions` lists them",
    "unknown-tool": "`argus-trio tools` lists them",
    "overloaded": "try again later",
}
"""What to do, by the word of a problem."""


def failure_of(status: int, header: Callable[[str], str | None], body: bytes, shown: str) -> CommandFailed:
    """What an answer other than 200 comes to. `header` gives the answer's header of a lower-case name."""
    problem = _object(body)
    detail = problem.get("detail") or problem.get("message")
    if 300 <= status < 400:
        target = header("location") or "elsewhere"
        return CommandFailed(f"{shown} leads to {target}: write that address, if it is right", NOT_REACHED)
    if not isinstance(detail, str):
        what = f"status {status}"
        if status == 404:
            return CommandFailed(
                f"what answers at {shown} is no argus-trio gateway, or an older one ({what})", NOT_REACHED
            )
        if status in _OF_PROXIES:
            return CommandFailed(
                f"{shown} answered with {what}, as a proxy does whose gateway is not there", NOT_REACHED
            )
        return CommandFailed(f"{shown} answered with {what}", _CODES.get(status, FAILED), raw=body)
    return failure_told(problem, body, header("retry-after"))


def failure_told(problem: Mapping[str, object], body: bytes, retry_after: str | None = None) -> CommandFailed:
    """What a problem comes to, be it an answer or the last event of a stream."""
    status = problem.get("status")
    word = str(problem.get("type", "")).rpartition("/")[2]
    if problem.get("error") == "not_found":
        word = "not-found"
    said = str(problem.get("detail") or problem.get("message") or problem.get("title") or "it was refused")
    if word == "unknown-target" and "tool" in said:
        word = "unknown-tool"
    if word == "forbidden" and "manage:" not in said:  # no rule decides that
        word = ""
    if advice := _ADVICE.get(word):
        said += f"; {advice}"
    if retry_after:
        said += f" (in {retry_after} s)"
    return CommandFailed(said, _CODES.get(status, FAILED) if isinstance(status, int) else FAILED, raw=body)


def _object(body: bytes) -> dict[str, object]:
    try:
        return msgspec.json.decode(body, type=dict[str, object])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {}
