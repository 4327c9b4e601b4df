"""The filter of one container over a real Unix socket, with an outside of the tests."""

from __future__ import annotations

import resource
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import attrs
import pytest
import trio
from structlog.testing import capture_logs
from trio.testing import MockClock, wait_all_tasks_blocked

from argus_trio.core.egress.attempts import EgressRow, EgressTarget
from argus_trio.core.egress.permits import permits_of_passed
from argus_trio.core.redaction import Redactor
from argus_trio.net.service_nursery import ServiceNursery
from argus_trio.sandbox.egress.attempts import ToldAttempts
from argus_trio.sandbox.egress.filter import (
    CHUNK_BYTES,
    HALF_CLOSED_SECONDS,
    HEAD_BYTES,
    HEAD_SECONDS,
    MOST_CONNECTIONS,
    SHARE_OF_FILES,
    UNTIL_CLOSED_SECONDS,
    serve_filter,
)
from argus_trio.sandbox.egress.outward import Outward
from argus_trio.sandbox.plan.network import HostRule, NetworkPolicy
from tests.sandbox.egress.outside import Outside

PUBLIC = NetworkPolicy()
EXAMPLE = {"h.example": ("93.184.216.34",)}


@attrs.define(eq=False, kw_only=True)
class Served:
    path: Path
    outside: Outside
    told: ToldAttempts
    nursery: trio.Nursery
    opened: list[trio.SocketStream] = attrs.field(factory=list, init=False)

    async def connected(self) -> trio.SocketStream:
        self.opened.append(await trio.open_unix_socket(str(self.path)))
        return self.opened[-1]

    async def ask(self, target: str) -> tuple[trio.SocketStream, bytes]:
        stream = await self.connected()
        await stream.send_all(b"CONNECT " + target.encode() + b" HTTP/1.1\r\n\r\n")
        return stream, await answered(stream)

    async def answer(self, target: str) -> bytes:
        stream, said = await self.ask(target)
        await stream.aclose()
        return said

    @property
    def rows(self) -> dict[str, EgressRow]:
        return {str(row.target): row for row in self.told.of("files")}


async def answered(stream: trio.SocketStream) -> bytes:
    """What is answered, or that the connection was reset: so it is where something stays unread."""
    try:
        return bytes(await stream.receive_some())
    except trio.BrokenResourceError:
        return b"reset"


@asynccontextmanager
async def serving(
    tmp_path: Path,
    policy: NetworkPolicy = PUBLIC,
    *,
    outside: Outside | None = None,
    outward: Outward | None = None,
    is_installation: bool = False,
) -> AsyncIterator[Served]:
    outside = outside or Outside(addresses=EXAMPLE)
    path = tmp_path / "egress.sock"
    bound = trio.socket.socket(socket.AF_UNIX)
    await bound.bind(str(path))
    bound.listen(400)
    told = ToldAttempts(now=lambda: 1000.0)
    ways = outward or Outward(look_up=outside.look_up, dial=outside.dial, is_own=outside.is_own)

    async def serve() -> None:
        await serve_filter(
            trio.SocketListener(bound), policy, told, backend="files", outward=ways, is_installation=is_installation
        )

    async with ServiceNursery() as nursery:
        nursery.start_soon(serve)
        served = Served(path=path, outside=outside, told=told, nursery=nursery)
        try:
            yield served
        finally:
            outside.close()
            for each in served.opened:
                each.socket.close()
            bound.close()


async def test_what_may_be_reached_is_relayed_both_ways_with_half_closes(tmp_path: Path) -> None:
    async with serving(tmp_path) as served:
        stream, said = await served.ask("H.example.:443")
        assert said == b"HTTP/1.1 200 OK\r\n\r\n"
        assert served.outside.reached == ["93.184.216.34 443"]
        (far,) = served.outside.ends
        await stream.send_all(b"question")
        assert await far.receive_some() == b"question"
        await stream.send_eof()
        assert await far.receive_some() == b""
        await far.send_all(b"the answer comes after the end")
        assert await stream.receive_some() == b"the answer comes after the end"
        await far.aclose()
        assert await stream.receive_some() == b""
        await wait_all_tasks_blocked()
        row = served.rows["h.example:443"]
        assert (row.passed, row.passed_by, row.sent, row.received) == (1, "public", 8, 30)


