"""Each verb that looks or changes: what it asks, what it shows, and its answer as it is with --json."""

from __future__ import annotations

import json
from pathlib import Path

import attrs
import msgspec
import pytest

from argus_trio.contract.backends import HoldEntry
from argus_trio.contract.clients import CancelledAnswer, ClosedAnswer, ExchangesAnswer
from argus_trio.contract.control import (
    DifferenceAnswer,
    DifferenceEntry,
    ProblemEntry,
    ShutdownAnswer,
    ValidateAnswer,
)
from argus_trio.contract.health import IsolationStatus, PlanCounts
from argus_trio.contract.settings import ConfigAnswer, ExplainAnswer, LogLevelAnswer
from tests.cli.conftest import Run
from tests.cli.fake import FakeManagement, problem
from tests.cli.values import (
    AT,
    DONE,
    EXCHANGES,
    SESSIONS,
    STATUS,
    backend,
    backends,
    changed,
    isolated,
    reloaded,
    tool,
    tools,
)


def test_status_shows_the_gateway_in_a_glance(argus: Run, fake: FakeManagement, url: str) -> None:
    fake.answers["GET /status"] = STATUS
    ran = argus("status")
    assert (ran.code, ran.err) == (0, "")
    shown = dict(line.split(None, 1) for line in ran.out.splitlines())
    assert shown["gateway"] == "argus-trio 0.1.0, running for 1 h 30 min"
    assert shown["asked"] == f"at  {url}"
    assert shown["health"] == "degraded, not ready: a backend is missing"
    assert shown["backends"] == "2 of 3 connected, 2 healthy, 1 preparing"
    assert shown["isolation"] == "2 contained, 1 bare (docker 28.2.2)"
    assert shown["operators"] == "unix:/m"
    assert shown["load"] == "4 exchanges, 2 parked, 7 clients, 5 sessions, 6 requests, 2.0 KiB held of 256.0 MiB"
    assert shown["config"].startswith("/etc/c.yaml, loaded ")


@pytest.mark.parametrize(
    ("words", "path", "answer"),
    [
        (("status",), "GET /status", STATUS),
        (("backends",), "GET /backends", backends(backend("a"))),
        (("backends", "a"), "GET /backends/a", backend("a")),
        (("tools",), "GET /capabilities", tools(tool("t"))),
        (("sessions",), "GET /sessions", SESSIONS),
        (("exchanges",), "GET /exchanges", EXCHANGES),
        (("reload",), "POST /reload", reloaded()),
        (("drain", "a"), "POST /backends/a/drain", changed("a", "drain", "draining")),
        (("log-level",), "GET /log-level", LogLevelAnswer(level="info")),
        (("events",), "GET /events", {"events": [], "gap": False}),
        (("logs", "a"), "GET /logs/a", {"backend": "a", "lines": [], "gap": False}),
        (("config",), "GET /config", {"odd": 1e400, "huge": 123456789012345678901234567890}),
    ],
)
def test_with_json_the_answer_is_printed_as_it_came(
    argus: Run, fake: FakeManagement, words: tuple[str, ...], path: str, answer: object
) -> None:
    raw = b" \n" + msgspec.json.encode(answer)
    fake.answers[path] = (200, raw)
    ran = argus("--json", *words)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.encode() == raw + b"\n"


def test_backends_are_a_table_with_the_reason_of_each(argus: Run, fake: FakeManagement) -> None:
    hold = HoldEntry(kind="disable", by="alice", at=AT)
    fake.answers["GET /backends"] = backends(
        backend("漢字\x1b]0;x\x07"),
        backend("b", "down", reason="it exited\nwith 1"),
        backend("c", "disabled", hold=hold),
    )
    lines = argus("backends").out.splitlines()
    assert lines[0].split() == ["NAME", "STATE", "TYPE", "ISOLATION", "TOOLS", "CALLS", "LATENCY", "SINCE", "WHY"]
    assert lines[1].startswith("漢字\\x1b]0;x\\x07  ready ")
    assert lines[2].endswith("it exited with 1")
    assert "disable by alice at " in lines[3]
    column = lines[0].index("STATE")
    assert lines[2][column:].startswith("down")
    assert "\x1b" not in "".join(lines)


