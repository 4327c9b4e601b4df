"""Links as they are opened: the stdio link over processes that misbehave."""

from __future__ import annotations

import os
import uuid
from pathlib import Path

import attrs
import msgspec
import pytest
import trio
from structlog.testing import capture_logs
from trio.testing import wait_all_tasks_blocked

from argus_trio.backends.links.hearing import SHOWN
from argus_trio.backends.links.link import Link, Outgoing
from argus_trio.backends.links.open import open_link, open_stdio
from argus_trio.backends.links.stderr import MAX_LINE_BYTES, StderrRing
from argus_trio.backends.links.stdio import EXIT_GRACE_SECONDS, StdioLink
from argus_trio.backends.links.streamable_http import StreamableHttpLink
from argus_trio.backends.process.orphans import TREE
from argus_trio.config.model.backend import HttpBackend, SseBackend, StdioBackend
from argus_trio.config.model.operation import Bounds
from argus_trio.errors import AnswerInvalid, LinkFailed
from argus_trio.wire.envelope import Notification, Raw, Request, encode_notification, encode_raw, encode_request
from argus_trio.wire.lines import MAX_LINE_BYTES as LINE_LIMIT
from tests.backends.support.children import (
    MARKER,
    PATIENCE_SECONDS,
    Inbox,
    ask,
    children,
    descriptors,
    nasty,
    opened,
    process_of,
    running,
)

ECHO = nasty("echo")


async def failure_of(link: Link) -> LinkFailed:
    with trio.fail_after(PATIENCE_SECONDS):
        return await link.wait_failed()


async def test_each_kind_of_backend_has_its_link() -> None:
    async with open_link(nasty("echo"), Inbox(), StderrRing("nasty")) as link:
        assert isinstance(link, StdioLink)
    nowhere = "http://127.0.0.1:9/mcp"
    async with open_link(HttpBackend(name="far", url=nowhere), Inbox(), StderrRing("far")) as link:
        assert isinstance(link, StreamableHttpLink)
    with pytest.raises(LinkFailed):  # its stream is the link, so it is opened at once
        async with open_link(SseBackend(name="old", url=nowhere), Inbox(), StderrRing("old")):
            pass


async def test_requests_are_answered_each_with_its_own_answer() -> None:
    async with opened(nasty("echo")) as link:
        answers: dict[int, bytes] = {}

        async def one(number: int) -> None:
            answers[number] = await ask(link, number, {"n": encode_raw(number)})

        async with trio.open_nursery() as nursery:
            for number in range(1, 51):
                nursery.start_soon(one, number)
        assert answers == {number: b'{"n": %d}' % number for number in range(1, 51)}
        await link.listen()
    assert children() == []


async def test_a_raw_line_break_in_a_message_is_no_second_message() -> None:
    async with opened(nasty("echo")) as link:
        spliced = Raw(b'{"a":1,\n"b":\r\n2}')
        assert await ask(link, 1, {"x": spliced}) == b'{"x": {"a": 1, "b": 2}}'
        await link.send(encode_notification("notifications/cancelled", {"x": spliced}))
        assert await ask(link, 2) == b"{}"


async def test_what_the_backend_says_on_its_own_goes_to_the_inbox_in_order() -> None:
    inbox = Inbox()
    async with opened(nasty("talkative"), inbox=inbox) as link:
        await ask(link, 1)
    assert inbox.messages == [
        Notification("notifications/progress", {"n": Raw(b"1e400")}),
        Request(b'"ask-1"', "roots/list", {}),
    ]


async def test_garbage_on_stdout_is_logged_cut_and_skipped() -> None:
    with capture_logs() as logs:
        async with opened(nasty("garbage")) as link:
            assert await ask(link, 1, {"still": encode_raw("here")}) == b'{"still": "here"}'
            assert link.noise == 6
    shown = [entry["line"] for entry in logs if entry["event"] == "backend_noise"]
    assert shown[:4] == ["Starting up", "{\ufffd}", "[1,2]", "[1,2]"]
    assert shown[4:] == ["[" * SHOWN, "n" * SHOWN]


