"""The problems that are answered (RFC 9457), as a table: status, title, and what to do."""

from __future__ import annotations

from typing import Final

import attrs

from argus_trio import Value
from argus_trio.contract.operation import BASE


@attrs.frozen(kw_only=True)
class ProblemKind(Value):
    """One kind of problem."""

    status: int
    title: str
    page: str
    """What it means and what to do, in a few sentences of Markdown."""

    @property
    def headline(self) -> str:
        """Its status and title."""
        return f"{self.status} {self.title}"


@attrs.frozen(kw_only=True)
class ProblemAnswer(Value):
    """The body of an answer that tells a problem; some kinds have further members."""

    type: str
    title: str
    status: int
    detail: str
    error: str
    """The word of the type with underscores, or `invalid_token` for a wrong credential; and `message` is the detail: as
    the original Argus has them."""
    message: str


def type_of(word: str) -> str:
    """The URI of a kind of problem, where its page is."""
    return f"{BASE}/problems/{word}"


PROBLEMS: Final[dict[str, ProblemKind]] = {
    "bad-request": ProblemKind(
        status=400,
        title="The request cannot be read",
        page="The body is no JSON, or a member, a query parameter or a path segment is missing, unknown, or of the "
        "wrong kind. `detail` says which one and what is expected.",
    ),
    "unauthorized": ProblemKind(
        status=401,
        title="Nobody said who asks",
        page="The gateway asks who comes. Send `Authorization: Bearer TOKEN` with `server.management.token` or a "
        "credential of `middleware: [{type: authentication}]`, or use the Unix socket of `server.management.socket`.",
    ),
    "forbidden": ProblemKind(
        status=403,
        title="This may not be done by who asks",
        page="Who asks lacks the right. Without authentication, token and socket only loopback is answered; a socket "
        "is for the user that runs the gateway, and for root. Else a rule such as `manage:read`, `manage:operate` or "
        "`manage:admin` of a role gives it; `argus-trio explain PRINCIPAL manage:read` says why not.",
    ),
    "wrong-host": ProblemKind(
        status=421,
        title="The gateway is not called so",
        page="The Host header names neither loopback nor what `server.allowed_hosts` or `server.public_url` names.",
    ),
    "wrong-origin": ProblemKind(
        status=403,
        title="A web page of another origin may not ask",
        page="The management API answers no page of another origin: neither `server.allowed_origins` nor another port "
        "of this machine counts. Ask from a program instead.",
    ),
    "not-found": ProblemKind(
        status=404, title="Nothing is here", page="There is no such path. `/manage/v1/openapi.json` lists them."
    ),
    "unknown-backend": ProblemKind(
        status=404,
        title="No such backend",
        page="No backend of this name is there for who asks. `/manage/v1/backends` lists them.",
    ),
    "unknown-session": ProblemKind(
        status=404,
        title="No such session",
        page="There is no session of this handle, or no more, or it is another's. `/manage/v1/sessions` lists them.",
    ),
    "unknown-exchange": ProblemKind(
        status=404,
        title="No such exchange",
        page="No exchange of this id is under way, or it is another's. `/manage/v1/exchanges` lists them.",
    ),
    "unknown-ask": ProblemKind(
        status=404,
        title="Nothing of this id is asked",
        page="The exchange does not ask this, or has its answer already: each question is answered once.",
    ),
    "unknown-target": ProblemKind(
        status=404,
        title="No such tool, prompt or resource",
        page="Nothing of this name is there for who asks. `/manage/v1/capabilities` lists what is.",
    ),
    "unknown-view": ProblemKind(
        status=404,
        title="No such view",
        page="`endpoint` names none of the `views` of the configuration. Leave it out for the endpoint that shows all.",
    ),
    "unknown-principal": ProblemKind(
        status=404,
        title="No such principal",
        page="The configuration has no credential of this name, so what its roles are is not known: a token or a proxy "
        "says it. `argus-trio explain` takes them by `--role`.",
    ),
    "unknown-page": ProblemKind(
        status=404,
        title="No such page",
        page="`after` is not the `next` of a page before. Leave it out for the first one.",
    ),
    "no-question": ProblemKind(
        status=404,
        title="Nothing there is to be explained",
        page="`name`, `endpoint` or `args` names nothing that could be allowed or denied. `detail` says what to write.",
    ),
    "method-not-allowed": ProblemKind(
        status=405, title="Not by this method", page="The header `Allow` lists the methods of this path."
    ),
    "not-acceptable": ProblemKind(
        status=406, title="Not in this form", page="What `Accept` asks for is not what this path answers with."
    ),
    "no-file": ProblemKind(
        status=409,
        title="There is no configuration file",
        page="This gateway runs without a file, as the demo does: there is nothing to read again.",
    ),
    "backend-disabled": ProblemKind(
        status=409,
        title="The backend is disabled",
        page="What is asked cannot be done to a backend that does not run. One that an operator has disabled starts "
        "again by `enable`. One that the file disables is enabled in the file, which is never written here: take "
        "`enabled: false` out of its entry, and reload.",
    ),
    "changed-since": ProblemKind(
        status=412,
        title="It was changed since",
        page="`If-Match` names a state that is not the current one: somebody changed the backend meanwhile. Look "
        "again, and decide again.",
    ),
    "too-slow": ProblemKind(
        status=408,
        title="The body did not come in time",
        page="A body has 30 s for each part and 300 s in all. Nothing was done; ask again.",
    ),
    "too-large": ProblemKind(
        status=413, title="The body is too large", page="`server.max_body_bytes` is the most that a body may hold."
    ),
    "wrong-media-type": ProblemKind(
        status=415,
        title="The body is no JSON",
        page="Send `Content-Type: application/json`, and the body as it is, not compressed.",
    ),
    "refused": ProblemKind(
        status=403,
        title="The call is refused",
        page="A rule does not allow the call with these arguments or scopes, or a middleware rejects it. `detail` says "
        "which; `code` and `data` are those of the MCP error.",
    ),
    "rate-limited": ProblemKind(
        status=429, title="Too many calls", page="A limit is reached. `Retry-After` says when to come back."
    ),
    "call-cancelled": ProblemKind(
        status=409, title="The call was cancelled", page="An operator cancelled it, or the gateway stops."
    ),
    "call-failed": ProblemKind(
        status=400,
        title="The call is not answered with a result",
        page="The call is not as it has to be: the gateway or the backend does not take its parameters. `code`, "
        "`detail` and `data` are those of the MCP error.",
    ),
    "backend-error": ProblemKind(
        status=502,
        title="The backend answered with an error",
        page="It took the call and failed. `code`, `detail` and `data` are those of its error.",
    ),
    "backend-failed": ProblemKind(
        status=502, title="The backend did not keep to MCP", page="What it answered is no answer. Its log says more."
    ),
    "backend-unavailable": ProblemKind(
        status=503,
        title="The backend is not there",
        page="It is not connected, is drained, or is still starting. `detail` says why, `Retry-After` when it is tried "
        "again.",
    ),
    "overloaded": ProblemKind(
        status=503, title="The gateway is full, or stops", page="Come back later; `Retry-After` says when."
    ),
    "deadline-exceeded": ProblemKind(
        status=504,
        title="The backend took too long",
        page="`timeouts.call` of the backend is how long a call may take; progress extends it to `timeouts.call_max`.",
    ),
    "internal": ProblemKind(
        status=500,
        title="A fault of the gateway",
        page="The log tells more under the id that `detail` names. Please report it.",
    ),
}
"""Every kind, by its word."""
