"""From a request below `/manage/` to the page of its operation: path, rights, query and body, and problems back."""

from __future__ import annotations

import codecs
import os
import secrets
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Final, Literal, cast, get_args, get_origin, get_type_hints
from urllib.parse import parse_qsl

import attrs
import msgspec
import structlog

from argus_trio.contract.health import HEALTH, READY
from argus_trio.contract.operation import BASE, NoBody, Operation
from argus_trio.core.access.access import Access
from argus_trio.core.access.arrival import Unadmitted
from argus_trio.core.journal import Journal
from argus_trio.core.memory import Bodies
from argus_trio.errors import ParseFailed, RpcError
from argus_trio.frontend.admission import headers_of
from argus_trio.frontend.http.body import read_body
from argus_trio.frontend.http.errors import ClientGone
from argus_trio.frontend.http.negotiation import require_plain
from argus_trio.frontend.http.receive_queue import AsgiMessage
from argus_trio.frontend.http.request import AsgiSend, Header, IncomingRequest
from argus_trio.frontend.http.served_settings import CurrentSettings, ServedSettings
from argus_trio.frontend.manage.admission import Doorkeeper, may_stream_on
from argus_trio.frontend.manage.answer import ManageProblem, PageAnswer, problem_answer
from argus_trio.frontend.manage.original import stands_for
from argus_trio.frontend.manage.request import ManageRequest, Page
from argus_trio.wire.envelope import check_text

log = structlog.get_logger()

MOST_PARAMETERS: Final = 64
"""The most parameters of one query."""
LONGEST_COMPLAINT: Final = 300
"""How much of what is wrong with a query or a body is told, in characters: it may repeat what came."""
_FOR_PROBES: Final = (HEALTH, READY)
"""What is answered under any Host, or none: probes of Kubernetes and HAProxy name the address that they connect to. A
page of another origin is kept out all the same."""
PROBED: Final = tuple(BASE + operation.path for operation in _FOR_PROBES)
"""Their paths: what is left at the address of clients where the management API has one of its own."""
_ABOVE: Final = "/manage/"
_ON_ALL: Final[tuple[Header, ...]] = ((b"cache-control", b"no-store"), (b"x-content-type-options", b"nosniff"))
_OF_ALL: Final = frozenset(name for name, _ in _ON_ALL)
_LISTED: Final = f"{BASE}/openapi.json lists what is"
_WORDS: Final = {408: "too-slow", 413: "too-large", 415: "wrong-media-type", 503: "overloaded"}
"""What becomes of an error about a body, by its status."""


