"""A call is made once more where a forgotten session was all that stood in its way, and never otherwise."""

from __future__ import annotations

import pytest
import trio
from trio.testing import MockClock

from argus_trio.backends.connectivity.recovery import Recovery, breaker_of
from argus_trio.backends.scope.retry import retry_after_session_loss
from argus_trio.config.model.backend import StdioBackend
from argus_trio.config.model.operation import Restart
from argus_trio.core.redaction import Redactor
from argus_trio.errors import BackendUnavailable, DeadlineExceeded, LinkFailed, RpcError, SessionLost

FIRST_RETRY_SECONDS = 3.0
SPEC = StdioBackend(name="files", command="unused", restart=Restart(initial=FIRST_RETRY_SECONDS))


def recovery() -> Recovery:
    """Of a backend that is up."""
    made = Recovery("files", Redactor(), breaker_of(SPEC))
    made.begin()
    made.connected("2025-11-25", {}, 0.0)
    return made


def failed(cause: LinkFailed | None, retry_after: float | None = None) -> BackendUnavailable:
    return BackendUnavailable("files", "the first time", retry_after=retry_after, cause=cause)


class Again:
    """What is performed again: it fails with this, or gives its result."""

    def __init__(self, error: RpcError | None = None) -> None:
        self.error = error
        self.count = 0

    async def __call__(self) -> bytes:
        await trio.lowlevel.checkpoint()
        self.count += 1
        if self.error is not None:
            raise self.error
        return b"{}"


async def test_what_the_server_did_not_act_on_because_it_forgot_the_session_is_performed_again() -> None:
    again = Again()
    assert await retry_after_session_loss(recovery(), failed(SessionLost("gone", never_ran=True)), again) == b"{}"
    assert again.count == 1


@pytest.mark.parametrize(
    "cause",
    [
        None,
        LinkFailed("the process died"),
        LinkFailed("it was never sent", never_ran=True),
        SessionLost("gone while it ran", never_ran=False),
    ],
)
async def test_whatever_else_failed_it_is_not_performed_again(cause: LinkFailed | None) -> None:
    again = Again()
    with pytest.raises(BackendUnavailable, match="the first time") as caught:
        await retry_after_session_loss(recovery(), failed(cause), again)
    assert again.count == 0
    assert caught.value.__cause__ is cause


async def test_it_is_performed_again_once_and_its_second_failure_is_told() -> None:
    again = Again(BackendUnavailable("files", "the second time", cause=SessionLost("gone", never_ran=True)))
    with pytest.raises(BackendUnavailable, match="the second time"):
        await retry_after_session_loss(recovery(), failed(SessionLost("gone", never_ran=True)), again)
    assert again.count == 1


async def test_any_other_error_of_the_second_time_passes_as_it_is() -> None:
    error = DeadlineExceeded("files", 5.0)
    with pytest.raises(DeadlineExceeded) as caught:
        await retry_after_session_loss(recovery(), failed(SessionLost("gone", never_ran=True)), Again(error))
    assert caught.value is error


@pytest.mark.parametrize("is_second", [False, True])
async def test_who_is_refused_is_told_when_the_next_attempt_is_due(is_second: bool, autojump_clock: MockClock) -> None:
    down = recovery()
    down.failed(LinkFailed("gone"))
    due = down.next_at - trio.current_time()
    assert due > 0
    first = failed(SessionLost("gone", never_ran=True) if is_second else LinkFailed("gone"))
    with pytest.raises(BackendUnavailable) as caught:
        await retry_after_session_loss(down, first, Again(BackendUnavailable("files", "the second time")))
    assert caught.value.retry_after == pytest.approx(max(1.0, due), abs=0.01)


@pytest.mark.parametrize(
    ("cause", "known", "told"),
    [
        (LinkFailed("it was never sent", never_ran=True), None, FIRST_RETRY_SECONDS),
        (LinkFailed("it died"), None, None),
        (LinkFailed("it died"), 9.0, 9.0),
    ],
)
async def test_while_no_attempt_is_planned_what_was_never_sent_may_come_again_after_the_first_wait(
    cause: LinkFailed, known: float | None, told: float | None
) -> None:
    with pytest.raises(BackendUnavailable) as caught:
        await retry_after_session_loss(recovery(), failed(cause, known), Again())
    assert caught.value.retry_after == told