@pytest.mark.parametrize(
    ("rest", "has"),
    [
        (" ", "neither"),
        (',"result":{},"error":{"code":1,"message":"x"}', "both"),
        (',"result":"\\ud800","error":1', "both"),
    ],
)
async def test_an_answer_with_neither_result_nor_error_or_both_fails_its_request_at_once(rest: str, has: str) -> None:
    async with opened(nasty("half-answer", rest)) as link:
        for number in (1, 2):
            with pytest.raises(AnswerInvalid, match=f"it has {has}"):
                await ask(link, number)
        assert link.noise == 0


async def test_an_answer_with_neither_that_nobody_waits_for_is_noise() -> None:
    async with opened(nasty("half-answer", " ")) as link:
        await link.send(encode_request(b"7", "tools/call", {}))
        with pytest.raises(AnswerInvalid):
            await ask(link, 8)
        assert link.noise == 1


async def test_a_banner_harms_nothing() -> None:
    async with opened(nasty("banner")) as link:
        assert await ask(link, 1) == b"{}"
        assert link.noise == 2


async def test_broken_text_is_mended() -> None:
    async with opened(nasty("broken-text")) as link:
        assert await ask(link, 1) == '"caf\ufffd \\ufffd"'.encode()


async def test_a_batch_is_taken_apart() -> None:
    inbox = Inbox()
    async with opened(nasty("batch"), inbox=inbox) as link:
        assert await ask(link, 1) == b"{}"
        assert link.noise == 1
    assert inbox.messages == [Notification("notifications/message", {"from": Raw(b'"the batch"')})]


async def test_a_message_of_almost_the_limit_goes_both_ways() -> None:
    text = "x" * (LINE_LIMIT - 100)
    async with opened(nasty("echo")) as link:
        assert msgspec.json.decode(await ask(link, 1, {"text": encode_raw(text)})) == {"text": text}


async def test_twenty_megabytes_go_to_a_backend() -> None:
    async with opened(nasty("never-answers")) as link:
        with trio.fail_after(PATIENCE_SECONDS):
            await link.send(encode_notification("big", {"text": encode_raw("x" * 20_000_000)}))


async def test_a_line_that_is_too_long_fails_its_request_alone() -> None:
    spec = attrs.evolve(nasty("huge-line", str(LINE_LIMIT)), limits=Bounds(message=LINE_LIMIT))
    async with opened(spec) as link:
        for number in (1, 2):
            with pytest.raises(
                AnswerInvalid, match=rf"has {LINE_LIMIT + 41} bytes .*raise backends\.nasty\.limits\.message"
            ):
                await ask(link, number)


async def test_a_picture_of_eighteen_megabytes_passes() -> None:
    async with opened(nasty("huge-line", "18000000")) as link:
        assert len(await ask(link, 1)) == 18_000_002


@pytest.mark.parametrize(("how", "reason"), [("3", "exited with code 3"), ("SIGKILL", "was killed by SIGKILL")])
async def test_a_death_in_a_call_fails_every_call_with_the_status_and_the_last_stderr(how: str, reason: str) -> None:
    failures: list[LinkFailed] = []
    async with opened(nasty("die-on-call", how)) as link:

        async def one(number: int) -> None:
            with pytest.raises(LinkFailed) as caught:
                await ask(link, number)
            failures.append(caught.value)

        async with trio.open_nursery() as nursery:
            nursery.start_soon(one, 1)
            nursery.start_soon(one, 2)
        assert (await failure_of(link)).reason == reason
        with pytest.raises(LinkFailed, match=reason):
            await link.send(encode_notification("x", {}))
        with pytest.raises(LinkFailed, match=reason):
            await ask(link, 3)
    assert len(failures) == 2
    for failure in failures:
        assert (failure.reason, failure.details) == (reason, ("first line", "the disk is full", "no line end"))


async def test_a_backend_that_leaves_before_it_is_asked_says_why() -> None:
    ring = StderrRing("nasty")
    async with open_stdio(nasty("die-at-once", "4"), Inbox(), stderr=ring, environ={}) as link:
        failure = await failure_of(link)
        assert (failure.reason, failure.details) == ("exited with code 4", ("no such database",))
    assert ring.lines() == ("no such database",)