def test_backends_that_run_bare_are_told_and_why(argus: Run, fake: FakeManagement) -> None:
    contained = isolated("contained", image="python:3.13-slim")
    fake.answers["GET /backends"] = backends(
        backend("a", isolation=contained),
        backend("b", isolation=isolated("bare", why="no engine answers")),
        backend("c", "down", reason="it is refused", isolation=isolated("refused", why="it is refused")),
        backend("d"),
    )
    lines = [line.split(None, 4) for line in argus("backends").out.splitlines()]
    assert [line[3] for line in lines] == ["ISOLATION", "contained", "bare", "refused", "-"]
    assert lines[2][4].endswith("runs bare: no engine answers")
    assert lines[3][4].endswith("it is refused")
    fake.answers["GET /backends/a"] = backend("a", isolation=contained)
    out = argus("backends", "a").out
    assert "isolation:\n" in out
    assert '  image: "python:3.13-slim"\n' in out


@pytest.mark.parametrize(
    ("status", "shown"),
    [
        (
            IsolationStatus(setting="off", engine=None, why=None, plans=PlanCounts(contained=0, bare=2, refused=0)),
            "2 bare (isolation: off)",
        ),
        (
            IsolationStatus(
                setting="auto", engine=None, why="none answers", plans=PlanCounts(contained=0, bare=1, refused=1)
            ),
            "1 bare, 1 refused (none answers)",
        ),
    ],
)
def test_status_tells_what_is_not_contained_and_why(
    argus: Run, fake: FakeManagement, status: IsolationStatus, shown: str
) -> None:
    fake.answers["GET /status"] = attrs.evolve(STATUS, isolation=status)
    assert f"isolation {shown}\n" in argus("status").out


def test_status_is_silent_about_isolation_where_there_is_nothing_to_isolate(argus: Run, fake: FakeManagement) -> None:
    none = IsolationStatus(setting="auto", engine=None, why=None, plans=PlanCounts(contained=0, bare=0, refused=0))
    fake.answers["GET /status"] = attrs.evolve(STATUS, isolation=none)
    assert "isolation" not in argus("status").out


def test_one_backend_is_shown_with_all_there_is_to_know(argus: Run, fake: FakeManagement) -> None:
    fake.answers["GET /backends/a%2Fb"] = backend("a/b")
    out = argus("backends", "a/b").out
    assert "name: a/b\n" in out
    assert "health:\n" in out
    assert "\n  status: healthy\n" in out


def test_tools_are_searched_and_all_pages_of_them_shown(argus: Run, fake: FakeManagement) -> None:
    first, second = tools(tool("a", description="one\ntwo"), following="x y"), tools(tool("b"))
    fake.answers["GET /capabilities"] = [first, second, first, second]
    ran = argus("tools", "*", "--backend", "files", "--principal", "alice")
    assert [line.split() for line in ran.out.splitlines()[1:]] == [["a", "files", "one", "two"], ["b", "files", "-"]]
    assert fake.asked[0].query == "type=tools&search=%2A&backend=files&principal=alice&hidden=false&limit=1000"
    assert fake.asked[1].query.endswith("&after=x+y")
    whole = json.loads(argus("tools", "--json").out)
    assert [each["name"] for each in whole["tools"]] == ["a", "b"]
    assert (whole["next"], set(whole["route_map"])) == (None, {"a", "b"})


def test_the_whole_name_of_a_tool_shows_its_arguments(argus: Run, fake: FakeManagement) -> None:
    properties = {
        "a b": {"type": "array", "items": {"type": "integer"}, "description": "numbers\x1b[2J"},
        "c": {"enum": ["x", "y"], "default": "x"},
    }
    schema = {"type": "object", "properties": properties, "required": ["a b"]}
    fake.answers["GET /capabilities"] = tools(tool("t", schema, description="one\ntwo"), tool("t2"))
    lines = argus("tools", "t").out.splitlines()
    assert lines[:4] == ["t of files", "  one", "  two", ""]
    assert lines[5].split() == ["a", "b", "array", "of", "integer", "yes", "numbers\\x1b[2J"]
    assert lines[6].endswith('one of x, y       -         default: "x"')
    assert lines[-1] == "argus-trio call t 'a b'=…"
    fake.answers["GET /capabilities"] = tools(tool("t"))
    ran = argus("tools", "t")
    assert (ran.out, ran.err) == ("t of files\n\n\nargus-trio call t\n", "it has no arguments\n")


def test_hidden_tools_say_why(argus: Run, fake: FakeManagement) -> None:
    fake.answers["GET /capabilities"] = tools(tool("a"), tool("b", hidden="filter", why="filters.tools.deny: b"))
    out = argus("tools", "--all").out
    assert "b     files    filter  filters.tools.deny: b" in out
    assert "hidden=true" in fake.asked[0].query


