"""A backend in words: signs, short figures, and the lines of what there is to know of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from argus_trio.contract.backends import BackendEntry, EntriesRemark
from argus_trio.core.health.health import ShownState
from argus_trio.manage_client.clean import one_line, wrapped
from argus_trio.manage_client.moments import duration, seconds_of
from argus_trio.manage_client.values import counted
from argus_trio.tui.kit.cells import Markup
from argus_trio.tui.parts.look import Appearance
from argus_trio.tui.state.standing import attempt
from argus_trio.tui.state.world import World

_SIGNS: Final[Mapping[ShownState, tuple[str, str, str]]] = {
    "ready": ("●", "*", "good"),
    "degraded": ("◐", "!", "warn"),
    "preparing": ("◌", "~", "warn"),
    "starting": ("◌", "~", "warn"),
    "draining": ("▽", "v", "warn"),
    "down": ("✗", "x", "bad"),
    "disabled": ("○", "o", "dim"),
    "stopped": ("○", "o", "dim"),
}
"""Each state: a sign, the same in ASCII, and an attribute."""
_TRANSPORTS: Final = {"streamable-http": "http"}
LABEL_COLUMNS: Final = 11


def state_of(entry: BackendEntry, look: Appearance) -> tuple[str, str]:
    """The sign and the word of its state, with their attribute."""
    unicode, ascii_, attribute = _SIGNS[entry.state]
    return attribute, f"{look.sign(unicode, ascii_)} {entry.state}"


def transport(entry: BackendEntry) -> str:
    """What it is spoken to by."""
    return _TRANSPORTS.get(entry.type, entry.type)


def isolation_word(entry: BackendEntry) -> str:
    """How it is isolated, in a word."""
    return entry.isolation.plan if entry.isolation is not None else "-"


def milliseconds(value: float | None) -> str:
    """A latency in a few columns."""
    if value is None:
        return "-"
    if value < 10:
        return f"{value:.1f}ms"
    if value < 1000:
        return f"{value:.0f}ms"
    return f"{value / 1000:.1f}s" if value < 100_000 else f"{value / 1000:.0f}s"


def rate(value: float) -> str:
    """Calls per second in a few columns."""
    return f"{value:.1f}" if value < 1000 else f"{value / 1000:.1f}k"


def number(value: int) -> str:
    """A count in a few columns."""
    if value < 10_000:
        return str(value)
    return f"{value / 1000:.0f}k" if value < 1_000_000 else f"{value / 1_000_000:.1f}M"


def labelled(label: str, text: str, columns: int, attribute: str = "") -> list[Markup]:
    """A label and a text behind it, wrapped under itself."""
    lines = wrapped(one_line(text), max(columns - LABEL_COLUMNS - 2, 10))
    first: Markup = [("label", f" {label:<{LABEL_COLUMNS}}"), (attribute or "info", lines[0])]
    made = [first]
    made.extend([" " * (LABEL_COLUMNS + 1), (attribute or "info", line)] for line in lines[1:])
    return made


def facts(entry: BackendEntry, world: World, columns: int) -> list[Markup]:
    """What there is to know of it, the most needed first."""
    attribute, word = state_of(entry, world.look)
    since = seconds_of(entry.since)
    for_long = f" for {duration(max(world.gateway_now - since, 0))}" if since is not None else ""
    again = f", {attempt(entry, world)}" if entry.next_attempt else ""
    lines = labelled("state", f"{word}{for_long}{again}: {entry.reason}", columns, attribute)
    for detail in entry.details:
        lines += labelled("", detail, columns)
    if entry.error and entry.error != entry.reason:
        lines += labelled("error", entry.error, columns, "bad")
    if entry.hold is not None:
        held = "drained" if entry.hold.kind == "drain" else "disabled"
        lines += labelled("held", f"{held} by {entry.hold.by}, until e enables it", columns, "warn")
    return [*lines, *_connection(entry, columns), *_figures(entry, world, columns), *_lists(entry, columns)]


def _connection(entry: BackendEntry, columns: int) -> list[Markup]:
    spoken = f"{transport(entry)}, {entry.revision or 'no revision of MCP agreed on yet'}"
    shared = "shared by all clients" if entry.session.shared else "each client has its own where it needs one"
    if entry.session.reason:
        shared += f" ({entry.session.reason})"
    spoken += f"; session {entry.session.setting}: {shared}"
    health = entry.health
    probed = f"probes: {health.status}"
    if health.latency_ms is not None:
        probed += f", {milliseconds(health.latency_ms)}"
    if health.failures:
        probed += f", {health.failures} failed in a row"
    breaker = "; the breaker is open: calls are refused at once" if entry.breaker == "open" else ""
    attempts = f"; {counted(entry.failed_attempts, 'attempt')} to connect failed" if entry.failed_attempts else ""
    if entry.restarts:
        attempts += f"; connected anew {counted(entry.restarts, 'time')}"
    return [
        *labelled("connection", spoken, columns),
        *labelled("health", f"{probed}{attempts}{breaker}", columns, "warn" if breaker else ""),
    ]


def _figures(entry: BackendEntry, world: World, columns: int) -> list[Markup]:
    figure, calls, shown = world.figure(entry.name), entry.calls, entry.capabilities
    lists = ", ".join(
        counted(count, word)
        for count, word in ((shown.tools, "tool"), (shown.resources, "resource"), (shown.prompts, "prompt"))
    )
    if figure is None:
        said = f"{calls.under_way} in flight, {calls.waiting} waiting"
    else:
        said = (
            f"{rate(figure.per_second)}/s, {figure.in_flight} in flight, {figure.waiting} waiting; "
            f"{figure.calls} in all, {counted(figure.errors, 'error')}; "
            f"p50 {milliseconds(figure.p50_ms)}, p99 {milliseconds(figure.p99_ms)}"
        )
    if calls.refused:
        said += f"; {calls.refused} refused, its queue was full"
    lines = [*labelled("calls", said, columns), *labelled("shows", lists, columns)]
    if entry.isolation is not None:
        why = f": {entry.isolation.why}" if entry.isolation.why else ""
        attribute = "bad" if entry.isolation.plan == "refused" else ""
        lines += labelled("isolation", f"{entry.isolation.plan}{why}", columns, attribute)
    return lines


def _lists(entry: BackendEntry, columns: int) -> list[Markup]:
    lists = entry.lists
    lines: list[Markup] = []
    for failed in lists.failed:
        lines += labelled("lists", f"its {failed.kind} did not come: {failed.reason}", columns, "bad")
    for word, remarks in (("left out", lists.left_out), ("mended", lists.mended)):
        for remark in remarks:
            lines += labelled(word, _remark(remark), columns, "warn")
    for word, names in (("long names", lists.names_too_long), ("odd names", lists.names_not_portable)):
        if names:
            lines += labelled(word, f"{len(names)}: {', '.join(names[:10])}", columns, "warn")
    if entry.notifications.dropped:
        lines += labelled("dropped", f"{entry.notifications.dropped} notifications were too much", columns, "warn")
    return lines


def _remark(remark: EntriesRemark) -> str:
    names = f" ({', '.join(remark.names)}{', …' if remark.count > len(remark.names) else ''})" if remark.names else ""
    return f"{remark.count} {remark.kind}: {remark.what}{names}"
