"""What is to be done, as values. What changes the model alone (`Open`, `Back`, `Tell`, `Confirm`) is done by the shell,
the rest by `effects/`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import attrs

from argus_trio import Value
from argus_trio.contract.operation import Operation
from argus_trio.manage_client.client import NOTHING
from argus_trio.manage_client.requests import ApiQuery


@attrs.frozen(kw_only=True)
class Fetch(Value):
    """Ask an operation; `Fetched` or `FetchFailed` follows. One with the same `key` that is under way is given up."""

    operation: Operation
    path: Mapping[str, str] = NOTHING
    query: ApiQuery = NOTHING
    body: object = None
    key: str = ""
    """Who asks and what for; empty for the operation and its path."""
    is_change: bool = False
    """Whether it may take as long as a restart does."""
    taken: tuple[int, ...] = ()
    """Statuses besides 200 whose answer is one as well."""
    has_pages: bool = False
    """Whether all pages are fetched, and put together."""
    if_match: str = ""
    """The entity tag at which alone a change is made: nobody else has changed it since."""

    @property
    def name(self) -> str:
        """What tells it from others."""
        return self.key or f"{self.operation.method} {self.operation.path} {' '.join(self.path.values())}"


@attrs.frozen(kw_only=True)
class FollowStream(Value):
    """FollowStream a stream until `UnfollowStream`; `StreamOpened`, `StreamCame` and `StreamLost` follow."""

    operation: Operation
    path: Mapping[str, str] = NOTHING
    query: ApiQuery = NOTHING
    key: str


@attrs.frozen
class UnfollowStream(Value):
    """FollowStream a stream no more."""

    key: str


@attrs.frozen(kw_only=True)
class StartCall(Value):
    """Call a tool, read a resource or get a prompt; `CallCame` and at last `CallBroke` or an event `result` or `error`
    follow."""

    id: int
    """Of this dashboard; the gateway gives another one by the event `exchange`."""
    operation: Operation
    body: Mapping[str, object] = attrs.field(repr=False)


@attrs.frozen
class GiveUpCall(Value):
    """Close the stream of a call, which cancels it."""

    id: int


@attrs.frozen(kw_only=True)
class SaveFile(Value):
    """Write a file; `Done` follows. Nothing is overwritten: a number is added to the name."""

    path: Path
    content: bytes = attrs.field(repr=False)


@attrs.frozen(kw_only=True)
class CopyText(Value):
    """Put a text on the clipboard of who looks, by OSC 52; `Done` follows."""

    text: str
    what: str
    """What it is, for people."""


@attrs.frozen
class SwitchGateway(Value):
    """Leave this gateway and look at another one, by its name in the list."""

    name: str


@attrs.frozen
class SetLook(Value):
    """Use another palette."""

    palette: str


@attrs.frozen
class Suspend(Value):
    """Stop as Ctrl-Z does, and come back with the next SIGCONT."""


@attrs.frozen
class Quit(Value):
    """Leave."""


@attrs.frozen
class Open(Value):
    """Show a page on top of the one that is shown."""

    page: object
    """A `DashboardPage` of `pages/page.py`, which stands above this."""


@attrs.frozen
class Back(Value):
    """Show the page below this one; or leave the page that is named, wherever it is open."""

    page: object = None


@attrs.frozen(kw_only=True)
class Tell(Value):
    """Tell the user something, once, in the last line but one."""

    text: str
    kind: Literal["info", "good", "warning", "error"] = "info"


@attrs.frozen(kw_only=True)
class Confirm(Value):
    """Ask before something that cannot be taken back."""

    question: str
    """What will be done, and what of it others notice."""
    yes: tuple[Effect, ...]


Effect = (
    Fetch
    | FollowStream
    | UnfollowStream
    | StartCall
    | GiveUpCall
    | SaveFile
    | CopyText
    | SwitchGateway
    | SetLook
    | Suspend
    | Quit
    | Open
    | Back
    | Tell
    | Confirm
)
