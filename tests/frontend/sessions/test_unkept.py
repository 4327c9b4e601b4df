"""What stands in place of an answer that there is no room for."""

from __future__ import annotations

import msgspec
import pytest
from structlog.testing import capture_logs

from argus_trio.core.memory import Memory
from argus_trio.frontend.sessions.streams import Streams
from argus_trio.frontend.sessions.unkept import unkept
from tests.frontend.support.serving import events_in


def test_an_answer_becomes_an_error_and_so_does_each_of_a_batch() -> None:
    answer, notice = b'{"jsonrpc":"2.0","id":"a","result":{}}', b'{"jsonrpc":"2.0","method":"m"}'
    one = msgspec.json.decode(unkept(answer, "no room") or b"")
    assert (one["id"], one["error"]["code"], one["error"]["data"]) == ("a", -31016, {"retryAfter": 5.0})
    assert "no room" in one["error"]["message"]
    many = msgspec.json.decode(unkept(b"[%b,%b]" % (answer, answer.replace(b'"a"', b"7")), "no room") or b"")
    assert [each["id"] for each in many] == ["a", 7]
    assert unkept(notice, "no room") is None


@pytest.mark.parametrize("is_carried", [True, False])
async def test_a_client_that_lost_its_call_learns_that_the_answer_could_not_be_kept(*, is_carried: bool) -> None:
    memory = Memory(lambda: 100_000)
    full, streams = Streams(memory), Streams(memory)
    full.open(on_carried=lambda: None).record(b"x" * 90_000)
    stream = streams.open(on_carried=lambda: None)
    feed = streams.resume("1-0") if is_carried else None
    with capture_logs() as logs:
        await stream.send(
            b'{"jsonrpc":"2.0","method":"notifications/message","params":{"data":"%b"}}' % (b"x" * 50_000)
        )
        await stream.send(b'{"jsonrpc":"2.0","id":1,"result":{"x":"%b"}}' % (b"x" * 50_000))
    assert [entry["event"] for entry in logs] == ["event_not_kept", "event_not_kept"]
    feed = feed or streams.resume("1-0")
    (told,) = events_in(await feed.take())
    assert (told["id"], "error" in told) == (1, True)
