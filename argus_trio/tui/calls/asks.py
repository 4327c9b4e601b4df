"""What a call asks the user, and the bodies that answer it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal
from urllib.parse import urlsplit

import attrs
import msgspec

from argus_trio import Value
from argus_trio.contract.calls import ANSWER_ASK, AskEvent
from argus_trio.manage_client.clean import one_line
from argus_trio.tui.effect import Fetch

NOT_HERE: Final = -32601
"""The code for what cannot be asked here."""
DECLINED: Final = -1
"""The code for what the user declines, where MCP has no other word for it."""
EndedAs = Literal["answered", "withdrawn", "over", "unknown"]


@attrs.frozen(kw_only=True)
class OpenAsk(Value):
    """A question of a call that waits for its answer."""

    call: int
    id: str
    """Of the question, at the gateway."""
    exchange: str
    asker: str
    """What was called."""
    backend: str = ""
    method: str
    params: Mapping[str, msgspec.Raw] = attrs.field(repr=False, eq=False)
    since: float
    is_sent: bool = False
    """Whether an answer is on its way."""
    why: str = ""
    """Why the answer that was sent was not taken."""

    @property
    def is_url(self) -> bool:
        """Whether it asks for a visit to a page."""
        return self.method == "elicitation/create" and self.text("mode") == "url"

    @property
    def what(self) -> str:
        """What is asked, in a word or two."""
        if self.method == "elicitation/create":
            return "a visit to a page" if self.is_url else "an answer"
        return "a model's words" if self.method == "sampling/createMessage" else "roots"

    def value(self, name: str) -> object:
        """A parameter; None where there is none."""
        raw = self.params.get(name)
        if raw is None:
            return None
        try:
            return msgspec.json.decode(raw)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return None

    def text(self, name: str) -> str:
        """A parameter that is a text; empty where it is none."""
        value = self.value(name)
        return value if isinstance(value, str) else ""

    @property
    def size(self) -> int:
        """How many bytes it takes."""
        return sum(len(memoryview(each)) for each in self.params.values())


@attrs.frozen(kw_only=True)
class EndedAsk(Value):
    """A question that nobody waits for any more."""

    call: int
    id: str
    how: EndedAs


def answer(
    ask: OpenAsk, *, result: Mapping[str, object] | None = None, refusal: str = "", code: int = DECLINED
) -> Fetch:
    """The request that answers a question, by a result or by an error."""
    body = {"result": result} if result is not None else {"error": {"code": code, "message": refusal}}
    return Fetch(operation=ANSWER_ASK, path={"id": ask.exchange, "ask": ask.id}, body=body, key=answer_key(ask))


def answer_key(ask: OpenAsk) -> str:
    """What tells the request that answers it from others."""
    return f"answer {ask.call} {ask.id}"


def opened(event: AskEvent, *, call: int, exchange: str, asker: str, now: float) -> OpenAsk:
    """A question as it comes."""
    return OpenAsk(
        call=call, id=event.id, exchange=exchange, asker=asker, method=event.method, params=event.params, since=now
    )


def host_of(url: str) -> tuple[str, str]:
    """The host of a URL, and a warning where it may look like another one."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        has_user = "@" in parts.netloc
    except ValueError:
        return "", "this is no URL that can be read"
    if not host:
        return "", "it names no host"
    if not host.isascii() or "xn--" in host:
        return one_line(host), "beware: the name of the host has letters that look like others"
    if has_user:
        return one_line(host), "beware: what stands before @ is not the host"
    if parts.scheme != "https":
        return one_line(host), f"beware: {one_line(parts.scheme)} is not encrypted" if parts.scheme == "http" else (
            f"beware: {one_line(parts.scheme)} is no scheme of the web"
        )
    return one_line(host), ""
