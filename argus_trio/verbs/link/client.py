"""Requests to the management API and their answers, read by the contract; and what is said where there is none."""

from __future__ import annotations

import http.client
import socket
import ssl
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from typing import Final, TypeVar

import attrs

from argus_trio.contract.operation import Operation
from argus_trio.manage_client.failure import NOT_REACHED, CommandFailed
from argus_trio.manage_client.problems import failure_of
from argus_trio.manage_client.requests import USER_AGENT, ApiQuery, answer_of, body_of, target_of
from argus_trio.manage_client.where import GatewayPlace
from argus_trio.verbs.link.connection import connected

ANSWER_SECONDS: Final = 30.0
"""How long an answer may take to begin, and to go on: what is only looked up is there at once."""
CHANGE_SECONDS: Final = 600.0
"""The same of a change: a restart or a reload waits for backends, which may have to install themselves."""

Kind = TypeVar("Kind")
NOTHING: Final[Mapping[str, str]] = {}


@attrs.frozen(kw_only=True, eq=False, repr=False)
class OpenAnswer:
    """An answer whose body is unread, and the socket that it comes by."""

    response: http.client.HTTPResponse
    socket: socket.socket

    @property
    def status(self) -> int:
        """Its status."""
        return self.response.status


@attrs.define(eq=False, repr=False, kw_only=True)
class ManageClient:
    """The management API of one gateway, as one principal. A connection serves one request."""

    place: GatewayPlace
    token: str = attrs.field(default="", repr=False)

    def fetch(
        self,
        operation: Operation,
        names: Mapping[str, str] = NOTHING,
        *,
        query: ApiQuery = NOTHING,
        body: object = None,
        seconds: float = ANSWER_SECONDS,
        taken: tuple[int, ...] = (),
    ) -> bytes:
        """The body of an operation's answer. `names` are the segments that its path names.

        Raises:
            CommandFailed: nobody is there, or the answer is a problem, unless its status is one of those `taken`.
        """
        with self.opened(operation, names, query=query, body=body, seconds=seconds) as answer:
            raw = self.rest_of(answer)
            if answer.status == 200 and raw.lstrip()[:1] != b"{":
                what = f"what answers at {self.place.shown} is no argus-trio gateway (it answers with no JSON object)"
                raise CommandFailed(what, NOT_REACHED)
            if answer.status == 200 or answer.status in taken:
                return raw
            raise failure_of(answer.status, answer.response.headers.get, raw, self.place.shown)

    def ask(
        self,
        kind: type[Kind],
        operation: Operation,
        names: Mapping[str, str] = NOTHING,
        *,
        query: ApiQuery = NOTHING,
        body: object = None,
        seconds: float = ANSWER_SECONDS,
    ) -> tuple[Kind, bytes]:
        """The same, as the contract has it, and as it came."""
        raw = self.fetch(operation, names, query=query, body=body, seconds=seconds)
        return self.decoded(raw, kind), raw

    def decoded(self, raw: bytes, kind: type[Kind]) -> Kind:
        """An answer as the contract has it. Raises CommandFailed for one of another contract."""
        return answer_of(raw, kind, self.place, advice=" `--json` shows the answer as it is")

    @contextmanager
    def opened(
        self,
        operation: Operation,
        names: Mapping[str, str] = NOTHING,
        *,
        query: ApiQuery = NOTHING,
        body: object = None,
        headers: Mapping[str, str] = NOTHING,
        seconds: float | None = ANSWER_SECONDS,
    ) -> Iterator[OpenAnswer]:
        """The answer to a request, its body unread. `seconds` bound the wait for what comes next; None is none."""
        path = target_of(self.place, operation, names, query)
        sent = {"Accept": operation.media[0], "User-Agent": USER_AGENT, **headers}
        if self.token:
            sent["Authorization"] = f"Bearer {self.token}"
        encoded = body_of(operation, body)
        if encoded is not None:
            sent["Content-Type"] = "application/json"
        with self._connected() as (connection, before):
            sock = connection.sock
            sock.settimeout(seconds)
            with self.heard():
                connection.request(operation.method, before + path, encoded, sent)
                response = connection.getresponse()
            with closing(response):
                yield OpenAnswer(response=response, socket=sock)

    @contextmanager
    def _connected(self) -> Iterator[tuple[http.client.HTTPConnection, str]]:
        try:
            connection, before = connected(self.place)
        except (OSError, UnicodeError) as error:
            raise self._not_reached(error) from None
        try:
            yield connection, before
        finally:
            connection.close()

    def rest_of(self, answer: OpenAnswer) -> bytes:
        """The whole body of an answer."""
        with self.heard():
            return answer.response.read()

    @contextmanager
    def heard(self) -> Iterator[None]:
        """What goes wrong while something is awaited, as a failure of the verb."""
        try:
            yield
        except TimeoutError:
            raise CommandFailed(
                f"{self.place.shown} took the request and did not answer in time", NOT_REACHED
            ) from None
        except (OSError, http.client.HTTPException) as error:
            why = " ".join(str(error).split()) or type(error).__name__
            if isinstance(error, http.client.IncompleteRead):
                why = "in the midst of an answer"
            raise CommandFailed(f"the connection to {self.place.shown} broke off ({why})", NOT_REACHED) from None

    def _not_reached(self, error: OSError | UnicodeError) -> CommandFailed:
        advice = "start one with `argus-trio serve`, or say with --server or $ARGUS_URL where it is"
        if isinstance(error, ssl.SSLCertVerificationError):
            why = f"its certificate is not trusted: {error.verify_message}"
            advice = "SSL_CERT_FILE names the certificates that are"
        elif isinstance(error, ssl.SSLError):
            why, advice = "it does not speak TLS as it should", "is it an http:// address?"
        elif isinstance(error, TimeoutError):
            why = "nobody answers there in time"
        elif isinstance(error, socket.gaierror):
            why = "there is no such host"
        elif isinstance(error, PermissionError):
            why, advice = "it is another user's", "run this as the user whose gateway it is"
        else:
            why = (error.strerror if isinstance(error, OSError) else None) or str(error)
        return CommandFailed(f"no gateway at {self.place.shown}: {why}; {advice}", NOT_REACHED)
