"""Collects a request's body within its bounds of size and time, and nothing else."""

from __future__ import annotations

from typing import Final

import trio

from argus_trio.frontend.refusals import BodyStalled, BodyTooLarge, ClientGone
from argus_trio.frontend.request import Request

BODY_STALL_S: Final = 30.0
"""How long the next part of a body may take to come."""
BODY_TOTAL_S: Final = 300.0
"""How long a whole body may take to come."""


async def read_body(request: Request, limit: int) -> bytes:
    """The whole body.

    Raises:
        BodyTooLarge: declared or found to be larger than `limit` bytes.
        BodyStalled: `BODY_STALL_S` or `BODY_TOTAL_S` passed.
        ClientGone: the client disconnected.
    """
    declared = request.fields.get(b"content-length")
    if declared is not None and int(declared) > limit:
        raise BodyTooLarge(f"the body is larger than {limit} bytes (server.max_body_bytes)")
    end = trio.current_time() + BODY_TOTAL_S
    with trio.CancelScope() as waiting:
        parts: list[bytes] = []
        size = 0
        while True:
            waiting.deadline = min(end, trio.current_time() + BODY_STALL_S)
            message = await request.receive()
            if message["type"] == "http.disconnect":
                raise ClientGone("the client left before its request was complete")
            part = message["body"]
            if isinstance(part, bytes) and part:
                parts.append(part)
                size += len(part)
            if size > limit:
                raise BodyTooLarge(f"the body is larger than {limit} bytes (server.max_body_bytes)")
            if not message.get("more_body"):
                request.body_pending = False
                return parts[0] if len(parts) == 1 else b"".join(parts)
    raise BodyStalled(f"the body did not come: {BODY_STALL_S:g} s without any of it, or {BODY_TOTAL_S:g} s in all")
