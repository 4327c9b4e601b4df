"""What there is to measure of calls: each row is a load before backends that it needs, its figure the CPU of a call."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import attrs

from bench.fast_path.load import Order
from bench.fast_path.subjects import BACKEND, Behind, Subject, http_backend
from bench.fast_path.wire import Params

ARGUMENTS: dict[str, Params] = {"echo": {"text": "x" * 1024}, "large": {}, "table": {}}
WHERE = {"s": "stdio", "h": "HTTP", "m": "stdio, modern backend"}
CALLS, LIST_500, LIST_5000 = "calls", "500 tools", "5000 tools"
TOOLS = {CALLS: 3, LIST_500: 500, LIST_5000: 5000}


@attrs.frozen(kw_only=True)
class Row:
    """One load. `backend` is that of `WHERE`, `tool` one of the backend's, or nothing for a list."""

    key: str
    title: str
    setup: str = CALLS
    backend: str = "s"
    era: str = "legacy"
    tool: str = "echo"
    kind: str = "calls"
    clients: int = 8

    @property
    def shape(self) -> str:
        """What a reverse proxy sees of it, which knows neither backends nor eras."""
        return f"{self.setup} {self.kind} {self.tool} {self.clients}"

    def is_for(self, subject: Subject) -> bool:
        """Whether the subject can do it: mcp-hub speaks no modern revision, and its sessions are its streams."""
        if subject.kind == "hub":
            return self.era == "legacy" and self.backend != "m" and self.kind == "calls"
        return True

    def order(self, subject: Subject, url: str, seconds: float) -> Order:
        """What the load is told."""
        era = "sse" if subject.kind == "hub" else "legacy" if subject.kind == "proxy" else self.era
        if not self.tool:
            return Order(url=url, era=era, method="tools/list", clients=self.clients, seconds=seconds)
        name = self.tool if subject.kind == "proxy" else f"{self.backend}__{self.tool}"
        params: Params = {"name": name, "arguments": ARGUMENTS[self.tool]}
        return Order(url=url, kind=self.kind, era=era, params=params, clients=self.clients, seconds=seconds)


def _rows() -> Iterator[Row]:
    for era in ("legacy", "modern"):
        for clients in (1, 8, 32, 128):
            title = f"stdio, {era}, {clients} client{'s' if clients > 1 else ''}"
            yield Row(key=f"stdio-{era}-{clients}", title=title, era=era, clients=clients)
    yield Row(key="stdio-both-8", title="stdio, client and backend modern, 8 clients", backend="m", era="modern")
    for clients in (1, 8, 128):
        title = f"HTTP, legacy, {clients} client{'s' if clients > 1 else ''}"
        yield Row(key=f"http-legacy-{clients}", title=title, backend="h", clients=clients)
    yield Row(key="http-modern-8", title="HTTP, modern, 8 clients", backend="h", era="modern")
    for backend in ("s", "h"):
        where = WHERE[backend]
        yield Row(key=f"large-{where.lower()}", title=f"100 KB of text, {where}", backend=backend, tool="large")
        yield Row(key=f"table-{where.lower()}", title=f"100 KB structured, {where}", backend=backend, tool="table")
    yield Row(key="table-modern", title="100 KB structured, stdio, modern", tool="table", era="modern")
    yield Row(key="session", title="a legacy session, and its connection", kind="visits")
    for setup in (LIST_500, LIST_5000):
        for era in ("legacy", "modern"):
            key, title = f"list-{era}-{TOOLS[setup]}", f"tools/list of {TOOLS[setup]}, {era}"
            yield Row(key=key, title=title, setup=setup, era=era, tool="")


ROWS = tuple(_rows())


@contextmanager
def behind(setup: str) -> Iterator[dict[str, Behind]]:
    """The backends of a setup, by the kind of who stands before them."""
    with ExitStack() as stack:
        tools = ("--tools", str(TOOLS[setup]))
        legacy = (*BACKEND, *tools)
        url = stack.enter_context(http_backend(*tools))
        if setup == CALLS:
            both = Behind(stdio={"s": legacy}, http={"h": url}, tools=6)
            whole = attrs.evolve(both, stdio={"s": legacy, "m": (*legacy, "--era", "modern")}, tools=9)
        else:
            both = whole = Behind(stdio={"s": legacy}, tools=TOOLS[setup])
        yield {"gateway": whole, "hub": both, "proxy": Behind(http={"h": url})}