@attrs.define(eq=False, repr=False, kw_only=True)
class ManageApi:
    """All operations, and what answers each."""

    pages: Mapping[Operation, Page]
    settings: CurrentSettings
    bodies: Bodies = attrs.field(factory=Bodies)
    journal: Journal = attrs.field(factory=Journal)
    doorkeeper: Doorkeeper = attrs.field(init=False)

    @doorkeeper.default
    def _doorkeeper(self) -> Doorkeeper:
        return Doorkeeper(settings=self.settings, process_user=os.geteuid(), journal=self.journal)

    async def __call__(self, http: IncomingRequest, access: Access) -> None:
        """Answer a request. Raises `ClientGone`."""
        http.answer_through(_uncached)
        try:
            answer = await self._answer(http, access)
            body = b"" if answer is None else answer.encoded
        except ManageProblem as problem:
            answer = problem_answer(problem)
            body = answer.encoded
        except ClientGone:
            raise
        except Exception:  # the boundary: a fault of one page must not reach another
            error_id = secrets.token_hex(6)
            log.exception("management_failed_unexpectedly", error_id=error_id, path=http.path)
            answer = problem_answer(ManageProblem("internal", f"internal error {error_id}"))
            body = answer.encoded
        if answer is not None:
            await http.answer_unread(answer.status, body, answer.headers)

    def is_feed(self, http: IncomingRequest) -> bool:
        """Whether a stream of this API only tells what happens, and answers no call."""
        return http.method == "GET" and self._found(http.path.removesuffix("/")) is not None

    def may_stay(self, http: IncomingRequest, settings: ServedSettings) -> bool:
        """Whether a stream goes on under new settings: who opened it could still come in, and may still ask for it."""
        found = (self._found(http.path.removesuffix("/")) or {}).get(http.method)
        right = None if found is None else found[0].right
        may_ask = right is None or settings.access.may_manage(http.principal, right)
        return may_ask and may_stream_on(http, settings)

    async def _answer(self, http: IncomingRequest, access: Access) -> PageAnswer | None:
        path = http.path.removesuffix("/")
        found = self._found(path)
        is_probe = found is not None and any(operation in _FOR_PROBES for operation, _ in found.values())
        self.doorkeeper.require_own_page(http, is_probe=is_probe)
        public = found is not None and any(operation.is_public for operation, _ in found.values())
        if not public:
            await self._let_in(http, access)
        if found is None:
            raise ManageProblem("not-found", _nothing_at(http))
        if http.method not in _methods(found):
            return _other_method(http, found)
        operation, segments = found["GET" if http.method == "HEAD" else http.method]
        if operation.right is not None and not access.may_manage(http.principal, operation.right):
            detail = f"{http.principal.name} may not do this; a rule such as manage:{operation.right} allows it"
            raise ManageProblem("forbidden", detail)
        request = ManageRequest(
            http=http,
            access=access,
            path=segments,
            query=_query(http.query, operation.query),
            body=await self._body(http, operation),
        )
        return await self.pages[operation](request)

    async def _let_in(self, http: IncomingRequest, access: Access) -> None:
        try:
            await self.doorkeeper.let_in(http, access)
        except Unadmitted as unadmitted:
            raise _unadmitted(unadmitted) from None

    def _found(self, path: str) -> dict[str, tuple[Operation, Mapping[str, str]]] | None:
        """The operations at a path, by method, each with the segments that its path names; None without any."""
        if not path.startswith(f"{BASE}/"):
            return None
        given = path.removeprefix(BASE).split("/")
        found: dict[str, tuple[Operation, Mapping[str, str]]] = {}
        for template, operation in self._templates.get(len(given), ()):
            segments = _matched(template, given)
            if segments is not None:
                found.setdefault(operation.method, (operation, segments))
        return found or None

    @cached_property
    def _templates(self) -> Mapping[int, list[tuple[list[str], Operation]]]:
        """The operations by the number of their segments; those without names in their paths first."""
        templates: dict[int, list[tuple[list[str], Operation]]] = {}
        for operation in sorted(self.pages, key=lambda each: "{" in each.path):
            template = operation.path.split("/")
            templates.setdefault(len(template), []).append((template, operation))
        return templates

    async def _body(self, http: IncomingRequest, operation: Operation) -> object:
        if operation.body is None:
            return NoBody()
        try:
            require_plain(http.fields.get(b"content-encoding"))
            body = await read_body(http, self.settings.now.limits, self.bodies)
        except RpcError as error:
            raise ManageProblem(_WORDS.get(error.http_status, "bad-request"), error.message) from None
        body = body.removeprefix(codecs.BOM_UTF8)
        if not body.strip():
            body = b"{}"
        elif not _is_json(http.fields.get(b"content-type")):
            raise ManageProblem("wrong-media-type", "the body must be JSON: send Content-Type: application/json")
        return _decoded(body, operation.body)


def _uncached(send: AsgiSend) -> AsgiSend:
    """Send with what every answer here says: that nobody keeps it, and that it is what it says it is."""

    async def sent(message: AsgiMessage) -> None:
        if message["type"] == "http.response.start":
            given = cast("Sequence[Header]", message["headers"])
            others = [header for header in given if header[0] not in _OF_ALL]
            message = {**message, "headers": [*others, *_ON_ALL]}
        await send(message)

    return sent


def _nothing_at(http: IncomingRequest) -> str:
    if http.door.serves != "management" or http.path.startswith(_ABOVE):
        return f"nothing is served at this path; {stands_for(http.path) or _LISTED}"
    return f"only {BASE} is served here; MCP is at the gateway's other address, which server.host and server.port say"


