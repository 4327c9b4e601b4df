"""The handshake with a backend: which era it converses in, and what it says of itself.

A backend of unknown era is asked `server/discover` first; whatever is no positive sign of a modern server makes it a
legacy one, which is sent `initialize` (2026-07-28, Versioning, Backward Compatibility).
"""

from __future__ import annotations

from typing import Final, Literal

import attrs
import msgspec
import trio

from argus_trio import __version__
from argus_trio.backends.links.link import Link, Outgoing
from argus_trio.core.call.abilities import NONE, Abilities
from argus_trio.core.call.task_ids import serves_tasks
from argus_trio.errors import LinkFailed
from argus_trio.wire import request_meta
from argus_trio.wire.envelope import (
    ErrorResponse,
    Params,
    Response,
    decode_object,
    encode_notification,
    encode_raw,
    encode_request,
)
from argus_trio.wire.headers import METHOD, PROTOCOL_VERSION, Headers
from argus_trio.wire.members import object_member, object_or_none, string_member
from argus_trio.wire.results import SERVER_INFO
from argus_trio.wire.revisions import LATEST_LEGACY, LATEST_MODERN, LEGACY_REVISIONS, MODERN_REVISIONS, Era

PROBE_SILENCE_SECONDS: Final = 2.0
"""How long a backend may leave `server/discover` unanswered before it is sent `initialize` as well: some legacy servers
never answer what they do not know, and each of those costs this much at its start."""

CLIENT_INFO: Final = encode_raw({"name": "argus-trio", "version": __version__})
"""What the gateway says of itself to every backend."""

NO_CAPABILITIES: Final = msgspec.Raw(b"{}")
"""The client capabilities of a request that the gateway makes for itself."""

_DISCOVER_ID: Final = 1
_INITIALIZE_ID: Final = 2
_DISCOVER_AGAIN_ID: Final = 3
FIRST_CALL_ID: Final = 4
"""The id of the first request after the handshake, which uses those before."""

_UNSUPPORTED_REVISION: Final = -32022


class _Supported(msgspec.Struct):
    supported: list[str] = []


class _RevisionRefusal(msgspec.Struct):
    code: int
    data: _Supported


class DiedAtProbe(LinkFailed):
    """The link failed with `server/discover` unanswered: perhaps a legacy backend that unknown methods kill."""


class HandshakeRefused(LinkFailed):
    """The backend answered a request of the handshake, but refused it or was not understood."""


@attrs.frozen(kw_only=True)
class Handshake:
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


@attrs.define(eq=False)
class EraGuess:
    """The era that a backend is taken to be of before the handshake, learned from attempts that failed."""

    is_legacy: bool = False
    """Whether the next handshake should begin with `initialize`."""

    def is_better_after(self, failure: LinkFailed) -> bool:
        """Learn from a failed attempt; whether the next one will differ from it, so that it may follow at once."""
        if isinstance(failure, DiedAtProbe) and not self.is_legacy:
            self.is_legacy = True
            return True
        if isinstance(failure, HandshakeRefused):
            self.is_legacy = False  # it lives, and is not what it was taken for: ask it again
        return False


def modern_meta(revision: str, capabilities: msgspec.Raw = NO_CAPABILITIES) -> Params:
    """The `_meta` members that every modern request carries (2026-07-28, Basic, Per-request protocol fields)."""
    return {
        request_meta.PROTOCOL_VERSION: encode_raw(revision),
        request_meta.CLIENT_INFO: CLIENT_INFO,
        request_meta.CLIENT_CAPABILITIES: capabilities,
    }


async def perform_handshake(
    link: Link, protocol: Literal["auto", "legacy", "modern"], abilities: Abilities = NONE
) -> Handshake:
    """Find out the era where `protocol` is auto, and perform the handshake in it. Has no deadline of its own.

    A legacy backend is sent `abilities` here, for the life of the connection; a modern one with every request.

    Raises:
        DiedAtProbe: the link died before the probe was answered (only where `protocol` is auto).
        HandshakeRefused: the backend answered, but in no way that is understood.
        LinkFailed: the link died.
    """
    if protocol == "legacy":
        return await _initialize(link, abilities)
    if protocol == "modern":
        return await _discover(link)
    return await _probe(link, abilities)


async def _probe(link: Link, abilities: Abilities) -> Handshake:
    """Discover, and if that fails or is silent for `PROBE_SILENCE_SECONDS`, initialize; the first success counts."""
    found: list[Handshake] = []
    failed: list[LinkFailed] = []
    discovered = trio.Event()

    async def discover() -> None:
        try:
            found.append(await _discover(link))
            nursery.cancel_scope.cancel()
        except LinkFailed as failure:
            failed.append(failure)
        discovered.set()

    async def initialize() -> None:
        with trio.move_on_after(PROBE_SILENCE_SECONDS):
            await discovered.wait()
        if found:
            return
        try:
            found.append(await _initialize(link, abilities))
            nursery.cancel_scope.cancel()
        except LinkFailed as failure:
            failed.append(failure)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(discover)
        nursery.start_soon(initialize)
    if found:
        return found[0]
    if isinstance(failed[0], HandshakeRefused):
        raise failed[-1]
    raise DiedAtProbe(failed[-1].reason, details=failed[-1].details)


async def _discover(link: Link) -> Handshake:
    meta = modern_meta(LATEST_MODERN)
    headers: Headers = ((PROTOCOL_VERSION, LATEST_MODERN), (METHOD, "server/discover"))
    body = encode_request(b"%d" % _DISCOVER_ID, "server/discover", {"_meta": encode_raw(meta)})
    answer = await link.request(Outgoing(id=_DISCOVER_ID, body=body, headers=headers))
    if isinstance(answer, ErrorResponse) and _names_what_was_asked(answer.error):
        # Such a server is modern, and may have chosen to refuse one version once (2026-07-28, stdio, probe).
        body = encode_request(b"%d" % _DISCOVER_AGAIN_ID, "server/discover", {"_meta": encode_raw(meta)})
        answer = await link.request(Outgoing(id=_DISCOVER_AGAIN_ID, body=body, headers=headers))
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
    answer = await link.request(Outgoing(id=_INITIALIZE_ID, body=body))
    fields = _result_of(answer, "initialize")
    revision = string_member(fields, "protocolVersion")
    if revision is None:
        raise HandshakeRefused("its answer to initialize names no protocol version")
    if revision not in LEGACY_REVISIONS:
        raise HandshakeRefused(f"it wants protocol version {revision[:40]!r}, which is not spoken here")
    headers: Headers = ((PROTOCOL_VERSION, revision),)
    await link.send(encode_notification("notifications/initialized", {}), headers)
    return _handshake(Era.LEGACY, revision, fields, fields.get("serverInfo"))


def _result_of(answer: Response | ErrorResponse, method: str) -> Params:
    if isinstance(answer, ErrorResponse):
        raise HandshakeRefused(f"it refused {method}: {answer.error[:300].decode('utf-8', 'replace')}")
    try:
        return decode_object(answer.result)
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
