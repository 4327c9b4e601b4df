"""`/manage/v1/logs/{backend}`, `/manage/v1/log-level`: what there is to read, and how much is logged."""

from __future__ import annotations

from collections.abc import Mapping

import attrs
import structlog

from argus_trio.contract.operation import Operation
from argus_trio.contract.settings import (
    LOG_LEVEL,
    LOGS,
    SET_LOG_LEVEL,
    LogLevelAnswer,
    LogLevelRequest,
    LogLineEntry,
    LogsAnswer,
    LogsQuery,
)
from argus_trio.core.backend_log import BackendLog, LogLine
from argus_trio.core.journal import number_in, numbered_id
from argus_trio.frontend.gateway import Gateway, Management, News
from argus_trio.frontend.http.event_stream import write_stream
from argus_trio.frontend.http.header_names import LAST_EVENT_ID
from argus_trio.frontend.http.reply import EVENT_STREAM
from argus_trio.frontend.manage.answer import ManageProblem, PageAnswer
from argus_trio.frontend.manage.moments import rfc3339
from argus_trio.frontend.manage.request import ManageRequest, Page
from argus_trio.frontend.manage.watch.encoded import gap_event
from argus_trio.wire.envelope import encode
from argus_trio.wire.event_stream import COMMENT, encode_event

log = structlog.get_logger()


def log_pages(gateway: Gateway) -> Mapping[Operation, Page]:
    """The logs of backends, and the level of the gateway's own."""
    management = gateway.management

    async def logs(request: ManageRequest) -> PageAnswer | None:
        query, name = request.query_as(LogsQuery), request.path["backend"]
        if name not in management.config().backends:
            raise ManageProblem("unknown-backend", "no backend of this name is in the configuration")
        backend_log, instance = management.logs.of(name), management.instance
        if not query.follow:
            return PageAnswer(body=_lines(name, backend_log, instance, query))
        if request.http.method == "HEAD":
            return PageAnswer(body=b"", headers=EVENT_STREAM)
        since = request.http.fields.get(LAST_EVENT_ID, b"").decode("latin-1") or query.since
        following = FollowedLog(
            log=backend_log, instance=instance, news=management.lines, first=_first(backend_log, query)
        )
        if since:
            following.resume(since)
        await write_stream(request.http, following)
        return None

    async def level(_: ManageRequest) -> PageAnswer:
        return PageAnswer(body=LogLevelAnswer(level=management.log_level.name))

    async def set_level(request: ManageRequest) -> PageAnswer:
        wanted = request.body_as(LogLevelRequest).level
        _change_level(management, wanted=request.body_as(LogLevelRequest), by=request.principal.name)
        return PageAnswer(body=LogLevelAnswer(level=wanted))

    return {LOGS: logs, LOG_LEVEL: level, SET_LOG_LEVEL: set_level}


def _change_level(management: Management, *, wanted: LogLevelRequest, by: str) -> None:
    before = management.log_level.name
    management.log_level.change("info")  # so that this one is told, whatever the levels are
    log.info("log_level_changed", before=before, now=wanted.level, by=by)
    management.log_level.change(wanted.level)
    message = f"{by} changed the level of the log from {before} to {wanted.level}"
    management.journal.note("log_level_changed", message, details={"before": before, "now": wanted.level, "by": by})


def _first(backend_log: BackendLog, query: LogsQuery) -> int:
    return max(0, backend_log.position - query.limit)


def _lines(name: str, backend_log: BackendLog, instance: str, query: LogsQuery) -> LogsAnswer:
    last = number_in(query.since, instance) if query.since else -1
    lines, is_gap = backend_log.since(0 if last is None else last + 1)
    return LogsAnswer(
        backend=name,
        lines=tuple(_entry(line, instance) for line in lines[-query.limit :]),
        gap=bool(query.since) and (is_gap or last is None or len(lines) > query.limit),
    )


def _entry(line: LogLine, instance: str) -> LogLineEntry:
    return LogLineEntry(
        id=numbered_id(instance, line.number), timestamp=rfc3339(line.at), source=line.source, text=line.text
    )


@attrs.define(eq=False, repr=False, kw_only=True)
class FollowedLog:
    """The `Source` of a stream that follows the log of one backend. It queues nothing: it reads from its position."""

    log: BackendLog
    instance: str
    """What its ids begin with."""
    news: News
    first: int
    """The number of the line that is sent next."""
    _lost: str = attrs.field(default="", init=False)
    """The id that it was to go on after, where that cannot be said any more."""
    _is_resumed: bool = attrs.field(default=False, init=False)
    _is_closed: bool = attrs.field(default=False, init=False)

    def resume(self, line_id: str) -> None:
        """Go on after this line; with what there is, and a gap, where it is not known."""
        last = number_in(line_id, self.instance)
        self._is_resumed = True
        if last is None or last >= self.log.position:
            self.first, self._lost = 0, line_id
        else:
            self.first = last + 1

    async def take(self) -> bytes:
        """The events of all lines that wait, as soon as there is one; empty at the end."""
        while not self._is_closed:
            lines, is_gap = self.log.since(self.first)
            if lines:
                return self._events(lines, is_gap)
            await self.news.wait()
        return b""

    def close(self) -> None:
        """The client is gone, or the gateway stops. Does not block."""
        self._is_closed = True
        self.news.wake()

    def _events(self, lines: tuple[LogLine, ...], is_gap: bool) -> bytes:
        after = self._lost or numbered_id(self.instance, self.first - 1)
        is_gap = bool(self._lost) or (is_gap and (self._is_resumed or self.first > 1))
        self.first, self._lost, self._is_resumed = lines[-1].number + 1, "", True
        events = [COMMENT, gap_event(after)] if is_gap else [COMMENT]
        for line in lines:
            entry = _entry(line, self.instance)
            events.append(encode_event(encode(entry), event="line", event_id=entry.id))
        return b"".join(events)
