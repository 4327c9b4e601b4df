"""Collects a request's body within its bounds of size and time, and nothing else."""

from __future__ import annotations

import trio

from argus_trio.core.memory import ALL_SMALL_BYTES, SMALL_BYTES, Bodies, Body
from argus_trio.frontend.http.errors import BodyStalled, BodyTooLarge, ClientGone
from argus_trio.frontend.http.limits import Limits
from argus_trio.frontend.http.request import IncomingRequest


async def read_body(request: IncomingRequest, limits: Limits, bodies: Bodies) -> bytes:
    """The whole body, which is entered in `bodies` as `request.body`.

    Raises:
        Overloaded: too much of other requests is held already.
        BodyTooLarge: declared or found to be larger than `limits.body_bytes`.
        BodyStalled: `limits.body_stall` or `limits.body_total` passed.
        ClientGone: the client disconnected.
    """
    limit = limits.body_bytes
    declared = request.fields.get(b"content-length")
    if declared is not None and int(declared) > limit:
        raise BodyTooLarge(f"the body is larger than {limit} bytes (server.max_body_bytes)")
    if declared is not None and int(declared) > SMALL_BYTES:
        bodies.announced(int(declared))
    body = request.body = Body(bodies)
    whole = None if request.shortcut is None else request.shortcut.take_body()
    if whole is None:
        return await _collected(request, limits, body)
    request.body_pending = False
    _enter(body, len(whole), len(whole), limit)
    return whole


async def _collected(request: IncomingRequest, limits: Limits, body: Body) -> bytes:
    end = trio.current_time() + limits.body_total
    parts: list[bytes] = []
    size = 0
    try:
        with trio.CancelScope() as waiting:
            while True:
                waiting.deadline = min(end, trio.current_time() + limits.body_stall)
                message = await request.receive()
                if message["type"] == "http.disconnect":
                    raise ClientGone("the client left before its request was complete")
                part = message["body"]
                if isinstance(part, bytes) and part:
                    parts.append(part)
                    size += len(part)
                    _enter(body, len(part), size, limits.body_bytes)
                if not message.get("more_body"):
                    request.body_pending = False
                    return parts[0] if len(parts) == 1 else b"".join(parts)
    finally:
        parts.clear()  # the refusal has hold of this frame, for as long as it takes to send it
        if request.body_pending:
            body.release()
    raise BodyStalled(
        f"the body did not come: {limits.body_stall:g} s without any of it, or {limits.body_total:g} s in all"
    )


def _enter(body: Body, part: int, size: int, limit: int) -> None:
    """Enter a part of so many bytes, with which the body has `size`."""
    if size > limit:
        raise BodyTooLarge(f"the body is larger than {limit} bytes (server.max_body_bytes)")
    bodies = body.bodies
    if size > SMALL_BYTES or bodies.small + part > ALL_SMALL_BYTES:
        body.take(part)
    else:
        body.small += part
        bodies.small += part
