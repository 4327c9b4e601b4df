"""Backends of which something is hidden, and what it means that nobody can tell that it is."""

from __future__ import annotations

from tests.backends.support.fakes import FakeBackend, Json, Refusal, empty
from tests.backends.support.supervised import named
from tests.perspectives.whole import Asked


def resource(uri: str) -> Json:
    return {"uri": uri, "name": uri}


def serving(backend: FakeBackend) -> FakeBackend:
    """It reads what it lists, and nothing else."""

    async def read(params: Json) -> Json:
        uris = [entry["uri"] for entry in backend.resources]
        if params["uri"] not in uris:
            raise Refusal(-32002, "Resource not found")
        return {"contents": [{"uri": params["uri"], "text": "secret"}]}

    backend.answers |= {"resources/read": read, "resources/subscribe": empty, "resources/unsubscribe": empty}
    return backend


def docs() -> FakeBackend:
    return serving(
        FakeBackend(
            tools=named("read", "write"),
            prompts=[{"name": "ask"}, {"name": "tell"}],
            resources=[resource("file:///pub/a"), resource("file:///key")],
            templates=[{"uriTemplate": "file:///{path}", "name": "t"}],
        )
    )


def vault() -> FakeBackend:
    return serving(FakeBackend(tools=named("open"), resources=[resource("vault://gold")]))


def same(one: Asked, other: Asked, **swapped: str) -> None:
    """The two cannot be told apart, but for the name that each is about."""
    status, headers, body = one.seen
    for mine, theirs in swapped.items():
        body = body.replace(mine.encode(), theirs.encode())
    _, length = [name for name, _ in headers], "content-length"
    assert (status, body, one.seconds) == (other.status, other.body, other.seconds)
    plain = [[pair for pair in each.seen[1] if pair[0] != length] for each in (one, other)]
    assert plain[0] == plain[1]