async def test_what_comes_right_behind_the_head_is_not_lost(tmp_path: Path) -> None:
    async with serving(tmp_path) as served:
        stream = await served.connected()
        await stream.send_all(b"CONNECT h.example:443 HTTP/1.1\r\nHost: other\r\n\r\nearly")
        assert b" 200 " in await stream.receive_some()
        assert await served.outside.ends[0].receive_some() == b"early"
        assert served.rows["h.example:443"].sent == 5


REFUSED = [
    ("localhost:5432", b"403 this_machine", 'container: {host_services: ["localhost:5432"]}'),
    ("host.docker.internal:80", b"403 this_machine", 'container: {host_services: ["localhost:80"]}'),
    ("db.internal:443", b"403 not_public", 'container: {host_services: ["db.internal:443"]}'),
    ("db.internal:5432", b"403 other_port", 'container: {host_services: ["db.internal:5432"]}'),
    ("10.0.0.1:80", b"403 bare_address", ""),
    ("[fd00::1]:80", b"403 bare_address", ""),
    ("169.254.169.254:80", b"403 never_dialled", ""),
    ("meta.example:80", b"403 never_dialled", ""),
    ("a b:80", b"400 no_name", ""),
    ("a..b:80", b"403 no_name", ""),
]


@pytest.mark.parametrize(("target", "answer", "line"), REFUSED)
async def test_a_refusal_is_answered_at_once_counted_and_told_with_what_to_write(
    tmp_path: Path, target: str, answer: bytes, line: str
) -> None:
    outside = Outside(addresses={"db.internal": ("10.0.0.9",), "meta.example": ("169.254.169.254",)})
    with capture_logs() as logs:
        async with serving(tmp_path, outside=outside) as served:
            for _ in range(3):
                assert await served.answer(target) == b"HTTP/1.1 " + answer + b"\r\n\r\n"
            assert outside.reached == []
            (row,) = served.rows.values()
            assert (row.refused, row.passed, row.failed) == (3, 0, 0)
            (event,), _ = served.told.journal.since(1)
    (said,) = logs
    assert (said["event"], said["backend"], said["to_allow"]) == ("egress_refused", "files", line)
    assert (event.stage, event.backend, event.severity) == ("egress_refused", "files", "warning")
    assert event.message.startswith("files was not let through to ")
    assert event.message.endswith(f"; to let it through, write {line}") or not line


async def test_what_no_rule_covers_is_not_even_looked_up(tmp_path: Path) -> None:
    allowing = NetworkPolicy(mode="allow", allow=(HostRule(host="h.example", port=443),))
    with capture_logs() as logs:
        async with serving(tmp_path, allowing) as served:
            assert b"403 not_allowed" in await served.answer("secret-data.evil.example:443")
            assert b"200" in await served.answer("h.example:443")
            assert served.outside.names == [("h.example", 443)]
            assert served.rows["h.example:443"].passed_by == "allow"
    assert logs[0]["to_allow"] == 'container: {network: {allow: ["h.example:443", "secret-data.evil.example:443"]}}'


async def test_what_leads_nowhere_is_answered_and_counted_apart(tmp_path: Path) -> None:
    outside = Outside(addresses=EXAMPLE, takes={"93.184.216.34": -0.001})
    with capture_logs() as logs:
        async with serving(tmp_path, outside=outside) as served:
            for _ in range(2):
                assert b"502 not_reached" in await served.answer("h.example:443")
                assert b"502 not_found" in await served.answer("nowhere.example:443")
            assert [(row.failed, row.refused, row.reason) for row in served.rows.values()] == [
                (2, 0, "not_reached"),
                (2, 0, "not_found"),
            ]
            assert served.told.journal.since(1)[0] == ()
    assert [(each["event"], each["log_level"]) for each in logs] == [("egress_failed", "info")] * 2
    assert logs[0]["detail"] == "93.184.216.34 refused"


def test_of_an_installation_it_is_a_warning_for_it_is_why_there_is_no_image() -> None:
    with capture_logs() as logs:
        ToldAttempts().failed("a", EgressTarget(host="pypi.example", port=443, is_installation=True), "not_found", "no")
    assert [(each["event"], each["log_level"]) for each in logs] == [("egress_failed", "warning")]


async def test_what_an_installation_tries_stands_apart(tmp_path: Path) -> None:
    async with serving(tmp_path, is_installation=True) as served:
        assert b"200" in await served.answer("h.example:443")
        with capture_logs() as logs:
            assert b"403" in await served.answer("localhost:1")
        assert [row.target.is_installation for row in served.told.of("files") if row.target] == [True, True]
        assert permits_of_passed(served.told.of("files")).allow == ()
        (event,), _ = served.told.journal.since(1)
        assert event.backend is None
    assert logs[0]["to_allow"] == ""


