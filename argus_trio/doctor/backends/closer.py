"""A closer look at one remote backend: the way there, what it answers, and where else it may be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import urlsplit

import attrs
import trio

from argus_trio import Value
from argus_trio.config.model.backend import HttpBackend, SseBackend
from argus_trio.doctor.backends.answers import meaning
from argus_trio.doctor.backends.diagnosis import Diagnosis
from argus_trio.doctor.backends.questions import QUESTION_SECONDS, RemoteAnswer, RemoteTransport, ask
from argus_trio.doctor.backends.way import REACH_SECONDS, plain_to_tls, way_to
from argus_trio.errors import LinkFailed
from argus_trio.net.dial import OriginRoute
from argus_trio.net.origin import split_url

CLOSER_SECONDS: Final = 20.0
"""How long a closer look at one backend may take in all; backends are looked at side by side."""
USUAL: Final[Sequence[tuple[RemoteTransport, str]]] = (
    ("streamable-http", "/mcp"),
    ("sse", "/sse"),
    ("streamable-http", "/"),
)
"""Where servers are, most of them."""
OTHER: Final[Mapping[str, RemoteTransport]] = {"streamable-http": "sse", "sse": "streamable-http"}


@attrs.frozen(kw_only=True)
class ServerPatience(Value):
    """How long a server is waited for, in seconds."""

    reach: float = REACH_SECONDS
    question: float = QUESTION_SECONDS
    in_all: float = CLOSER_SECONDS


PATIENT: Final = ServerPatience()


async def look_closer(
    spec: HttpBackend | SseBackend, environ: Mapping[str, str], *, patience: ServerPatience = PATIENT
) -> Diagnosis | None:
    """Why it cannot be connected; None if what is seen from here is in order."""
    with trio.move_on_after(patience.in_all):
        route = await way_to(spec, environ, reach_seconds=patience.reach)
        return (
            route
            if isinstance(route, Diagnosis)
            else await _CloserLook(spec=spec, route=route, patience=patience).look()
        )
    what = f"a closer look took more than {patience.in_all:g} s and was given up"
    return Diagnosis(what=what, advice="the server takes connections and does not answer: see whether it hangs")


@attrs.frozen(kw_only=True)
class _CloserLook(Value):
    spec: HttpBackend | SseBackend
    route: OriginRoute
    patience: ServerPatience

    @property
    def at(self) -> str:
        return f"backends.{self.spec.name}"

    async def look(self) -> Diagnosis | None:
        _, target = split_url(self.spec.url)
        answer = await self._answer(self.spec.type, target)
        if isinstance(answer, LinkFailed):
            if await plain_to_tls(self.route.origin):
                what = (
                    f"port {self.route.origin.port} of {self.route.origin.host} speaks TLS, and is asked in plain text"
                )
                return Diagnosis(what=what, advice=f"write https:// in {self.at}.url")
            advice = f"see whether {self.route.origin} is an MCP server, and whether it hangs"
            return Diagnosis(what=answer.reason, advice=advice)
        if answer.speaks == self.spec.type:
            return None
        if answer.status in (401, 407, 429) or answer.status >= 500:
            return self._meaning(answer)
        return await self._another(target) or self._meaning(answer)

    def _meaning(self, answer: RemoteAnswer) -> Diagnosis:
        has_token = any(name.lower() in ("authorization", "x-api-key") for name in self.spec.headers)
        asked = f"{self.route.origin}{urlsplit(self.spec.url).path}"
        return meaning(answer, name=self.spec.name, asked=asked, has_token=has_token)

    async def _another(self, target: str) -> Diagnosis | None:
        """The transport and the path at which the server is after all; all are asked side by side."""
        path = urlsplit(self.spec.url).path or "/"
        tried: list[tuple[RemoteTransport, str]] = [(OTHER[self.spec.type], target)]
        tried += [each for each in USUAL if each != (self.spec.type, path) and each != (OTHER[self.spec.type], path)]
        spoke: dict[tuple[RemoteTransport, str], bool] = {}

        async def one(transport: RemoteTransport, where: str) -> None:
            answer = await self._answer(transport, where)
            spoke[transport, where] = isinstance(answer, RemoteAnswer) and answer.speaks == transport

        async with trio.open_nursery() as nursery:
            for transport, where in tried:
                nursery.start_soon(one, transport, where)
        found = next((each for each in tried if spoke.get(each)), None)
        return None if found is None else self._found(found, is_same_path=found[1] == target)

    def _found(self, found: tuple[RemoteTransport, str], *, is_same_path: bool) -> Diagnosis:
        transport, where = found
        kinds = {"sse": "HTTP+SSE, the older transport", "streamable-http": "Streamable HTTP"}
        if is_same_path:
            what = f"the server speaks {kinds[transport]} there, not what `type: {self.spec.type}` says"
            return Diagnosis(what=what, advice=f"write {self.at}.type: {transport}")
        what = f"no MCP server is at this path; at {where} of the same server is one that speaks {kinds[transport]}"
        changes = f"{self.at}.url: {self.route.origin}{where}"
        if transport != self.spec.type:
            changes += f" and {self.at}.type: {transport}"
        return Diagnosis(what=what, advice=f"write {changes}")

    async def _answer(self, transport: RemoteTransport, target: str) -> RemoteAnswer | LinkFailed:
        return await ask(self.route, target, transport, self.spec.headers, seconds=self.patience.question)
