"""What a link is: a transport to one backend, opened and closed by the task of the backend's scope.

A link moves whole messages and matches answers to requests. It knows nothing of methods, eras or names; whatever the
backend says on its own goes to the `Inbox` that its connection gave it.
"""

from __future__ import annotations

from typing import Protocol

from argus_trio.backends.links.pending import Expected
from argus_trio.core.health.activity import Activity
from argus_trio.core.health.health import RunningProgram
from argus_trio.errors import LinkFailed
from argus_trio.per_call import PerCallValue
from argus_trio.wire.envelope import ErrorResponse, Notification, Request, Response
from argus_trio.wire.headers import Headers


class Outgoing(PerCallValue, frozen=True, kw_only=True):
    """One request on its way to the backend: `id` is unique for the link's life, `body` the whole encoded message."""

    id: int
    body: bytes
    headers: Headers = ()
    is_idempotent: bool = False
    """Whether it only looks, so that to ask twice does no harm: it may be sent again where its connection went."""


class Inbox(Protocol):
    """Takes what a backend says on its own: notifications, and requests towards the client."""

    async def __call__(self, message: Request | Notification, within: int | None) -> None:
        """Handle `message`. `within` is the id of the request on whose own stream it came (Streamable HTTP), else None.

        The link awaits this in the order of arrival, so it must not wait for the backend.
        """


class Link(Protocol):
    """An open transport. Usable from any task; all methods raise `LinkFailed` once the link has died."""

    @property
    def has_stream(self) -> bool:
        """Whether what the backend says outside any request arrives here, as far as is known.

        A Streamable HTTP server without a session is another one at each request: it hears of nothing to say.
        """

    @property
    def program(self) -> RunningProgram | None:
        """What is at the other end; None where the link has no program of its own."""

    async def request(self, outgoing: Outgoing) -> Response | ErrorResponse:
        """Send and wait for the answer, without a deadline of its own.

        Raises `AnswerInvalid` if what comes back is none.

        Cancelling the wait forgets the request (a late answer is dropped); on Streamable HTTP it also closes the
        request's stream. Telling the backend is the era's business.
        """

    def begin(self, outgoing: Outgoing) -> Expected | None:
        """Send at once, where nothing has to be waited for; who entered the table for the answer has to leave it.

        None leaves everything to `request`: nothing has been sent.
        """

    async def send(self, body: bytes, headers: Headers = ()) -> None:
        """Send a notification, or the response to a request of the backend."""

    async def listen(self, headers: Headers = ()) -> None:
        """Begin to receive what the backend sends outside any request; returns once that is under way.

        Streamable HTTP, legacy era: opens the GET stream (a backend that answers 405 has none, which is no failure) and
        keeps it open. Elsewhere there is nothing to do.
        """

    async def activity(self) -> Activity | None:
        """What the program behind the link has done so far; None where the link has no program of its own."""

    async def wait_failed(self) -> LinkFailed:
        """Wait until the link has died, and tell why. A link of separate HTTP requests may never die."""