async def test_an_answer_right_before_the_end_is_not_lost() -> None:
    async with opened(nasty("answer-and-die", "0")) as link:
        assert await ask(link, 1) == b'"the last words"'
        assert (await failure_of(link)).reason == "exited with code 0"


async def test_a_backend_that_closes_its_stdout_is_lost_though_it_lives() -> None:
    async with opened(nasty("close-stdout")) as link:
        with pytest.raises(LinkFailed, match="closed its stdout"):
            await ask(link, 1)


async def test_a_backend_that_leaves_its_pipes_to_others_is_still_lost() -> None:
    marker = uuid.uuid4().hex
    async with opened(nasty("orphan-then-die", marker, env={MARKER: marker})) as link:
        assert (await failure_of(link)).reason == "exited with code 5"
    assert running(marker) == []


async def test_a_backend_that_never_reads_fails_its_link_after_the_limit() -> None:
    async with opened(nasty("never-reads"), write_limit_seconds=0.2) as link:
        with pytest.raises(LinkFailed, match=r"did not read its stdin for 0\.2 s"):
            await ask(link, 1, {"text": encode_raw("x" * 1_000_000)})


async def test_a_cancelled_message_is_sent_whole_or_not_at_all() -> None:
    async with opened(nasty("echo")) as link:
        big = {"text": encode_raw("x" * 1_000_000)}
        async with trio.open_nursery() as nursery:
            # The first fills the pipe and is cancelled within its line, the second before its first byte.
            nursery.start_soon(link.request, Outgoing(id=1, body=encode_request(b"1", "a", big)))
            nursery.start_soon(link.request, Outgoing(id=2, body=encode_request(b"2", "b", big)))
            await trio.lowlevel.checkpoint()
            nursery.cancel_scope.cancel()
        assert await ask(link, 3, {"small": encode_raw(1)}) == b'{"small": 1}'
        assert link.noise == 0


async def test_a_cancelled_request_is_forgotten() -> None:
    async with opened(nasty("never-answers")) as link:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(link.request, Outgoing(id=1, body=encode_request(b"1", "x", {})))
            await wait_all_tasks_blocked()
            nursery.cancel_scope.cancel()
        assert len(link._pending) == 0


async def test_closing_fails_what_is_in_flight() -> None:
    failures: list[LinkFailed] = []
    async with trio.open_nursery() as nursery, opened(nasty("never-answers")) as link:

        async def one() -> None:
            with pytest.raises(LinkFailed) as caught:
                await ask(link, 1)
            failures.append(caught.value)

        nursery.start_soon(one)
        await wait_all_tasks_blocked()
    assert [failure.reason for failure in failures] == ["the link was closed"]


@pytest.mark.parametrize("method", ["lines", "endless"])
async def test_a_flood_on_stderr_neither_blocks_the_backend_nor_grows(method: str) -> None:
    ring = StderrRing("nasty")
    total = 8 * 1024 * 1024
    with capture_logs() as logs:
        async with open_stdio(nasty("flood-stderr", str(total)), Inbox(), stderr=ring, environ={}) as link:
            assert await ask(link, 1, method=method) == b"{}"
    assert sum(map(len, ring.lines())) <= 200 * MAX_LINE_BYTES
    assert len(logs) < 2000


@pytest.mark.parametrize(
    ("spec", "reason"),
    [
        (
            attrs.evolve(ECHO, command="no-such-command"),
            "command 'no-such-command' was not found, or its interpreter was not; PATH is /usr/bin:/bin",
        ),
        (attrs.evolve(ECHO, command="./no/such"), "command './no/such' was not found, or its interpreter was not"),
        (attrs.evolve(ECHO, command=__file__), f"command {__file__!r} is not executable"),
        (
            attrs.evolve(ECHO, cwd=Path("/no/such/folder")),
            "cwd '/no/such/folder' cannot be entered: No such file or directory",
        ),
        (
            attrs.evolve(ECHO, args=("a\0b",)),
            "its command, arguments, cwd or environment hold a NUL character",
        ),
        (attrs.evolve(ECHO, env={"A=B": "c"}), "a variable of its environment has an impossible name"),
    ],
)
async def test_what_cannot_be_started_says_why(spec: StdioBackend, reason: str) -> None:
    environ = {"PATH": "/usr/bin:/bin"}
    with pytest.raises(LinkFailed) as caught:
        async with open_stdio(spec, Inbox(), stderr=StderrRing("nasty"), environ=environ):
            pass
    assert caught.value.reason == reason
    assert children() == []


