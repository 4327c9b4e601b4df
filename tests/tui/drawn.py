"""A dashboard in a fixed world, and what is seen of it, as text: no terminal, no gateway, no clock."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import cast

import attrs
import msgspec

from argus_trio.contract.clients import ExchangeEntry
from argus_trio.contract.control import DifferenceAnswer, DifferenceEntry
from argus_trio.contract.events import FigureEntry, FiguresEntry
from argus_trio.contract.settings import ConfigAnswer, LogLevelAnswer, TreeAnswer, TreeNode
from argus_trio.core.journal import Severity
from argus_trio.tui.effect import Effect, Fetch
from argus_trio.tui.message import DashboardMessage, Fetched, Key
from argus_trio.tui.screens.shell import shell
from argus_trio.tui.shell.model import Model
from argus_trio.tui.shell.update import first, update
from argus_trio.tui.state.world import GatewayLink, World
from tests.cli import values

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC).timestamp()


def exchange(number: int, **more: object) -> ExchangeEntry:
    """A call in flight, or over."""
    return attrs.evolve(values.EXCHANGE, id=f"e-{number}", **more)  # type: ignore[arg-type]


EXCHANGES = (
    exchange(1, age_seconds=65.0, waits_for="client", asks=1, target="desk__order", backend="desk"),
    exchange(2, age_seconds=1.25, waits_for="place", principal="bob", client="another-editor 2.0"),
)
OVER = (
    exchange(3, state="done", outcome="ok", waits_for=None, age_seconds=0.004),
    exchange(4, state="done", outcome="error", error_code=-31017, waits_for=None, target="files__写入"),
)
EVENTS = tuple(
    attrs.evolve(values.event(number, stage, message), severity=cast("Severity", severity), details={"times": number})
    for number, (stage, severity, message) in enumerate(
        (
            ("gateway_started", "info", "the gateway serves"),
            ("backend_ready", "info", "files is connected and has been listed"),
            ("backend_down", "error", "desk could not be connected: [Errno 2] no such file \x1b[31mred\x1b[0m"),
            ("egress_refused", "warning", "files was not let through to example.org:443"),
        ),
        1,
    )
)
TREE = TreeAnswer(
    tasks=5,
    tree=TreeNode(
        name="trio",
        kind="task",
        count=5,
        children=(
            TreeNode(
                name="nursery",
                kind="nursery",
                count=4,
                children=(
                    TreeNode(name="backend files", kind="task", count=2, children=()),
                    TreeNode(name="keep-alive", kind="task", count=1, children=()),
                ),
            ),
        ),
    ),
)
CONFIG = ConfigAnswer(
    file_path="/etc/argus-trio/config.yaml",
    loaded_at=values.AT,
    generation=2,
    config={
        "version": "1",
        "server": {"port": 9000, "management": {"token": "***"}},
        "backends": {"files": {"type": "stdio"}},
    },
)
DIFFERENCE = DifferenceAnswer(
    file_path="/etc/argus-trio/config.yaml",
    is_same=False,
    entries=(
        DifferenceEntry(
            path="backends.new", kind="added", file={"type": "stdio", "args": ["-v", "写入"]}, running=None
        ),
        DifferenceEntry(path="backends.old.url", kind="removed", file=None, running="http://old.example/mcp"),
        DifferenceEntry(path="server.port", kind="changed", file=9001, running=9000),
        DifferenceEntry(path="server.management.token", kind="changed", file="***", running="***"),
        DifferenceEntry(path="backends.files.args", kind="changed", file=["a", "b"], running=["a"]),
    ),
    more=0,
    problems=(),
)
FIGURES = FiguresEntry(
    timestamp=values.AT,
    in_flight=2,
    figures=tuple(
        FigureEntry(
            backend=name,
            tool="",
            calls=calls,
            errors=errors,
            in_flight=1,
            waiting=0,
            per_second=calls / 60,
            p50_ms=2.5,
            p99_ms=40.0,
        )
        for name, calls, errors in (("files", 120, 3), ("desk", 6, 0))
    ),
)


def world(**more: object) -> World:
    """What is known of a gateway with two backends and a few tools."""
    known = (values.backend("files"), values.backend("desk", "down", reason="no such file"))
    listed = values.tools(
        values.tool(
            "files__read_file",
            {"type": "object", "properties": {"path": {"type": "string"}}},
            description="Read a file.",
        ),
        values.tool("files__写入", description="Write a file; 写入文件。"),
        values.tool("files__delete", description="Delete it.", hidden="filter", why="filtered by tools.exclude"),
    )
    base = World(
        shown="http://127.0.0.1:9000",
        link=GatewayLink(state="connected", since=NOW - 60),
        rights=frozenset({"read", "operate"}),
        rights_told=True,
        principal="operator",
        now=NOW,
        status=values.STATUS,
        backends={each.name: each for each in known},
        figures=FIGURES,
        latencies={"files": (1.0, 2.0, 8.0, 2.5), "desk": (0.0, 1.0)},
        events=EVENTS,
        capabilities=listed,
    )
    return attrs.evolve(base, **more)  # type: ignore[arg-type]


def dashboard(tab: str, *, columns: int = 80, rows: int = 24, **more: object) -> Model:
    """A dashboard at one of its pages."""
    begun = first(world(columns=columns, rows=rows, **more)).value
    model = attrs.evolve(begun, world=world(columns=columns, rows=rows, **more))
    return after(model, Key(tab))


def after(model: Model, *messages: DashboardMessage) -> Model:
    """The dashboard after messages; what it asks for is answered at once, as far as it is known here."""
    for message in messages:
        step = update(model, message)
        model = step.value
        for effect in step.effects:
            if isinstance(effect, Fetch) and (answer := answered(effect)) is not None:
                model = after(model, Fetched(request=effect, answer=answer, raw=b""))
    return model


def keys(model: Model, *names: str) -> Model:
    """The dashboard after keys; one that begins with `=` is a text that is typed."""
    pressed = [each for name in names for each in (name[1:] if name.startswith("=") else [name])]
    return after(model, *(Key(each) for each in pressed))


def effects(model: Model, *names: str) -> tuple[Effect, ...]:
    """What is to be done for the last one of some keys."""
    return update(keys(model, *names[:-1]), Key(names[-1])).effects


def answered(request: Fetch) -> object:
    """What the gateway of this world answers."""
    path, query = request.operation.path, request.query
    if path == "/exchanges":
        listed = EXCHANGES if query.get("state") == "in_flight" else OVER
        return attrs.evolve(values.EXCHANGES, exchanges=listed, total=len(listed))
    known: dict[str, object] = {
        "/sessions": values.SESSIONS,
        "/tree": TREE,
        "/config": CONFIG,
        "/log-level": LogLevelAnswer(level="info"),
        "/config/difference": DIFFERENCE,
    }
    if path == "/reload":
        return values.reloaded()
    return known.get(path)


def drawn(model: Model) -> str:
    """What is seen, as lines without blanks at their ends."""
    size = (model.world.columns, model.world.rows)
    canvas = shell(model).render(size, focus=True)
    return "".join(f"{line.decode().rstrip()}\n" for line in canvas.text)


def json_of(value: object) -> str:
    """A value as JSON."""
    return msgspec.json.encode(value).decode()
