"""The table of requests in flight."""

from __future__ import annotations

import gc
from contextlib import suppress

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from argus_trio.backends.links.pending import Answer, Expected, Overdue, Pending
from argus_trio.errors import AnswerInvalid, LinkFailed, ResponseInvalid
from argus_trio.wire.envelope import ErrorResponse, Response, encode_notification, encode_response


async def wait_for(pending: Pending, number: int, answers: dict[int, Answer | LinkFailed]) -> None:
    try:
        with Expected(pending, number) as expected:
            answers[number] = await expected.wait()
    except LinkFailed as failure:
        answers[number] = failure


async def test_each_answer_wakes_the_request_it_belongs_to() -> None:
    pending, answers = Pending(), dict[int, Answer | LinkFailed]()
    async with trio.open_nursery() as nursery:
        for number in (1, 2):
            nursery.start_soon(wait_for, pending, number, answers)
        await wait_all_tasks_blocked()
        assert len(pending) == 2
        assert pending.resolve(ErrorResponse(b"2", b'{"code":1}'))
        assert pending.resolve(Response(b"1", b"{}"))
    assert answers == {1: Response(b"1", b"{}"), 2: ErrorResponse(b"2", b'{"code":1}')}
    assert len(pending) == 0


async def test_an_answer_that_is_none_fails_the_request_it_belongs_to_and_no_other() -> None:
    pending, answers = Pending(), dict[int, Answer | LinkFailed]()
    async with trio.open_nursery() as nursery:
        for number in (1, 2):
            nursery.start_soon(wait_for, pending, number, answers)
        await wait_all_tasks_blocked()
        assert pending.resolve(ResponseInvalid(b'"2"', "it has neither"))
        assert not pending.resolve(ResponseInvalid(b"2", "it has neither"))
        assert pending.resolve(Response(b"1", b"{}"))
    assert answers[1] == Response(b"1", b"{}")
    assert isinstance(answers[2], AnswerInvalid)


async def test_an_answer_that_nobody_waits_for_is_reported_as_such() -> None:
    pending, answers = Pending(), dict[int, Answer | LinkFailed]()
    assert not pending.resolve(Response(b"1", b"{}"))
    async with trio.open_nursery() as nursery:
        nursery.start_soon(wait_for, pending, 1, answers)
        await wait_all_tasks_blocked()
        assert not pending.resolve(ErrorResponse(b"null", b"{}"))
        assert pending.resolve(Response(b"1", b"{}"))
        assert not pending.resolve(Response(b"1", b'"twice"'))
    assert answers == {1: Response(b"1", b"{}")}


async def test_an_id_that_comes_back_as_a_string_is_known() -> None:
    pending, answers = Pending(), dict[int, Answer | LinkFailed]()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(wait_for, pending, 17, answers)
        await wait_all_tasks_blocked()
        assert pending.resolve(Response(b'"17"', b"{}"))
    assert answers == {17: Response(b'"17"', b"{}")}


async def test_an_answer_that_comes_before_the_wait_is_kept() -> None:
    pending = Pending()
    with Expected(pending, 1) as expected:
        assert pending.resolve(Response(b"1", b"{}"))
        with trio.fail_after(1):
            assert await expected.wait() == Response(b"1", b"{}")


async def test_a_cancelled_request_leaves_nothing_behind() -> None:
    pending = Pending()
    with trio.move_on_after(5) as scope:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(wait_for, pending, 1, {})
            await wait_all_tasks_blocked()
            scope.cancel()
    assert len(pending) == 0
    assert not pending.resolve(Response(b"1", b"{}"))


async def test_a_cancellation_after_the_answer_does_not_lose_it() -> None:
    pending, answers = Pending(), dict[int, Answer | LinkFailed]()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(wait_for, pending, 1, answers)
        await wait_all_tasks_blocked()
        assert pending.resolve(Response(b"1", b"{}"))
        nursery.cancel_scope.cancel()
    assert answers == {1: Response(b"1", b"{}")}


