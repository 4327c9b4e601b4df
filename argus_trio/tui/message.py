"""What happens, as values: everything that can change the model. A message is never changed and knows no terminal."""

from __future__ import annotations

from typing import Literal

import attrs

from argus_trio import Value
from argus_trio.tui.effect import Fetch, FollowStream, StartCall
from argus_trio.wire.event_stream import Event


@attrs.frozen
class Key(Value):
    """A key was pressed: a character, or a name in the words of urwid (`enter`, `esc`, `page down`, `ctrl p`, `f5`)."""

    name: str


@attrs.frozen
class Pasted(Value):
    """A text was pasted, of one line or several."""

    text: str


@attrs.frozen(kw_only=True)
class Clicked(Value):
    """The mouse was pressed on something that a view has marked by this name, and a number where there are several."""

    zone: str
    at: int = 0
    is_double: bool = False


@attrs.frozen
class Wheeled(Value):
    """The wheel was turned by so many lines; up is negative."""

    lines: int


@attrs.frozen(kw_only=True)
class Resized(Value):
    """The terminal has another size."""

    columns: int
    rows: int


@attrs.frozen
class Ticked(Value):
    """A second has passed; `now` is the time of day, in seconds since 1970."""

    now: float


@attrs.frozen(kw_only=True)
class Fetched(Value):
    """A request was answered."""

    request: Fetch
    answer: object
    """As the contract has it."""
    raw: bytes
    """As it came."""
    tag: str = ""
    """Its entity tag, where it has one."""


@attrs.frozen(kw_only=True)
class FetchFailed(Value):
    """A request was not answered, or with a problem."""

    request: Fetch
    why: str
    """For people."""
    code: int
    """As the exit codes of `manage_client/failure.py`."""


@attrs.frozen(kw_only=True)
class StreamOpened(Value):
    """A stream that is followed stands, for the first time or again."""

    stream: FollowStream


@attrs.frozen(kw_only=True)
class StreamCame(Value):
    """Events of a stream that is followed, several at once."""

    stream: FollowStream
    events: tuple[Event, ...]


@attrs.frozen(kw_only=True)
class StreamLost(Value):
    """A stream that is followed does not stand; it is tried again after `pause` seconds, unless it `is_over`."""

    stream: FollowStream
    why: str
    code: int
    pause: float
    is_over: bool = False


@attrs.frozen(kw_only=True)
class CallCame(Value):
    """Events of a call under way; `result` and `error` are its last ones."""

    call: StartCall
    events: tuple[Event, ...]
    took: float = 0.0
    """How many seconds the call has taken so far."""


@attrs.frozen(kw_only=True)
class CallBroke(Value):
    """A call ended without a result: nobody is there, or the connection broke off."""

    call: StartCall
    why: str
    code: int
    took: float = 0.0


@attrs.frozen(kw_only=True)
class Done(Value):
    """Something of this machine was done, or not: a file written, a text copied."""

    what: Literal["saved", "copied", "failed", "suspended"]
    text: str
    """For people."""


DashboardMessage = (
    Key
    | Pasted
    | Clicked
    | Wheeled
    | Resized
    | Ticked
    | Fetched
    | FetchFailed
    | StreamOpened
    | StreamCame
    | StreamLost
    | CallCame
    | CallBroke
    | Done
)
