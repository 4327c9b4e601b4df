"""Calls, reads and prompts over an event stream, without anybody at a terminal."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.cli.fake import Asked, FakeManagement, Stream, Streamed, problem
from tests.cli.values import HEALTH, tool, tools

TEXT = {"type": "text", "text": "so\nit is"}


def ending(event: str, data: object, *before: tuple[str, object]) -> Stream:
    """A stream that ends with this event."""

    def stream(streamed: Streamed, _: Asked) -> None:
        streamed.send("exchange", {"id": "e-1"})
        for name, value in before:
            streamed.send(name, value)
        streamed.send(event, data)
        streamed.end()

    return stream


def test_a_tool_is_called_with_arguments_of_its_schema(argus: Run, fake: FakeManagement) -> None:
    schema = {"type": "object", "properties": {"count": {"type": "integer"}}}
    fake.answers["GET /capabilities"] = tools(tool("tt"), tool("t", schema))
    fake.answers["POST /tools/call"] = ending("result", {"tool": "t", "backend": "b", "content": [TEXT]})
    ran = argus("call", "t", "count=3", "name=x", "--view", "v")
    assert (ran.code, ran.out, ran.err) == (0, "so\nit is\n", "")
    called = fake.asked[-1]
    assert called.body == {
        "tool": "t",
        "arguments": {"count": 3, "name": "x"},
        "capabilities": {},
        "endpoint": "v",
    }
    assert called.headers["accept"] == "text/event-stream"


def test_json_arguments_need_no_schema(argus: Run, fake: FakeManagement) -> None:
    fake.answers["POST /tools/call"] = ending("result", {"content": []})
    argus("call", "t", '{"a": [1]}')
    argus("call", "t")
    assert [(each.path, each.body) for each in fake.asked] == [
        ("/manage/v1/tools/call", {"tool": "t", "arguments": arguments, "capabilities": {}, "endpoint": ""})
        for arguments in ({"a": [1]}, {})
    ]


def test_a_tool_that_is_not_there_is_told_with_those_like_it(argus: Run, fake: FakeManagement) -> None:
    fake.answers["GET /capabilities"] = [tools(tool("files_read")), tools()]
    assert argus("call", "read", "a=1").err == "argus-trio: no tool is called read; is it files_read?\n"
    ran = argus("call", "read", "a=1")
    assert ran.code == 1
    assert ran.err.startswith(
        "argus-trio: no tool is called read; `argus-trio tools` lists them, and one that is listed"
    )


def test_where_backends_are_not_connected_a_tool_that_is_missing_says_so(argus: Run, fake: FakeManagement) -> None:
    fake.answers["GET /capabilities"] = tools()
    fake.answers["GET /health"] = HEALTH
    told = "; 2 of 3 backends are connected, 1 preparing: `argus-trio backends` says why\n"
    assert argus("tools").err == f"no tools{told}"
    assert argus("call", "read", "a=1").err.endswith(told)


def test_with_json_the_result_is_printed_as_it_came(argus: Run, fake: FakeManagement) -> None:
    result = {"tool": "t", "content": [], "isError": True, "structuredContent": {"x": 10**30}}
    fake.answers["POST /tools/call"] = ending("result", result)
    ran = argus("call", "t", "--json")
    assert (ran.code, json.loads(ran.out)) == (5, result)


def test_a_tool_that_fails_says_so_on_stderr(argus: Run, fake: FakeManagement) -> None:
    fake.answers["POST /tools/call"] = ending("result", {"content": [TEXT], "isError": True})
    ran = argus("call", "t")
    assert (ran.code, ran.out) == (5, "")
    assert ran.err == "argus-trio: the tool t says that it failed:\nso\nit is\n"


@pytest.mark.parametrize(("word", "status", "code"), [("refused", 403, 4), ("backend-unavailable", 503, 1)])
def test_a_call_that_is_refused_tells_why(argus: Run, fake: FakeManagement, word: str, status: int, code: int) -> None:
    fake.answers["POST /tools/call"] = [
        ending("error", problem(word, status, "why")),
        (status, problem(word, status, "why")),
    ]
    for _ in range(2):
        ran = argus("call", "t")
        assert (ran.code, ran.out, ran.err) == (code, "", "argus-trio: why\n")


def test_a_stream_that_breaks_off_leaves_the_outcome_open(argus: Run, fake: FakeManagement) -> None:
    fake.answers["POST /tools/call"] = lambda stream, _: stream.end()
    ran = argus("call", "t")
    assert (ran.code, "whether it had an effect is not known" in ran.err) == (3, True)


def test_log_messages_come_on_stderr_and_progress_only_on_a_terminal(argus: Run, fake: FakeManagement) -> None:
    log = {"level": "warning", "logger": "l", "data": {"a": "\x1b[2J"}}
    progress = {"progress": 1, "total": 2, "message": "m"}
    events = [
        ("log", log),
        ("progress", progress),
        ("new_kind", {}),
        ("log", {"level": "info", "logger": None, "data": "x\ny"}),
    ]
    fake.answers["POST /tools/call"] = ending("result", {"content": []}, *events)
    ran = argus("call", "t", "--log-level", "debug")
    assert ran.err == '[warning] l: {"a":"\\u001b[2J"}\n[info] x y\n'
    body = fake.asked[-1].body
    assert isinstance(body, dict)
    assert body["log_level"] == "debug"


def test_what_is_no_text_is_named_with_its_size_and_saved_where_it_is_wished(
    argus: Run, fake: FakeManagement, tmp_path: Path
) -> None:
    data = base64.b64encode(b"x" * 2000).decode()
    content = [
        {"type": "image", "data": data, "mimeType": "image/png"},
        {"type": "audio", "data": "?", "mimeType": "audio/../x"},
        {"type": "resource", "resource": {"uri": "a://b", "text": "within"}},
        {"type": "resource", "resource": {"uri": "a://c", "blob": data}},
        {"type": "resource_link", "uri": "a://d", "name": "n"},
        {"type": "new", "x": 1},
        {"type": "text", "text": '{"a": 1}'},
    ]
    fake.answers["POST /tools/call"] = ending("result", {"content": content, "structuredContent": {"a": 1}})
    assert argus("call", "t").out == (
        "[image, image/png, 2.0 KiB]\n[audio, audio/../x, no valid base64]\nwithin\n"
        "[resource a://c, of unknown type, 2.0 KiB]\n[resource n at a://d]\n"
        '{\n  "type": "new",\n  "x": 1\n}\n{"a": 1}\n'
    )
    out = argus("call", "t", "--output", str(tmp_path / "new")).out
    assert f"[image, image/png, 2.0 KiB] saved as {tmp_path}/new/content-1.png\n" in out
    assert (tmp_path / "new" / "content-2.bin").read_bytes() == b"x" * 2000
    (tmp_path / "new" / "content-2.bin").write_bytes(b"kept")
    again = argus("call", "t", "--output", str(tmp_path / "new"))
    assert (again.code, again.out.count("content-3.")) == (0, 1)  # what is there already stays
    assert (tmp_path / "new" / "content-2.bin").read_bytes() == b"kept"
    count = len(fake.asked)
    assert argus("call", "t", "--output", str(tmp_path / "new" / "content-2.bin")).code == 2
    assert len(fake.asked) == count  # before the tool is called


def test_structured_content_is_shown_where_no_text_says_it(argus: Run, fake: FakeManagement) -> None:
    fake.answers["POST /tools/call"] = ending("result", {"content": [TEXT], "structuredContent": {"a": [1]}})
    assert argus("call", "t").out == 'so\nit is\n{\n  "a": [\n    1\n  ]\n}\n'


@pytest.mark.parametrize(
    ("texts", "structured", "shown"),
    [
        (["31"], {"result": 31}, "31\n"),
        (["so"], {"result": "so"}, "so\n"),
        (["1", "x"], {"result": [1, "x"]}, "1\nx\n"),
        (["1"], {"result": [1, 2]}, '1\n{\n  "result": [\n    1,\n    2\n  ]\n}\n'),
    ],
)
def test_what_sdks_wrap_is_not_shown_twice(
    argus: Run, fake: FakeManagement, texts: list[str], structured: object, shown: str
) -> None:
    content = [{"type": "text", "text": text} for text in texts]
    fake.answers["POST /tools/call"] = ending("result", {"content": content, "structuredContent": structured})
    assert argus("call", "t").out == shown


def test_roots_are_told_and_nothing_else_is_declared(argus: Run, fake: FakeManagement, tmp_path: Path) -> None:
    def stream(streamed: Streamed, _: Asked) -> None:
        streamed.send("exchange", {"id": "e/1"})
        streamed.send("ask", {"id": "1", "method": "roots/list", "params": {}})
        streamed.send("ask", {"id": "2", "method": "sampling/createMessage", "params": {}})
        streamed.send("result", {"content": []})
        streamed.end()

    fake.answers["POST /tools/call"] = stream
    fake.answers["POST /exchanges/e%2F1/asks/1"] = {"answered": True}
    ran = argus("call", "t", "--root", str(tmp_path))
    assert ran.code == 0
    first, second, third = fake.asked
    assert isinstance(first.body, dict)
    assert first.body["capabilities"] == {"roots": {}}
    assert second.body == {"result": {"roots": [{"uri": tmp_path.as_uri(), "name": tmp_path.name}]}}
    assert third.body == {"error": {"code": -32601, "message": "this client cannot be asked sampling/createMessage"}}
    assert "nobody waits for the answer any more" in ran.err
    assert argus("call", "t", "--root", "/no/such").code == 2


def test_a_resource_is_read(argus: Run, fake: FakeManagement) -> None:
    contents = [{"uri": "a://b", "text": "one"}, {"uri": "a://c", "blob": "eA=="}]
    fake.answers["POST /resources/read"] = ending("result", {"uri": "a://b", "contents": contents})
    assert argus("read", "a://b").out == "one\n[resource a://c, of unknown type, 1 byte]\n"


def test_a_prompt_is_made(argus: Run, fake: FakeManagement) -> None:
    messages = [{"role": "user", "content": TEXT}, {"role": "assistant", "content": TEXT}]
    fake.answers["POST /prompts/get"] = ending("result", {"prompt": "p", "messages": messages})
    assert argus("prompt", "p", "a=1", "b=x").out == "user:\nso\nit is\nassistant:\nso\nit is\n"
    body = fake.asked[-1].body
    assert isinstance(body, dict)
    assert body["arguments"] == {"a": "1", "b": "x"}