async def test_a_failure_wakes_all_and_stands() -> None:
    pending, answers = Pending(), dict[int, Answer | LinkFailed]()
    first = LinkFailed("exited with code 3", details=("why",))
    async with trio.open_nursery() as nursery:
        for number in (1, 2):
            nursery.start_soon(wait_for, pending, number, answers)
        await wait_all_tasks_blocked()
        pending.fail(first)
        pending.fail(LinkFailed("something later"))
    assert len(pending) == 0
    for failure in answers.values():
        assert isinstance(failure, LinkFailed)
        assert (failure.reason, failure.details) == ("exited with code 3", ("why",))
    assert answers[1] is not answers[2]
    assert pending.failure is first
    with pytest.raises(LinkFailed, match="exited with code 3"):
        Expected(pending, 3).__enter__()
    with pytest.raises(LinkFailed, match="exited with code 3"):
        pending.check()
    assert not pending.resolve(Response(b"1", b"{}"))


async def test_only_what_was_never_sent_is_said_to_have_never_run() -> None:
    pending, answers = Pending(), dict[int, Answer | LinkFailed]()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(wait_for, pending, 1, answers)
        await wait_all_tasks_blocked()
        pending.fail(LinkFailed("exited with code 3"))
    await wait_for(pending, 2, answers)
    assert [failure.never_ran for failure in answers.values() if isinstance(failure, LinkFailed)] == [False, True]


async def test_an_answer_that_names_nobody_belongs_to_the_only_request_there_is() -> None:
    pending, answers = Pending(), dict[int, Answer | LinkFailed]()
    error = ErrorResponse(b"null", b'{"code":1}')
    assert not pending.resolve_alone(error)
    async with trio.open_nursery() as nursery:
        for number in (1, 2):
            nursery.start_soon(wait_for, pending, number, answers)
        await wait_all_tasks_blocked()
        assert not pending.resolve_alone(error)
        assert pending.resolve_alone(Response(b"1", b"{}"))
        assert pending.resolve_alone(ResponseInvalid(b"null", "it cannot be read"))
    assert answers[1] == Response(b"1", b"{}")
    assert isinstance(answers[2], AnswerInvalid)
    assert len(pending) == 0


@pytest.mark.parametrize("spelled", [b"17.0", b'"17.0"'])
async def test_an_id_that_comes_back_with_a_fraction_is_known(spelled: bytes) -> None:
    pending = Pending()
    with Expected(pending, 17):
        assert not pending.resolve(Response(b"17.5", b"{}"))
        assert pending.resolve(Response(spelled, b"{}"))


async def test_an_error_that_names_nobody_may_be_about_a_notice_until_a_request_behind_it_was_answered() -> None:
    pending = Pending()
    error = ErrorResponse(b"null", b'{"code":-32601}')
    pending.note_sent(encode_notification("n", {}))
    pending.note_sent(encode_response(b"1", b"{}"))
    with Expected(pending, 1):
        assert not pending.resolve_alone(error)
        assert pending.resolve_alone(error)
    pending.note_sent(encode_notification("n", {}))
    pending.note_sent(encode_response(b"1", b"{}"))
    with Expected(pending, 2):
        assert pending.resolve(Response(b"2", b"{}"))
    with Expected(pending, 3):
        assert pending.resolve_alone(error)


@pytest.mark.parametrize("kind", [Overdue, LinkFailed])
async def test_a_request_that_fails_leaves_no_garbage_to_look_for(kind: type[Overdue | LinkFailed]) -> None:
    async def wait() -> None:
        with Expected(Pending(), 1) as expected:
            expected.settle(kind("the end"))
            await expected.wait()

    gc.collect()
    gc.disable()
    try:
        with suppress(kind):
            await wait()
        left = [each for each in gc.get_objects() if isinstance(each, Expected)]
    finally:
        gc.enable()
    assert left == []
