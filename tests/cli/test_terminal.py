"""The verbs at a terminal, as a user drives them."""

from __future__ import annotations

import signal
import threading
from pathlib import Path

import pytest

from argus_trio.contract.events import EventsAnswer
from tests.cli.fake import Asked, FakeManagement, Streamed, problem, serving
from tests.cli.user import at_a_terminal
from tests.cli.values import STATUS, backend, backends, event
from tests.servers.certificates import make_authority

FORM = {
    "mode": "form",
    "message": "Who is it?",
    "requestedSchema": {
        "type": "object",
        "properties": {
            "name": {"type": "string", "title": "Name"},
            "age": {"type": "integer", "minimum": 1},
            "address": {"type": "object", "properties": {"street": {"type": "string"}}, "required": ["street"]},
        },
        "required": ["name", "age", "address"],
    },
}
ASK = {"id": "q", "method": "elicitation/create", "params": FORM}


class Interactive:
    """A tool that asks once, and says what it was answered."""

    def __init__(self, fake: FakeManagement) -> None:
        self.fake = fake
        self.answered = threading.Event()
        self.cancelled = threading.Event()
        fake.answers["POST /tools/call"] = self.stream
        fake.answers["POST /exchanges/e/asks/q"] = self.answer

    def stream(self, streamed: Streamed, _: Asked) -> None:
        streamed.send("exchange", {"id": "e"})
        streamed.send("progress", {"progress": 1, "total": 4, "message": "at work"})
        streamed.send("log", {"level": "info", "logger": None, "data": "begun"})
        streamed.send("ask", ASK)
        if self.answered.wait(20):
            streamed.send("progress", {"progress": 4, "total": 4, "message": None})
            streamed.send("result", {"content": [{"type": "text", "text": "done \x1b[31m"}]})
            streamed.end()

    def answer(self, streamed: Streamed, _: Asked) -> None:
        streamed.end()

    def calls(self) -> list[object]:
        return [each.body for each in self.fake.asked]


def test_a_nested_form_is_answered_and_the_result_is_clean(fake: FakeManagement, url: str) -> None:
    tool = Interactive(fake)
    fake.answers["POST /exchanges/e/asks/q"] = {"answered": True}
    with at_a_terminal("call", "ask", "--server", url) as user:
        user.sees("[######..................]  25% 1/4 at work")
        user.sees("[info] begun")
        user.sees("the tool ask asks: Who is it?")
        user.answers("[a]nswer, [d]ecline or [c]ancel (answer): ", "")
        user.answers("Name: ", "Ada")
        user.answers("age: ", "0")
        user.sees("it must be at least 1")
        user.answers("age: ", "36")
        user.answers("street: ", "Main St")
        user.answers("[s]end, [e]dit, [d]ecline or [c]ancel (send): ", "s")
        tool.answered.set()
        assert user.ends() == 0
    assert user.text.endswith("done \\x1b[31m\n")
    called, answered = tool.calls()
    assert isinstance(called, dict)
    assert called["capabilities"] == {"elicitation": {"form": {}, "url": {}}}
    assert called["log_level"] == "info"
    content = {"name": "Ada", "age": 36, "address": {"street": "Main St"}}
    assert answered == {"result": {"action": "accept", "content": content}}


def test_ctrl_c_cancels_the_call_also_while_it_asks(fake: FakeManagement, url: str) -> None:
    gone = threading.Event()

    def stream(streamed: Streamed, asked: Asked) -> None:
        streamed.send("exchange", {"id": "e"})
        assert isinstance(asked.body, dict)
        if asked.body["tool"] == "asks":
            streamed.send("ask", ASK)
        else:
            streamed.send("progress", {"progress": 1, "total": None, "message": "slow"})
        if streamed.until_gone(20):
            gone.set()

    fake.answers["POST /tools/call"] = stream
    for name, seen in (("asks", "(answer): "), ("works", "1 slow")):
        gone.clear()
        with at_a_terminal("call", name, "--server", url) as user:
            user.sees(seen)
            user.types("\x03")
            assert user.ends() == 130
        assert gone.wait(10)
        assert "Traceback" not in user.text


def test_ctrl_c_cancels_a_call_over_tls(fake: FakeManagement, tmp_path: Path) -> None:
    gone = threading.Event()

    def stream(streamed: Streamed, _: Asked) -> None:
        streamed.send("exchange", {"id": "e"})
        streamed.send("progress", {"progress": 1, "total": None, "message": "slow"})
        if streamed.until_gone(20):
            gone.set()

    fake.answers["POST /tools/call"] = stream
    certificate, context = make_authority(tmp_path)
    with serving(fake, tls=context) as address:
        with at_a_terminal("call", "t", "--server", address, env={"SSL_CERT_FILE": str(certificate)}) as user:
            user.sees("1 slow")
            user.types("\x03")
            assert user.ends() == 130
        assert gone.wait(10)
    assert "Error" not in user.text


def test_ctrl_d_leaves_a_question_open(fake: FakeManagement, url: str) -> None:
    tool = Interactive(fake)
    fake.answers["POST /exchanges/e/asks/q"] = {"answered": True}
    with at_a_terminal("call", "ask", "--server", url) as user:
        user.sees("(answer): ")
        user.types("\x04")
        tool.answered.set()
        assert user.ends() == 0
    assert tool.calls()[1] == {"result": {"action": "cancel"}}