def test_sessions_are_listed_and_closed(argus: Run, fake: FakeManagement) -> None:
    fake.answers |= {"GET /sessions": SESSIONS, "POST /sessions/s-1/close": ClosedAnswer(id="s-1", closed=True)}
    assert argus("sessions").out.splitlines()[1].split()[:3] == ["s-1", "editor", "alice"]
    assert argus("sessions", "--close", "s-1").out == "s-1: closed\n"


def test_exchanges_are_listed_and_cancelled(argus: Run, fake: FakeManagement) -> None:
    fake.answers["GET /exchanges"] = [EXCHANGES, DONE]
    fake.answers["POST /exchanges/e-7/cancel"] = CancelledAnswer(id="e-7", cancelled=True)
    assert argus("exchanges", "--backend", "files").out.splitlines()[1].split()[:4] == ["e-7", "3.2", "s", "tools/call"]
    assert argus("exchanges", "--done").out.splitlines()[1].endswith("tool_error")
    assert [each.query for each in fake.asked] == ["state=in_flight&backend=files&limit=1000", "state=done&limit=1000"]
    assert argus("cancel", "e-7").out == "e-7: cancelled\n"


def test_an_exchange_that_is_not_there_is_told(argus: Run, fake: FakeManagement) -> None:
    fake.answers["POST /exchanges/x/cancel"] = (404, problem("unknown-exchange", 404, "no exchange x"))
    ran = argus("cancel", "x")
    assert (ran.code, ran.err) == (1, "argus-trio: no exchange x; `argus-trio exchanges` lists those under way\n")


def test_a_reload_tells_what_it_changed(argus: Run, fake: FakeManagement) -> None:
    fake.answers["POST /reload"] = [reloaded(), reloaded(unchanged=True)]
    out = argus("reload").out
    assert out.startswith("reloaded in 200 ms, generation 3\n  added: new\n  changed: files\n")
    assert "needs a restart of the gateway: server.port" in out
    assert argus("reload").out.startswith("nothing has changed\n")


def test_a_reload_that_fails_lists_why(argus: Run, fake: FakeManagement) -> None:
    report = reloaded(is_done=False, errors=("backends.a: no such key", "server.port: no port"))
    fake.answers["POST /reload"] = (422, report)
    ran = argus("reload")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.splitlines()[1:] == ["  backends.a: no such key", "  server.port: no port"]
    fake.answers["POST /reload"] = (409, problem("no-file", 409, "there is no file"))
    ran = argus("reload")
    assert (ran.code, ran.err) == (1, "argus-trio: there is no file\n")


@pytest.mark.parametrize("action", ["restart", "drain", "enable", "disable"])
def test_backends_are_changed_one_after_another(argus: Run, fake: FakeManagement, action: str) -> None:
    fake.answers[f"POST /backends/a/{action}"] = changed("a", "restart", "ready")
    fake.answers[f"POST /backends/b/{action}"] = changed("b", "restart", "down", ok=False, error="it exited")
    ran = argus(action, "a", "b")
    assert (ran.code, ran.out) == (1, "a: now ready\n")
    assert ran.err == f"argus-trio: {action} b: it exited (now down)\n"
    assert [each.body for each in fake.asked] == [{}, {}]


def test_what_is_wrong_with_one_backend_keeps_no_other_from_its_change(argus: Run, fake: FakeManagement) -> None:
    fake.answers["POST /backends/x/restart"] = (404, problem("unknown-backend", 404, "no backend x"))
    fake.answers["POST /backends/a/restart"] = changed("a", "restart", "ready")
    ran = argus("restart", "x", "a", "a")
    assert (ran.code, ran.out) == (1, "a: now ready\n")
    assert ran.err == "argus-trio: x: no backend x; `argus-trio backends` lists them\n"


def test_an_empty_list_is_told(argus: Run, fake: FakeManagement) -> None:
    fake.answers["GET /exchanges"] = ExchangesAnswer(exchanges=(), total=0, next=None)
    ran = argus("exchanges")
    assert (ran.code, ran.out, ran.err) == (0, "", "nothing is under way\n")


def test_the_level_of_the_log_is_told_and_changed(argus: Run, fake: FakeManagement) -> None:
    fake.answers |= {"GET /log-level": LogLevelAnswer(level="info"), "POST /log-level": LogLevelAnswer(level="debug")}
    assert argus("log-level").out == "info\n"
    assert argus("log-level", "debug").out == "debug\n"
    assert fake.asked[-1].body == {"level": "debug"}
    assert argus("log-level", "loud").code == 2


