"""What the bridge and the gateway agreed on when a legacy session was opened. It opens and ends none.

(2025-11-25, Streamable HTTP, Session Management.)
"""

from __future__ import annotations

import attrs
import msgspec

from argus_trio import Value
from argus_trio.bridge.carrier import AnswerStream, GatewayMessage
from argus_trio.errors import LinkFailed
from argus_trio.wire import headers as names
from argus_trio.wire.envelope import Response, decode_object, decode_string
from argus_trio.wire.headers import Headers


@attrs.frozen(kw_only=True)
class Initialize(Value):
    """The client's `initialize`: its bytes, and its id as raw JSON."""

    body: bytes = attrs.field(repr=False)
    id: bytes


@attrs.frozen(kw_only=True, eq=False, repr=False)
class GatewaySession:
    """One legacy session with the gateway. Two sessions are never equal, whatever was agreed."""

    id: str | None = attrs.field(default=None, repr=False)
    """The session's id; None if the other side has no sessions."""
    revision: str
    initialize: Initialize
    """How the session was opened, and how another one is in its place."""

    @property
    def headers(self) -> Headers:
        """What every later request carries."""
        version = (names.PROTOCOL_VERSION, self.revision)
        return (version,) if self.id is None else (version, (names.SESSION_ID, self.id))


def session_in(message: GatewayMessage, initialize: Initialize, answer: AnswerStream) -> GatewaySession | None:
    """The session that `message`, if it is the answer to `initialize`, opens.

    Raises:
        LinkFailed: it is the answer, and names no protocol version.
    """
    for member in message.messages:
        if isinstance(member, Response) and member.id == initialize.id:
            try:
                revision = decode_string(decode_object(member.result).get("protocolVersion", b"0"))
            except msgspec.DecodeError:
                raise LinkFailed("its answer to initialize names no protocol version") from None
            return GatewaySession(id=answer.session_id, revision=revision, initialize=initialize)
    return None
