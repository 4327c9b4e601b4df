"""One client parks as many calls as it can, in either era: clients of other addresses are served at once."""

from __future__ import annotations

import http.client
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager

import pytest

from tests.e2e import gateway
from tests.e2e.gateway import Gateway, Json
from tests.e2e.raw import LEGACY, MODERN, Raw, messages_of

HERE, THERE = "127.0.0.1", "127.0.0.2"
MOST = 16
TIMEOUTS = {"connect": 6}
"""Of which a call that finds its share used up waits all."""
AT_ONCE = 4.0
"""Less than that, and longer than a busy machine takes to start one more server."""
ASKED: Json = {"elicitation": {}}


@pytest.fixture(scope="module")
def argus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    backends = {
        name: gateway.stdio("moody.py", "asks", max_sessions=MOST, timeouts=TIMEOUTS) for name in ("old", "new")
    }
    with gateway.running({"backends": backends}, tmp_path_factory.mktemp("shares")) as running:
        yield running


def client(argus: Gateway, revision: str, source: str) -> Raw:
    return Raw(argus.url, revision, source=source, capabilities=ASKED)


def begun(caller: Raw, tool: str) -> http.client.HTTPConnection:
    """A call whose answer nobody has read yet."""
    message, headers = caller.message("tools/call", {"name": tool, "arguments": {}})
    return caller.sent(message, **headers)


def seen_of(connection: http.client.HTTPConnection) -> bytes:
    """What comes of the answer until the call asks its client, or is over."""
    answer = connection.getresponse()
    seen = b""
    while b"elicitation/create" not in seen and (part := answer.read1()):
        seen += part
    return seen


@contextmanager
def parked(tool: str, callers: list[Raw], share: int) -> Iterator[list[http.client.HTTPConnection]]:
    """A call of each for the length of the block, of which the first so many ask their client; all the others.

    Of those, which come at once, some may ask their client as well: whichever the gateway reads first.
    """
    with ExitStack() as calls:
        others = []
        for number, caller in enumerate(callers):
            call = begun(caller, tool)
            calls.callback(call.close)
            if number < share:
                assert b"elicitation/create" in seen_of(call)
            else:
                others.append(call)
        yield others


def seconds_until_asked(caller: Raw, tool: str) -> float:
    started = time.monotonic()
    with closing(begun(caller, tool)) as call:
        assert b"elicitation/create" in seen_of(call)
    return time.monotonic() - started


def test_parked_calls_of_one_modern_client_leave_room_for_other_clients(argus: Gateway) -> None:
    with parked("new__go", [client(argus, MODERN, HERE)] * MOST, MOST // 2) as others:
        for revision, source in ((MODERN, THERE), (LEGACY, HERE), (LEGACY, THERE)):
            assert seconds_until_asked(client(argus, revision, source), "new__go") < AT_ONCE
        refusals = [seen for seen in map(seen_of, others) if b"elicitation/create" not in seen]
    assert len(refusals) >= MOST // 4
    for refusal in refusals:
        (answer,) = messages_of("text/event-stream", refusal)
        assert "max_sessions" in answer["error"]["message"]
        assert answer["error"]["data"]["retryAfter"] > 0
    argus.event("client_connections_full", backend="new", max_sessions=MOST)
    assert len(argus.events("client_connections_full")) == 1


def test_sessions_of_one_address_leave_room_for_other_addresses(argus: Gateway) -> None:
    sessions = [client(argus, LEGACY, HERE) for _ in range(MOST)]
    with parked("old__go", sessions, MOST * 3 // 4):
        for revision in (MODERN, LEGACY):
            assert seconds_until_asked(client(argus, revision, THERE), "old__go") < AT_ONCE