def test_a_shutdown_tells_what_calls_get(argus: Run, fake: FakeManagement) -> None:
    fake.answers["POST /shutdown"] = ShutdownAnswer(shutting_down=True, timeout_seconds=7.5)
    assert argus("shutdown", "--timeout", "7.5").out == "it stops; calls in flight have 7.5 s\n"
    assert fake.asked[-1].body == {"timeout_seconds": 7.5}


def test_the_configuration_is_shown_as_yaml(argus: Run, fake: FakeManagement) -> None:
    config: dict[str, object] = {
        "server": {"port": 9000, "x": None},
        "list": [1, "two", {"a": "***", "b": []}],
        "odd": "yes",
        "e": "\x1b[",
    }
    fake.answers["GET /config"] = ConfigAnswer(file_path="/c.yaml", loaded_at=AT, generation=1, config=config)
    yaml = pytest.importorskip("yaml")
    out = argus("config").out
    assert out.startswith("# /c.yaml, loaded ")
    assert yaml.safe_load(out) == config


def test_a_configuration_is_checked_by_the_gateway(argus: Run, fake: FakeManagement, tmp_path: Path) -> None:
    warning = ProblemEntry(path="a.b", message="odd", hint="write c", line=4)
    good = ValidateAnswer(valid=True, errors=(), problems=(), warnings=(warning,), backends=("a",))
    bad = ValidateAnswer(valid=False, errors=("e",), problems=(warning,), warnings=(), backends=())
    fake.answers["POST /config/validate"] = [good, bad]
    file = tmp_path / "c.yaml"
    file.write_text("ü: 1\n")
    assert (
        argus("config", "validate", str(file)).out == "no problems, 1 backend\n  warning: a.b (line 4): odd; write c\n"
    )
    ran = argus("config", "validate")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.endswith("\n  a.b (line 4): odd; write c\n")
    assert [each.body for each in fake.asked] == [{"text": "ü: 1\n"}, {"text": None}]
    assert argus("config", "validate", "/no/such").code == 2
    assert argus("config", "change").code == 2


def test_the_running_gateway_explains(argus: Run, fake: FakeManagement) -> None:
    answer = ExplainAnswer(principal="alice", name="manage:read", allowed=False, lines=("denied", "by rule 1"))
    fake.answers["GET /explain"] = answer
    ran = argus("explain", "alice", "manage:read", "--live", "--role", "a", "--role", "b", "--args", '{"x": 1}')
    assert (ran.code, ran.out) == (1, "denied\n  by rule 1\n")
    query = "principal=alice&name=manage%3Aread&role=a&role=b&args=%7B%22x%22%3A+1%7D"
    assert fake.asked[0].query == query


def difference(*entries: DifferenceEntry, more: int = 0, problems: tuple[ProblemEntry, ...] = ()) -> DifferenceAnswer:
    is_same = not entries and not problems
    return DifferenceAnswer(file_path="/c.yaml", is_same=is_same, entries=entries, more=more, problems=problems)


def test_config_difference_shows_what_a_reload_would_change(argus: Run, fake: FakeManagement) -> None:
    fake.answers["GET /config/difference"] = difference(
        DifferenceEntry(path="backends.new", kind="added", file={"type": "stdio"}, running=None),
        DifferenceEntry(path="backends.old", kind="removed", file=None, running="x"),
        DifferenceEntry(path="server.port", kind="changed", file=9100, running=9000),
        more=2,
    )
    ran = argus("config", "difference")
    assert (ran.code, ran.err) == (1, "")
    assert ran.out.splitlines() == [
        'added   backends.new: {"type":"stdio"}',
        'removed backends.old: "x"',
        "changed server.port: 9000 -> 9100",
        "and 2 more",
    ]


def test_config_difference_of_a_file_that_is_in_effect_is_done(argus: Run, fake: FakeManagement) -> None:
    fake.answers["GET /config/difference"] = difference()
    ran = argus("config", "difference")
    assert (ran.code, ran.out) == (0, "/c.yaml says what is in effect\n")


def test_config_difference_tells_what_is_wrong_with_the_file(argus: Run, fake: FakeManagement) -> None:
    wrong = ProblemEntry(path="backends", message="unknown key", hint="leave it out", line=3)
    fake.answers["GET /config/difference"] = difference(problems=(wrong,))
    ran = argus("config", "difference")
    assert (ran.code, ran.out) == (1, "")
    assert "backends (line 3): unknown key; leave it out" in ran.err


def test_config_difference_takes_no_file(argus: Run, fake: FakeManagement) -> None:
    assert argus("config", "difference", "x.yaml").code == 2