def _matched(template: Iterable[str], given: Iterable[str]) -> Mapping[str, str] | None:
    segments: dict[str, str] = {}
    for wanted, segment in zip(template, given, strict=True):
        if wanted.startswith("{") and segment:
            segments[wanted[1:-1]] = segment
        elif wanted != segment:
            return None
    return segments


def _methods(found: Iterable[str]) -> list[str]:
    """By which methods what is there can be asked."""
    return [each for method in found for each in (("GET", "HEAD") if method == "GET" else (method,))]


def _other_method(http: IncomingRequest, found: Mapping[str, tuple[Operation, object]]) -> PageAnswer:
    allow: Header = (b"allow", ", ".join((*_methods(found), "OPTIONS")).encode())
    if http.method == "OPTIONS":
        return PageAnswer(body=b"", status=204, headers=(allow,))
    raise ManageProblem("method-not-allowed", f"{http.method} is not served here", headers=(allow,))


def _unadmitted(unadmitted: Unadmitted) -> ManageProblem:
    word = {401: "unauthorized", 403: "forbidden", 429: "rate-limited"}.get(unadmitted.status, "overloaded")
    return ManageProblem(word, unadmitted.message, headers=headers_of(unadmitted), members={"error": unadmitted.error})


def _is_json(content_type: bytes | None) -> bool:
    media = (content_type or b"application/json").split(b";")[0].strip().lower()
    return media == b"application/json" or (media.startswith(b"application/") and media.endswith(b"+json"))


def _query(query: bytes, kind: type) -> object:
    try:
        pairs = parse_qsl(query.decode("ascii"), True, errors="strict", max_num_fields=MOST_PARAMETERS)
    except ValueError:
        raise ManageProblem("bad-request", "the query cannot be read") from None
    given: dict[str, list[str]] = {}
    for name, value in pairs:
        given.setdefault(name, []).append(value)
    known = {field.name: field.type for field in attrs.fields(kind)}
    _require_known(given, known, "query parameter")
    twice = [name for name, values in given.items() if len(values) > 1 and not _is_list(known[name])]
    if twice:
        raise ManageProblem("bad-request", f"the query parameter {twice[0]} stands twice")
    try:
        values = {name: values if _is_list(known[name]) else values[0] for name, values in given.items()}
        found: object = msgspec.convert(values, kind, strict=False)
    except msgspec.ValidationError as error:
        raise _complaint("query", error, kind) from None
    if nothing := [name for name in given if getattr(found, name) is None]:
        raise ManageProblem("bad-request", f"in the query: null is no value of {nothing[0]}; leave it out")
    return found


def _is_list(kind: object) -> bool:
    return str(kind).startswith("tuple")


def _require_known(given: Iterable[str], known: Iterable[str], what: str) -> None:
    for name in given:
        if name not in known:
            there_are = ", ".join(known) or "none"
            raise ManageProblem("bad-request", f"no {what} is called {name[:80]!r} here; there are: {there_are}")


def _decoded(body: bytes, kind: type) -> object:
    try:
        check_text(body)
        given = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
        _require_known(given, [field.name for field in attrs.fields(kind)], "member")
        return msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, ParseFailed, UnicodeDecodeError, RecursionError) as error:
        raise _complaint("body", error, kind) from None


def _complaint(place: str, error: Exception, kind: type) -> ManageProblem:
    """What is wrong with a query or a body of a kind, and what one member of it may be."""
    words = _words(get_type_hints(kind).get(str(error).rpartition("$.")[2].removesuffix("`")))
    expected = f"; it is one of {', '.join(words)}" if words else ""
    said = f"in the {place}: {error}"[: LONGEST_COMPLAINT - len(expected)]
    return ManageProblem("bad-request", said + expected)


def _words(kind: object) -> list[str]:
    """What a member may be that is one of some words."""
    if get_origin(kind) is Literal:
        return [str(word) for word in get_args(kind)]
    return [word for each in get_args(kind) for word in _words(each)]