def test_what_is_typed_before_a_question_answers_none(fake: FakeManagement, url: str) -> None:
    ready = threading.Event()

    def stream(streamed: Streamed, _: Asked) -> None:
        streamed.send("exchange", {"id": "e"})
        streamed.send("log", {"level": "info", "logger": None, "data": "begun"})
        ready.wait(20)
        streamed.send("ask", {**ASK, "params": {"message": "Sure?", "requestedSchema": {}}})
        if tool.answered.wait(20):
            streamed.send("result", {"content": []})
            streamed.end()

    def answer(streamed: Streamed, _: Asked) -> None:
        streamed.chunk(b'{"answered": true}')
        streamed.end()
        tool.answered.set()

    tool = Interactive(fake)
    fake.answers |= {"POST /tools/call": stream, "POST /exchanges/e/asks/q": answer}
    with at_a_terminal("call", "ask", "--server", url) as user:
        user.sees("begun")
        user.types("\n\n")
        user.sees("\n\r\n")
        ready.set()
        user.answers("(accept): ", "d")
        assert user.ends() == 0
    assert tool.calls()[1] == {"result": {"action": "decline"}}


@pytest.mark.parametrize("last", ["error", "ask_cancelled"])
def test_a_question_is_taken_back_when_nobody_waits_for_it(fake: FakeManagement, url: str, last: str) -> None:
    def stream(streamed: Streamed, _: Asked) -> None:
        streamed.send("exchange", {"id": "e"})
        streamed.send("ask", ASK)
        if last == "ask_cancelled":
            streamed.send("ask_cancelled", {"id": "q"})
        streamed.send("error", problem("deadline-exceeded", 504, "it took too long"))
        streamed.end()

    fake.answers["POST /tools/call"] = stream
    with at_a_terminal("call", "ask", "--server", url) as user:
        user.sees("nobody waits for the answer any more")
        user.sees("it took too long")
        assert user.ends() == 1


def test_a_gateway_that_goes_while_something_is_typed_leaves_a_clean_line(fake: FakeManagement, url: str) -> None:
    gone = threading.Event()

    def stream(streamed: Streamed, _: Asked) -> None:
        streamed.send("exchange", {"id": "e"})
        streamed.send("ask", ASK)
        gone.wait(20)
        streamed.cut()

    fake.answers["POST /tools/call"] = stream
    with at_a_terminal("call", "ask", "--server", url) as user:
        user.sees("(answer): ")
        user.types("hal")
        user.sees("hal")
        gone.set()
        user.sees("\r\nargus-trio: ")
        assert "in the midst of an answer" in user.sees("whether it had an effect is not known")
        assert user.ends() == 3


def test_a_question_is_shown_again_when_the_command_goes_on(fake: FakeManagement, url: str) -> None:
    Interactive(fake)
    with at_a_terminal("call", "ask", "--server", url) as user:
        user.sees("(answer): ")
        user.process.send_signal(signal.SIGSTOP)
        user.process.send_signal(signal.SIGCONT)
        user.answers("(answer): ", "")
        user.sees("Name: ")
        user.types("\x03")
        assert user.ends() == 130


def test_an_answer_that_comes_too_late_is_told(fake: FakeManagement, url: str) -> None:
    tool = Interactive(fake)
    fake.answers["POST /exchanges/e/asks/q"] = (404, problem("unknown-ask", 404, "nothing is asked"))
    with at_a_terminal("call", "ask", "--server", url) as user:
        user.answers("(answer): ", "d")
        user.sees("nobody waits for the answer any more")
        tool.answered.set()
        assert user.ends() == 0


def test_a_table_has_colours_and_is_as_wide_as_the_terminal(fake: FakeManagement, url: str) -> None:
    fake.answers["GET /backends"] = backends(backend("漢" * 40, "down", reason="it " * 50), backend("b"))
    with at_a_terminal("backends", "--server", url, columns=72) as user:
        assert user.ends() == 0
    assert "\x1b[31mdown" in user.shown
    lines = user.text.splitlines()
    assert all(len(line) + line.count("漢") <= 72 for line in lines)
    assert lines[1].endswith("…")
    with at_a_terminal("backends", "--server", url, env={"NO_COLOR": "1"}) as user:
        assert user.ends() == 0
    assert "\x1b[" not in user.shown


def test_json_has_lines_on_a_terminal_and_nothing_that_acts_there(fake: FakeManagement, url: str) -> None:
    fake.answers["GET /status"] = {"a": "\x9b31m", "b": [1.0]}
    with at_a_terminal("status", "--json", "--server", url) as user:
        assert user.ends() == 0
    assert user.text == '{\n  "a": "\\u009b31m",\n  "b": [\n    1.0\n  ]\n}\n'


def test_events_are_followed_until_ctrl_c(fake: FakeManagement, url: str) -> None:
    fake.answers["GET /events"] = EventsAnswer(events=(), gap=False)

    def stream(streamed: Streamed, _: Asked) -> None:
        streamed.send("backend_ready", event(1), "a1-1")
        streamed.until_gone(20)

    fake.answers["GET /events/stream"] = stream
    with at_a_terminal("events", "-f", "--server", url) as user:
        user.sees("backend_ready")
        user.types("\x03")
        assert user.ends() == 130


def test_status_is_seen_at_a_terminal(fake: FakeManagement, url: str) -> None:
    fake.answers["GET /status"] = STATUS
    with at_a_terminal("status", "--server", url) as user:
        assert user.ends() == 0
    assert "health    degraded, not ready" in user.text