async def test_a_script_without_an_interpreter_line_cannot_be_executed(tmp_path: Path) -> None:
    script = tmp_path / "script"
    script.write_text("no interpreter\n")
    script.chmod(0o755)
    with pytest.raises(LinkFailed, match="cannot be executed: Exec format error"):
        async with opened(StdioBackend(name="x", command=str(script))):
            pass


async def test_the_backend_gets_its_environment_and_folder_and_nothing_shows_them(tmp_path: Path) -> None:
    spec = attrs.evolve(nasty("environment", env={"TOKEN": "s3cret-é"}), cwd=tmp_path, env_from=("EXTRA",))
    environ = {"PATH": os.environ["PATH"], "EXTRA": "1", "PRIVATE": "no"}
    async with open_stdio(spec, Inbox(), stderr=StderrRing("nasty"), environ=environ) as link:
        seen = msgspec.json.decode(await ask(link, 1))
        assert len(seen["env"].pop(TREE)) == 32
        assert seen["env"].pop("LC_CTYPE", "C.UTF-8") == "C.UTF-8"  # Python's own doing, in the server
        assert seen["env"] == {"PATH": os.environ["PATH"], "EXTRA": "1", "TOKEN": "s3cret-é"}
        assert (seen["cwd"], seen["sid"]) == (str(tmp_path), process_of(link).pid)
        keeper = process_of(link)._keeper.pid
        assert keeper not in running("s3cret")
        assert keeper in running("keeper.py")
        assert os.getsid(keeper) not in (os.getsid(0), process_of(link).pid)


async def test_the_backend_inherits_its_three_descriptors_only() -> None:
    async with opened(nasty("echo")), opened(nasty("descriptors")) as link:
        assert await ask(link, 1) == b"[0, 1, 2]"


async def test_closing_is_polite_and_quick_for_a_backend_that_leaves_at_the_end_of_its_stdin() -> None:
    async with opened(nasty("echo")) as link:
        await ask(link, 1)
        began = trio.current_time()
    assert trio.current_time() - began < EXIT_GRACE_SECONDS


async def test_closing_ends_a_backend_that_ignores_everything() -> None:
    marker = uuid.uuid4().hex
    async with opened(nasty("double-fork-ignore-term", "6", env={MARKER: marker})) as link:
        await ask(link, 1)
        assert len(running(marker)) == 7
        began = trio.current_time()
    assert trio.current_time() - began < 5.0
    assert running(marker) == []
    assert children() == []


async def test_what_the_block_raises_leaves_the_link_as_it_is() -> None:
    with pytest.raises(ZeroDivisionError):
        async with opened(nasty("echo")):
            raise ZeroDivisionError


async def test_cancelling_anywhere_in_opening_leaves_nothing_running() -> None:
    marker = uuid.uuid4().hex
    before = descriptors()
    for step in range(10):
        with trio.move_on_after(step * 0.005):
            async with opened(nasty("echo", env={MARKER: marker})) as link:
                await link.wait_failed()
        assert running(marker) == []
        assert children() == []
    assert descriptors() == before


async def test_fifty_links_leave_no_descriptor_and_no_zombie() -> None:
    async with opened(StdioBackend(name="warm-up", command="true")) as link:
        await failure_of(link)
    before = descriptors()
    for _ in range(50):
        async with opened(StdioBackend(name="cat", command="cat")) as link:
            assert process_of(link).pid
    assert descriptors() == before
    assert children() == []


async def test_a_keeper_that_is_killed_takes_its_backend_along() -> None:
    marker = uuid.uuid4().hex
    async with opened(nasty("never-reads", env={MARKER: marker})) as link:
        process_of(link)._keeper.kill()
        assert (await failure_of(link)).reason == "lost its keeper, which was killed by SIGKILL"
    assert running(marker) == []
