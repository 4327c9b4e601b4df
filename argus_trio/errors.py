"""The errors that cross from room to room, as one tree; facts are attributes, and the edges render them.

ArgusError
├── ConfigInvalid              the configuration has problems, all of them at once
├── LinkFailed                 a transport to a backend did not open, or has died
│   ├── HttpRefused            a remote backend answered with an HTTP status that is no success
│   ├── RequestRefused         a backend answered a request of the gateway's own with a JSON-RPC error
│   ├── SessionLost            a backend does not know the session any more, or has never been greeted
│   └── AnswerInvalid          what a backend answered one request with is no answer
├── ListenFailed               the gateway's own address cannot be listened on
├── ClientCannotAnswer         an ask that the client did not declare, or cannot be reached for
├── ClientRefused              the client answered an ask with an error
└── RpcError                   what a client is told: a JSON-RPC code and, on a modern edge, an HTTP status
    ├── ParseFailed            -32700
    ├── InvalidRequest         -32600
    │   └── ResponseInvalid    a response that holds neither a result nor an error, or both
    ├── MethodUnknown          -32601
    ├── InvalidParams          -32602
    ├── ResourceUnknown        -32002   the legacy code; towards a modern client this is InvalidParams
    ├── Unexpected             -32603   an id that the log explains, never the exception's own text
    ├── HeaderMismatch         -32020
    ├── CapabilityMissing      -32021
    ├── RevisionUnsupported    -32022
    ├── BackendUnavailable     -31013
    ├── BackendMisbehaved      -31014
    ├── DeadlineExceeded       -31015
    ├── Overloaded             -31016   a bound of the gateway itself is reached
    └── BackendError           a backend's own error object, passed on byte for byte

Our own codes lie outside -32768…-32000 (reserved by JSON-RPC 2.0, section 5.1) because revision 2026-07-28 forbids
implementations to add codes in the range that MCP reserves.

An error that only one room and its callers speak of stands in that room, and derives from one of these:

- `wire/lines.py`, `wire/event_stream.py`, `wire/members.py`: a line, an event, an id or a name beyond its bound
- `core/open_exchanges.py`: -31017, what an operator cancelled
- `core/access/denials.py`: what a policy, a limit or a middleware of the user's own does not let pass
- `net/http1.py`: a connection that ended before an answer; `net/dial.py`: one that nobody took
- `backends/connection/handshake.py`: a backend that refused its handshake, or died of it
- `frontend/http/errors.py`: what an HTTP edge refuses unread; `bridge/carrier.py`: a session that a gateway forgot

What reads a value in `config/`, or a connection in `frontend/server/`, raises plain exceptions to its caller.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import attrs


class ArgusError(Exception):
    """The root: whatever the gateway raises on purpose."""


@attrs.frozen(kw_only=True)
class Problem:
    """One thing that is wrong in a configuration: where, what was expected, and a hint where there is one."""

    path: str
    """Dotted path in the file, for example `backends.files.timeouts.call`; empty for the file as a whole."""
    message: str
    hint: str = ""
    line: int | None = None
    """1-based line in the file, where it is known."""


class ConfigInvalid(ArgusError):
    """The configuration cannot be used; `problems` is all that is wrong with it, `warnings` the rest, in file order."""

    def __init__(self, source: str, problems: tuple[Problem, ...], *, warnings: tuple[Problem, ...] = ()) -> None:
        super().__init__(f"{source}: {len(problems)} problem(s)")
        self.source = source
        self.problems = problems
        self.warnings = warnings


class LinkFailed(ArgusError):
    """A link did not open, or died. `reason` is one line; `details` are facts such as the last lines of stderr.

    `never_ran`: the request that it is raised for provably was not acted on, so that it may be sent again.
    `retry_after`: the seconds that the backend asked to be left alone for, if it did.
    """

    def __init__(
        self,
        reason: str,
        *,
        details: tuple[str, ...] = (),
        never_ran: bool = False,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.details = details
        self.never_ran = never_ran
        self.retry_after = retry_after

    def again(self, *, never_ran: bool = False) -> LinkFailed:
        """The same failure for another task: an exception that several raise would gather all their tracebacks."""
        return LinkFailed(self.reason, details=self.details, never_ran=never_ran)


class HttpRefused(LinkFailed):
    """A remote backend answered one request with HTTP `status` and no JSON-RPC error; its link may live on.

    `doubts_session`: what it said speaks of sessions, so that it may have forgotten ours.
    """

    def __init__(
        self, status: int, reason: str, *, retry_after: float | None = None, doubts_session: bool = False
    ) -> None:
        super().__init__(reason, retry_after=retry_after)
        self.status = status
        self.doubts_session = doubts_session


class RequestRefused(LinkFailed):
    """A backend answered a request of the gateway's own with the JSON-RPC error `code`; its link lives on.

    `error` is its error object as it came.
    """

    def __init__(self, method: str, error: bytes, *, code: bytes, retry_after: float | None = None) -> None:
        super().__init__(f"it refused {method}: {error[:300].decode('utf-8', 'replace')}", retry_after=retry_after)
        self.error = error
        self.code = code


class SessionLost(LinkFailed):
    """A backend forgot the session, or its greeting, and with it the link ended; a new one can be opened at once."""

    def again(self, *, never_ran: bool = False) -> SessionLost:
        """See `LinkFailed.again`."""
        return SessionLost(self.reason, details=self.details, never_ran=never_ran)


class AnswerInvalid(LinkFailed):
    """A backend answered one request with what is no answer; `reason` says why. Its link may live on."""


class ListenFailed(ArgusError):
    """The gateway cannot listen at `address`; the text is one line with the reason and what to do."""

    def __init__(self, address: str, reason: str, advice: str) -> None:
        super().__init__(f"cannot listen on {address}: {reason}; {advice}")
        self.address = address
        self.reason = reason


class ClientCannotAnswer(ArgusError):
    """The client cannot be asked `method`: it did not declare it, or there is no stream to ask it on.

    `required` are the capabilities that it would have had to declare, where that was the reason.
    """

    def __init__(self, method: str, reason: str, *, required: Mapping[str, object] | None = None) -> None:
        super().__init__(f"the client cannot be asked {method}: {reason}")
        self.method = method
        self.required = dict(required or {})


class ClientRefused(ArgusError):
    """The client answered an ask with a JSON-RPC error; `encoded` is its error object as it came."""

    def __init__(self, encoded: bytes) -> None:
        super().__init__("the client answered with an error")
        self.encoded = encoded


class RpcError(ArgusError):
    """What a client gets instead of a result, and of its answer the header fields. `data` is a JSON-encodable value."""

    code: ClassVar[int]
    http_status: ClassVar[int] = 200
    """The status a modern edge answers with; a legacy edge only if there are header fields, else with 200."""
    http_headers: tuple[tuple[bytes, bytes], ...] = ()
    request_id = b"null"
    """The raw id of the request that is refused, where it is known although the request was not understood."""

    def __init__(self, message: str, *, data: object = None) -> None:
        super().__init__(message)
        self.message = message
        self.data = data


class ParseFailed(RpcError):
    """The body is not JSON, not UTF-8, or nested too deeply to be read."""

    code = -32700
    http_status = 400


class InvalidRequest(RpcError):
    """The body is JSON but no JSON-RPC message that may stand here."""

    code = -32600
    http_status = 400


class ResponseInvalid(InvalidRequest):
    """A response that cannot be understood, to the request with the raw JSON `id`, `null` where that is not known."""

    def __init__(self, message_id: bytes, message: str) -> None:
        super().__init__(message)
        self.id = message_id


class MethodUnknown(RpcError):
    """No such method at this revision, or none that any backend could be meant by."""

    code = -32601
    http_status = 404


class InvalidParams(RpcError):
    """The parameters do not fit the method: a missing name, an unknown tool, a forged cursor."""

    code = -32602
    http_status = 400


class ResourceUnknown(RpcError):
    """No backend serves this URI (2025-11-25, Resources, Error Handling)."""

    code = -32002

    def __init__(self, uri: str) -> None:
        super().__init__(f"unknown resource: {uri}", data={"uri": uri})


class Unexpected(RpcError):
    """A fault of the gateway itself. The client sees `error_id`, the log tells what happened under the same id."""

    code = -32603

    def __init__(self, error_id: str) -> None:
        super().__init__(f"internal error {error_id}", data={"errorId": error_id})
        self.error_id = error_id


class HeaderMismatch(RpcError):
    """A routing header is missing or says something else than the body (revision 2026-07-28, Server Validation)."""

    code = -32020
    http_status = 400


class CapabilityMissing(RpcError):
    """The call needs what the client did not declare (2026-07-28, Per-request protocol fields)."""

    code = -32021
    http_status = 400

    def __init__(self, message: str, required: Mapping[str, object]) -> None:
        super().__init__(message, data={"requiredCapabilities": dict(required)})


class RevisionUnsupported(RpcError):
    """The client asks for a protocol revision that is not spoken here."""

    code = -32022
    http_status = 400

    def __init__(self, requested: str, supported: tuple[str, ...]) -> None:
        super().__init__(
            f"unsupported protocol version {requested!r}", data={"requested": requested, "supported": list(supported)}
        )


class BackendUnavailable(RpcError):
    """The backend that owns the name is starting, down, or lost the connection before it answered.

    `cause` is the failure that the call itself met, where it got as far as a connection; `retry_after` is in seconds.
    """

    code = -31013

    def __init__(
        self,
        backend: str,
        reason: str,
        *,
        details: tuple[str, ...] = (),
        retry_after: float | None = None,
        cause: LinkFailed | None = None,
    ) -> None:
        data: dict[str, object] = {"backend": backend, "reason": reason}
        if details:
            data["details"] = list(details)
        if retry_after is not None:
            data["retryAfter"] = retry_after
        super().__init__(f"backend {backend!r} is unavailable: {reason}", data=data)
        self.backend = backend
        self.reason = reason
        self.details = details
        self.retry_after = retry_after
        self.cause = cause


class BackendMisbehaved(RpcError):
    """The backend answered with something that is no valid answer."""

    code = -31014

    def __init__(self, backend: str, reason: str) -> None:
        super().__init__(f"backend {backend!r} misbehaved: {reason}", data={"backend": backend, "reason": reason})
        self.backend = backend


class DeadlineExceeded(RpcError):
    """The backend did not answer within the call's deadline, `seconds`; it never got the call if that `was_waiting`."""

    code = -31015

    def __init__(self, backend: str, seconds: float, *, was_waiting: bool = False) -> None:
        data: dict[str, object] = {"backend": backend, "seconds": seconds}
        if was_waiting:
            data["waiting"] = True
        did_not = "had no room for the call" if was_waiting else "did not answer"
        super().__init__(f"backend {backend!r} {did_not} within {seconds:g} s", data=data)
        self.backend = backend


class Overloaded(RpcError):
    """A bound of the gateway itself is reached, such as the number of sessions."""

    code = -31016
    http_status = 503


class BackendError(RpcError):
    """A backend's own JSON-RPC error; `encoded` is its error object as it came."""

    code = 0

    def __init__(self, encoded: bytes) -> None:
        super().__init__("the backend answered with an error")
        self.encoded = encoded
