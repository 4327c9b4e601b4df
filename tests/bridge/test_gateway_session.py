"""What was agreed when a legacy session was opened."""

from __future__ import annotations

import pytest

from argus_trio.bridge.carrier import AnswerStream, GatewayMessage
from argus_trio.bridge.gateway_session import GatewaySession, Initialize, session_in
from argus_trio.errors import LinkFailed
from argus_trio.wire.envelope import Response
from tests.bridge.client import HELLO, LEGACY

INITIALIZE = Initialize(body=HELLO, id=b"0")
ANSWER = AnswerStream(session_id="s-1")


def message(request_id: bytes, result: bytes) -> GatewayMessage:
    return GatewayMessage(raw=b"", messages=(Response(request_id, result),))


def test_the_answer_to_initialize_opens_the_session() -> None:
    session = session_in(message(b"0", b'{"protocolVersion":"2025-11-25"}'), INITIALIZE, ANSWER)
    assert session is not None
    assert (session.id, session.revision, session.initialize) == ("s-1", LEGACY, INITIALIZE)
    assert session.headers == (("mcp-protocol-version", LEGACY), ("mcp-session-id", "s-1"))
    assert "s-1" not in repr(session)


def test_a_gateway_may_have_no_sessions() -> None:
    session = session_in(message(b"0", b'{"protocolVersion":"2025-11-25"}'), INITIALIZE, AnswerStream())
    assert session is not None
    assert session.headers == (("mcp-protocol-version", LEGACY),)


def test_the_answer_to_something_else_opens_none() -> None:
    assert session_in(message(b"1", b'{"protocolVersion":"2025-11-25"}'), INITIALIZE, ANSWER) is None
    assert session_in(GatewayMessage(raw=b"", messages=()), INITIALIZE, ANSWER) is None


@pytest.mark.parametrize("result", [b"{}", b'{"protocolVersion":1}', b'"text"'])
def test_an_answer_that_names_no_revision_is_an_error(result: bytes) -> None:
    with pytest.raises(LinkFailed, match="names no protocol version"):
        session_in(message(b"0", result), INITIALIZE, ANSWER)


def test_two_sessions_are_never_equal() -> None:
    first, second = (GatewaySession(revision=LEGACY, initialize=INITIALIZE) for _ in range(2))
    assert first != second