@pytest.mark.parametrize(
    "head",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"CONNECT h.example HTTP/1.1\r\n\r\n",
        b"CONNECT h.example:0 HTTP/1.1\r\n\r\n",
        b"CONNECT h.example:65536 HTTP/1.1\r\n\r\n",
        b"CONNECT h.example:443\r\n\r\n",
        b"CONNECT h.example:443 HTTP/1.1\n\n" + b"x" * HEAD_BYTES,
        b"\x00" * HEAD_BYTES,
        b"CONNECT " + b"a" * HEAD_BYTES,
        b"\xff\xfe:443 HTTP/1.1\r\n\r\n",
        b"\r\n\r\n",
    ],
)
async def test_what_is_no_head_is_refused(tmp_path: Path, head: bytes) -> None:
    async with serving(tmp_path) as served:
        stream = await served.connected()
        await stream.send_all(head)
        said = await answered(stream)
        assert said in (b"HTTP/1.1 400 no_name\r\n\r\n", b"reset")
        assert (await answered(stream)) in (b"", b"reset")
        assert served.outside.names == []
        assert served.rows["?:0"].reason == "no_name"


async def test_a_name_in_no_encoding_is_refused_and_shown_clean(tmp_path: Path) -> None:
    async with serving(tmp_path) as served:
        stream = await served.connected()
        await stream.send_all(b"CONNECT \xff\x1b[31m" + b"x" * 300 + b":443 HTTP/1.1\r\n\r\n")
        assert b"403 no_name" in await stream.receive_some()
        (shown,) = served.rows
        assert shown.isprintable()
        assert len(shown) < 120


async def test_a_secret_in_a_name_is_shown_to_nobody(tmp_path: Path) -> None:
    with capture_logs() as logs:
        async with serving(tmp_path) as served:
            served.told.redact = Redactor(["sk-SECRETtoken"])
            await served.answer("sk-SECRETtoken.evil.example:25")
            (event,), _ = served.told.journal.since(1)
            assert list(served.rows) == ["[redacted].evil.example:25"]
    assert "secrettoken" not in f"{logs} {event}".lower()


async def test_a_head_that_does_not_come_is_not_waited_for(tmp_path: Path, autojump_clock: MockClock) -> None:
    async with serving(tmp_path) as served:
        stream = await served.connected()
        await stream.send_all(b"CONNECT h.exam")
        assert b"400" in await stream.receive_some()
        assert trio.current_time() == pytest.approx(HEAD_SECONDS)


async def test_who_says_nothing_and_leaves_is_nobody(tmp_path: Path) -> None:
    async with serving(tmp_path) as served:
        await (await served.connected()).aclose()
        await wait_all_tasks_blocked()
        assert served.rows == {}


async def test_a_quiet_connection_stays(tmp_path: Path, autojump_clock: MockClock) -> None:
    async with serving(tmp_path) as served:
        stream, _ = await served.ask("h.example:443")
        await trio.sleep(7 * 24 * 3600)
        await stream.send_all(b"still there?")
        assert await served.outside.ends[0].receive_some() == b"still there?"


async def test_a_container_that_reads_slowly_slows_down_who_sends(tmp_path: Path) -> None:
    async with serving(tmp_path) as served:
        stream, _ = await served.ask("h.example:443")
        (far,) = served.outside.ends
        sent = 0
        while True:
            with trio.move_on_after(0.2) as scope:
                await far.send_all(bytes(CHUNK_BYTES))
                sent += CHUNK_BYTES
                continue
            break
        assert scope.cancelled_caught
        assert sent < 4 * 1024 * 1024
        await stream.aclose()


async def test_when_one_end_is_gone_the_other_is_closed(tmp_path: Path) -> None:
    async with serving(tmp_path) as served:
        stream, _ = await served.ask("h.example:443")
        (far,) = served.outside.ends
        await stream.aclose()
        assert await far.receive_some() == b""
        with pytest.raises(trio.BrokenResourceError):
            await far.send_all(bytes(64 * CHUNK_BYTES))


async def test_at_the_end_of_the_container_every_connection_is_closed(tmp_path: Path) -> None:
    async with serving(tmp_path) as served:
        streams = [(await served.ask("h.example:443"))[0] for _ in range(5)]
        served.nursery.cancel_scope.cancel()
        with trio.CancelScope(shield=True):
            for stream in streams:
                assert await stream.receive_some() == b""
            for far in served.outside.ends:
                assert await far.receive_some() == b""


