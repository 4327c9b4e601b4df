"""The handshake with a backend: which era it converses in, and what it says of itself.

A backend of unknown era is asked `server/discover` first; whatever is no positive sign of a modern server makes it a
legacy one, which is sent `initialize` (2026-07-28, Versioning, Backward Compatibility): on the same link if it refused,
after another start if it was silent or died.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final, Literal, TypeVar

import attrs
import msgspec
import trio

from argus_trio import Value, __version__
from argus_trio.backends.links.link import Link, Outgoing
from argus_trio.core.call.abilities import NONE, Abilities
from argus_trio.core.call.task_ids import serves_tasks
from argus_trio.core.health.retry_after import is_for_now, is_unknown_method, short_pause
from argus_trio.errors import HttpRefused, LinkFailed, ParseFailed
from argus_trio.wire import request_meta
from argus_trio.wire.envelope import (
    ErrorResponse,
    Params,
    Response,
    decode_object,
    encode_notification,
    encode_raw,
    encode_request,
    require_depth,
)
from argus_trio.wire.error_objects import retry_after_of, revisions_named
from argus_trio.wire.headers import METHOD, PROTOCOL_VERSION, Headers
from argus_trio.wire.members import object_member, object_or_none, string_member
from argus_trio.wire.results import SERVER_INFO
from argus_trio.wire.revisions import LATEST_LEGACY, LATEST_MODERN, LEGACY_REVISIONS, MODERN_REVISIONS, Era

T = TypeVar("T")

HandshakeOrder = Literal["auto", "legacy-first", "legacy", "modern"]
"""What a backend is asked: `server/discover`, then `initialize`; the other way round; or one of the two alone."""

SILENT: Final = "it was silent, and did nothing"
PROBE_SILENCE_SECONDS: Final = 5.0
"""How long a backend may be silent after the first of two questions: some legacy servers never answer what they do not
know. A third of `timeouts.connect` where that is less, so that time is left for the second."""

CLIENT_INFO: Final = encode_raw({"name": "argus-trio", "version": __version__})
"""What the gateway says of itself to every backend."""

NO_CAPABILITIES: Final = msgspec.Raw(b"{}")
"""The client capabilities of a request that the gateway makes for itself."""

_DISCOVER_ID: Final = 1
_INITIALIZE_ID: Final = 2
_AGAIN_ID: Final = 3
"""The id of a question that is asked once more, with what the refusal of the first one told."""
FIRST_CALL_ID: Final = 4
"""The id of the first request after the handshake, which uses those before."""

PATIENT_TIMES: Final = 3
"""How often one question of the handshake is asked again that came at the wrong time: with the longest pauses, half of
`timeouts.connect`."""

_UNSUPPORTED_REVISION: Final = -32022


class _Supported(msgspec.Struct):
    supported: list[str] = []


class _RevisionRefusal(msgspec.Struct):
    code: int
    data: _Supported


class DiedAtProbe(LinkFailed):
    """The link failed with `server/discover` unanswered: perhaps a legacy backend that unknown methods kill."""


class SilentAtProbe(DiedAtProbe):
    """The program did nothing after the first question: perhaps one that never answers what it does not know."""


class HandshakeRefused(LinkFailed):
    """The backend answered a request of the handshake, but refused it or was not understood.

    `tells_legacy`: it refused `server/discover` for good, so that the next attempt need not begin with it.
    """

    def __init__(self, reason: str, *, retry_after: float | None = None, tells_legacy: bool = False) -> None:
        super().__init__(reason, retry_after=retry_after)
        self.tells_legacy = tells_legacy


@attrs.frozen(kw_only=True)
class Handshake(Value):
    """What a backend said of itself at the handshake."""

    era: Era
    revision: str
    capabilities: Params
    """Its `ServerCapabilities`, one level; empty where it declared none."""
    server_info: Params
    instructions: str | None
    runs_tasks: bool = attrs.field(init=False)
    """Whether calls of this backend may be answered with a task."""

    @runs_tasks.default
    def _whether_it_runs_tasks(self) -> bool:
        return serves_tasks(self.capabilities)


@attrs.define(eq=False, repr=False)
class EraGuess:
    """How a backend of unknown era is asked at its next start, learned from the starts before."""

    order: HandshakeOrder = "auto"

    def learn(self, era: Era) -> None:
        """Begin the next time with what was answered this time."""
        self.order = "legacy-first" if era is Era.LEGACY else "auto"

    def is_better_after(self, failure: LinkFailed) -> bool:
        """Learn from a failed attempt; whether the next one will differ from it, so that it may follow at once."""
        if isinstance(failure, DiedAtProbe) and self.order == "auto":
            self.order = "legacy"
            return True
        if isinstance(failure, HandshakeRefused) and failure.tells_legacy:
            self.order = "legacy-first"
        elif isinstance(failure, DiedAtProbe | HandshakeRefused):
            self.order = "auto"  # it lives, or is not what it was: ask it again
        return False


def modern_meta(revision: str, capabilities: msgspec.Raw = NO_CAPABILITIES) -> Params:
    """The `_meta` members that every modern request carries (2026-07-28, Basic, Per-request protocol fields)."""
    return {
        request_meta.PROTOCOL_VERSION: encode_raw(revision),
        request_meta.CLIENT_INFO: CLIENT_INFO,
        request_meta.CLIENT_CAPABILITIES: capabilities,
    }


async def perform_handshake(
    link: Link,
    order: HandshakeOrder,
    abilities: Abilities = NONE,
    wait_silent: Callable[[], Awaitable[bool]] = trio.sleep_forever,
) -> Handshake:
    """Find out the era where `order` leaves it open, and return what was answered. Has no deadline of its own.

    One question at a time: a program that is asked the second before it has answered the first may lose both. The
    second follows on the same link when the first was refused, unless the backend wants to be left alone: then the
    first is asked again, after a short pause. `wait_silent` returns when the backend has been silent for long, and says
    whether it is a program: that has to be started again to be asked otherwise.

    A legacy backend is told of `abilities`, for the life of the connection; a modern one is told with every request.

    Raises:
        DiedAtProbe: the link died, or its program was silent, at the first question of two.
        HandshakeRefused: every question was refused, with the reasons of all.
        LinkFailed: the link died otherwise.
    """
    match order:
        case "legacy":
            return await _confirmed(link, await _patiently(partial(_initialize, link, abilities)))
        case "modern":
            return await _patiently(partial(_discover, link))
        case "legacy-first":
            first, second = partial(_initialize, link, abilities), partial(_discover, link)
        case "auto":
            first, second = partial(_discover, link), partial(_initialize, link, abilities)
    try:
        return await _confirmed(link, await _patiently(partial(_unless_silent, first, wait_silent)))
    except SilentAtProbe:
        raise
    except LinkFailed as failure:
        if is_for_now(failure):
            raise  # the second question would be refused as the first was
        refused = failure
    try:
        return await _confirmed(link, await _patiently(second))
    except LinkFailed as failure:
        is_known = is_unknown_method(refused) or (isinstance(refused, HandshakeRefused) and refused.reason != SILENT)
        raise _of_both(failure, refused, tells_legacy=order == "auto" and is_known) from None


def _of_both(failure: LinkFailed, refused: LinkFailed, *, tells_legacy: bool) -> LinkFailed:
    """The failure of an attempt whose first question was `refused`, and whose second one met `failure`."""
    reason = failure.reason if failure.reason == refused.reason else f"{failure.reason}; before that: {refused.reason}"
    if isinstance(failure, HandshakeRefused) or (tells_legacy and is_for_now(failure)):
        return HandshakeRefused(reason, retry_after=failure.retry_after, tells_legacy=tells_legacy)
    if isinstance(refused, HandshakeRefused):
        return failure
    return DiedAtProbe(reason, details=failure.details, retry_after=failure.retry_after)


async def _patiently(ask: Callable[[], Awaitable[T]]) -> T:
    """What `ask` returns, which is performed again after each short wait that the backend asks for."""
    for _ in range(PATIENT_TIMES):
        try:
            return await ask()
        except LinkFailed as failure:
            pause = short_pause(failure)
            if pause is None:
                raise
        await trio.sleep(pause)
    return await ask()


async def _unless_silent(
    ask: Callable[[], Awaitable[Handshake]], wait_silent: Callable[[], Awaitable[bool]]
) -> Handshake:
    """What is answered; `HandshakeRefused` if a remote server is silent, `SilentAtProbe` if a program is."""
    outcome: list[Handshake | LinkFailed] = []

    async def watch() -> None:
        if await wait_silent():
            outcome.append(SilentAtProbe(SILENT))
        else:
            outcome.append(HandshakeRefused(SILENT))
        nursery.cancel_scope.cancel()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(watch)
        try:
            outcome.append(await ask())
        except LinkFailed as failure:
            outcome.append(failure)
        nursery.cancel_scope.cancel()
    answered = outcome[0]
    if isinstance(answered, Handshake):
        return answered
    raise answered


async def _discover(link: Link) -> Handshake:
    meta = modern_meta(LATEST_MODERN)
    headers: Headers = ((PROTOCOL_VERSION, LATEST_MODERN), (METHOD, "server/discover"))
    body = encode_request(b"%d" % _DISCOVER_ID, "server/discover", {"_meta": encode_raw(meta)})
    answer = await link.request(Outgoing(id=_DISCOVER_ID, body=body, headers=headers))
    if isinstance(answer, ErrorResponse) and _names_what_was_asked(answer.error):
        # Such a server is modern, and may have chosen to refuse one version once (2026-07-28, stdio, probe).
        body = encode_request(b"%d" % _AGAIN_ID, "server/discover", {"_meta": encode_raw(meta)})
        answer = await link.request(Outgoing(id=_AGAIN_ID, body=body, headers=headers))
    fields = _result_of(answer, "server/discover")
    try:
        offered = msgspec.json.decode(fields["supportedVersions"], type=list[str])
    except (KeyError, msgspec.DecodeError):
        raise HandshakeRefused("its answer to server/discover names no supported versions") from None
    common = [revision for revision in MODERN_REVISIONS if revision in offered]
    if not common:
        raise HandshakeRefused(f"it speaks {', '.join(offered) or 'nothing'}, none of which is spoken here as modern")
    return _handshake(Era.MODERN, common[-1], fields, _meta_server_info(fields))


def _names_what_was_asked(error: bytes) -> bool:
    try:
        refusal = msgspec.json.decode(error, type=_RevisionRefusal)
    except msgspec.DecodeError:
        return False
    return refusal.code == _UNSUPPORTED_REVISION and LATEST_MODERN in refusal.data.supported


async def _initialize(link: Link, abilities: Abilities) -> Handshake:
    params: Params = {
        "protocolVersion": encode_raw(LATEST_LEGACY),
        "capabilities": encode_raw(abilities.declared()),
        "clientInfo": CLIENT_INFO,
    }
    body = encode_request(b"%d" % _INITIALIZE_ID, "initialize", params)
    answer: Response | ErrorResponse | HttpRefused
    try:
        answer = await link.request(Outgoing(id=_INITIALIZE_ID, body=body))
    except HttpRefused as refused:
        answer = refused
    if not isinstance(answer, Response):
        said = answer.error if isinstance(answer, ErrorResponse) else answer.reason.encode()
        older = [revision for revision in LEGACY_REVISIONS[:-1] if revision in revisions_named(said)]
        if older:  # the specification has it answer with a version; some refuse, and name those that they speak
            params["protocolVersion"] = encode_raw(older[-1])
            body = encode_request(b"%d" % _AGAIN_ID, "initialize", params)
            answer = await link.request(Outgoing(id=_AGAIN_ID, body=body))
    if isinstance(answer, HttpRefused):
        raise answer
    fields = _result_of(answer, "initialize")
    revision = string_member(fields, "protocolVersion")
    if revision is None:
        raise HandshakeRefused("its answer to initialize names no protocol version")
    if revision not in LEGACY_REVISIONS:
        raise HandshakeRefused(f"it wants protocol version {revision[:40]!r}, which is not spoken here")
    return _handshake(Era.LEGACY, revision, fields, fields.get("serverInfo"))


async def _confirmed(link: Link, handshake: Handshake) -> Handshake:
    """The handshake, once a legacy backend has been told that we know its answer."""
    if handshake.era is Era.LEGACY:
        headers: Headers = ((PROTOCOL_VERSION, handshake.revision),)
        await _patiently(partial(link.send, encode_notification("notifications/initialized", {}), headers))
    return handshake


def _result_of(answer: Response | ErrorResponse, method: str) -> Params:
    if isinstance(answer, ErrorResponse):
        said = answer.error[:300].decode("utf-8", "replace")
        raise HandshakeRefused(f"it refused {method}: {said}", retry_after=retry_after_of(answer.error))
    try:
        require_depth(answer.result)  # all clients are told of what it says
        return decode_object(answer.result)
    except ParseFailed as fault:
        raise HandshakeRefused(f"its answer to {method} cannot be read: {fault.message}") from None
    except msgspec.DecodeError:
        raise HandshakeRefused(f"its answer to {method} is no object") from None


def _handshake(era: Era, revision: str, fields: Params, server_info: msgspec.Raw | None) -> Handshake:
    return Handshake(
        era=era,
        revision=revision,
        capabilities=object_member(fields, "capabilities") or {},
        server_info=object_or_none(server_info) or {},
        instructions=string_member(fields, "instructions"),
    )


def _meta_server_info(fields: Params) -> msgspec.Raw | None:
    return (object_member(fields, "_meta") or {}).get(SERVER_INFO)