async def test_one_container_has_so_many_connections_and_no_more(tmp_path: Path) -> None:
    with capture_logs() as logs:
        async with serving(tmp_path) as served:
            streams = [(await served.ask("h.example:443"))[0] for _ in range(MOST_CONNECTIONS)]
            for _ in range(3):
                assert await served.answer("h.example:443") in (b"HTTP/1.1 503 too_many\r\n\r\n", b"reset")
            others = served.told.of("files").others
            assert others is not None
            assert (others.refused, others.reason) == (3, "too_many")
            await streams.pop().aclose()
            await wait_all_tasks_blocked()
            assert b"200" in await served.answer("h.example:443")
            for stream in streams:
                await stream.aclose()
            await wait_all_tasks_blocked()
            assert [each.stage for each in served.told.journal.since(1)[0]] == ["egress_full"]
    assert [each["event"] for each in logs] == ["egress_full"]


@pytest.mark.parametrize("is_the_container", [True, False])
async def test_where_one_end_has_said_its_last_a_quiet_connection_ends(
    tmp_path: Path, autojump_clock: MockClock, is_the_container: bool
) -> None:
    async with serving(tmp_path) as served:
        stream, _ = await served.ask("h.example:443")
        (far,) = served.outside.ends
        ended, other = (stream, far) if is_the_container else (far, stream)
        await ended.send_eof()
        assert await other.receive_some() == b""
        await trio.sleep(HALF_CLOSED_SECONDS - 1)
        await other.send_all(b"still")
        assert await ended.receive_some() == b"still"
        with trio.move_on_after(HALF_CLOSED_SECONDS - 1) as early:
            await ended.receive_some()
        assert early.cancelled_caught
        assert await ended.receive_some() == b""


async def test_containers_leave_files_to_the_rest_of_the_gateway(tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with capture_logs() as logs:
        async with serving(tmp_path) as served:
            stream = await served.connected()
            scarce = int(stream.socket.fileno() / SHARE_OF_FILES) + 1
            resource.setrlimit(resource.RLIMIT_NOFILE, (scarce, hard))
            try:
                assert await served.answer("h.example:443") in (b"HTTP/1.1 503 too_many\r\n\r\n", b"reset")
            finally:
                resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
            assert b"200" in await served.answer("h.example:443")
    assert f"the gateway may open {scarce} files (ulimit -n)" in logs[0]["detail"]


class OneWayStream(trio.abc.Stream):
    """An end that cannot be half closed, as one under TLS."""

    def __init__(self, inner: trio.abc.Stream) -> None:
        self._inner = inner

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        await self._inner.send_all(data)

    async def wait_send_all_might_not_block(self) -> None:
        await self._inner.wait_send_all_might_not_block()

    async def receive_some(self, max_bytes: int | None = None) -> bytes | bytearray:
        return await self._inner.receive_some(max_bytes)

    async def aclose(self) -> None:
        await self._inner.aclose()


async def test_an_end_that_cannot_be_half_closed_has_a_while_for_its_last_words(
    tmp_path: Path, autojump_clock: MockClock
) -> None:
    outside = Outside(addresses=EXAMPLE)

    async def dial(address: str, port: int) -> trio.abc.Stream:
        return OneWayStream(await outside.dial(address, port))

    ways = Outward(look_up=outside.look_up, dial=dial, is_own=outside.is_own)
    async with serving(tmp_path, outside=outside, outward=ways) as served:
        stream, _ = await served.ask("h.example:443")
        await stream.send_eof()
        await wait_all_tasks_blocked()
        await outside.ends[0].send_all(b"last words")
        assert await stream.receive_some() == b"last words"
        assert await stream.receive_some() == b""
        assert trio.current_time() == pytest.approx(UNTIL_CLOSED_SECONDS)


async def test_refusals_without_end_are_told_at_a_pace(tmp_path: Path) -> None:
    with capture_logs() as logs:
        async with serving(tmp_path, NetworkPolicy(mode="none")) as served:
            for number in range(100):
                await served.answer(f"n{number}.example:443")
            served.told.now = later(served.told.now)
            await served.answer("last.example:443")
    assert len(logs) == 21
    assert [each["untold"] for each in logs] == [0] * 20 + [80]


def later(now: Callable[[], float]) -> Callable[[], float]:
    return lambda: now() + 31
