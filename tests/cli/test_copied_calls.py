"""Calls of the dashboard copied as command lines: a shell reads each, and the verb makes exactly the same call."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping

import msgspec
import pytest

from argus_trio.contract.calls import CALL_TOOL, GET_PROMPT, READ_RESOURCE
from argus_trio.contract.operation import Operation
from argus_trio.manage_client.clean import clean
from argus_trio.tui.calls.call import CallUnderWay
from argus_trio.tui.calls.command import command_line
from argus_trio.tui.effect import StartCall
from tests.cli.conftest import Run
from tests.cli.fake import Asked, FakeManagement, Streamed
from tests.cli.values import tool, tools

SCHEMA: dict[str, object] = {
    "type": "object",
    "properties": {
        "text": {"type": "string"},
        "count": {"type": "integer"},
        "ratio": {"type": "number"},
        "deep": {"type": "object"},
        "list": {"type": "array", "items": {"type": "string"}},
        "on": {"type": "boolean"},
        "either": {"type": ["integer", "string"]},
        "level": {"enum": [1, "1"]},
        "referred": {"$ref": "#/$defs/Number"},
        "untyped": {},
    },
    "$defs": {"Number": {"type": "integer"}},
}
CALLS: tuple[Mapping[str, str], ...] = (
    {},
    {"text": '"plain"'},
    {"text": '""'},
    {"text": '" it\'s $HOME `x` !! * ; & #"'},
    {"text": '"123"', "count": "123"},
    {"text": '"-x"'},
    {"text": '"{\\"a\\": 1}"'},
    {"text": '"a\\nb\\tc"'},
    {"text": '"\\u001b[31mred\\u0000"'},
    {"text": '"\\u202eevil"', "on": "true"},
    {"text": '"語 é 👩‍👩‍👧"'},
    {"count": "12345678901234567890123"},
    {"ratio": "1e400"},
    {"ratio": "0.1"},
    {"count": '"no number"'},
    {"deep": '{"a":{"b":[1,2,{"c":null}]}}'},
    {"deep": "null"},
    {"list": '["a","b"]'},
    {"list": '"a"'},
    {"list": "[]"},
    {"either": '"5"'},
    {"either": "5"},
    {"level": '"1"'},
    {"level": "1"},
    {"referred": '"5"'},
    {"untyped": '"5"'},
    {"untyped": "5"},
    {"unknown": '"x"', "text": '"y"'},
    {"a=b": '"c"'},
    {"a:": '"c"'},
    {"": "1"},
    {"{": "1"},
    {"--server": '"x"'},
    {"-": '"x"'},
)


def _answer(stream: Streamed, _: Asked) -> None:
    stream.send("result", {"content": []})
    stream.end()


def call_of(operation: Operation, body: Mapping[str, object]) -> CallUnderWay:
    return CallUnderWay(id=1, start=StartCall(id=1, operation=operation, body=body), since=0.0)


def words_of(line: str) -> list[str]:
    """What a shell makes of a line."""
    ran = subprocess.run(["/bin/sh", "-c", f"printf '%s\\0' {line}"], capture_output=True, check=True)
    return ran.stdout.decode().split("\0")[:-1]


def made_again(argus: Run, fake: FakeManagement, line: str) -> object:
    program, *words = words_of(line)
    assert program == "argus-trio"
    ran = argus(*words)
    assert ran.code == 0, ran.err
    return fake.asked[-1].body


@pytest.mark.parametrize("schema", [SCHEMA, None], ids=["keyed", "whole"])
@pytest.mark.parametrize("arguments", CALLS, ids=lambda each: json.dumps(each)[:40])
def test_a_copied_call_of_a_tool_makes_the_same_call(
    argus: Run, fake: FakeManagement, arguments: Mapping[str, str], schema: object
) -> None:
    fake.answers["GET /capabilities"] = tools(tool("t", SCHEMA))
    fake.answers["POST /tools/call"] = _answer
    body = {"tool": "t", "arguments": {name: msgspec.Raw(raw.encode()) for name, raw in arguments.items()}}
    line = command_line(call_of(CALL_TOOL, body), schema=schema)
    assert line is not None
    assert clean(line) == line, "nothing in it acts on a terminal"
    assert "\n" not in line
    sent = made_again(argus, fake, line)
    assert isinstance(sent, dict)
    assert (sent["tool"], sent["arguments"]) == ("t", {name: json.loads(raw) for name, raw in arguments.items()})


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"text": '"a b"', "count": "3", "on": "false"}, "'text=a b' count=3 on=false"),
        ({"deep": '{"a":1}'}, "'deep:={\"a\":1}'"),
        ({"text": '"-"'}, "text=-"),
        ({"-x": '"y"'}, '\'{"-x":"y"}\''),
        ({"a=b": "1"}, "'{\"a=b\":1}'"),
    ],
)
def test_a_copied_call_reads_as_people_write_it(arguments: Mapping[str, str], words: str) -> None:
    body = {"tool": "t", "arguments": {name: msgspec.Raw(raw.encode()) for name, raw in arguments.items()}}
    assert command_line(call_of(CALL_TOOL, body), schema=SCHEMA) == f"argus-trio call t {words}"


def test_what_is_incomplete_is_one_json_object_as_the_verb_refuses_it_by_keys() -> None:
    body = {"tool": "t", "arguments": {"text": "x"}}
    schema = {**SCHEMA, "required": ["count"]}
    assert command_line(call_of(CALL_TOOL, body), schema=schema) == 'argus-trio call t \'{"text":"x"}\''


def test_a_copied_prompt_and_a_copied_read_make_the_same_request(argus: Run, fake: FakeManagement) -> None:
    fake.answers["POST /prompts/get"] = _answer
    fake.answers["POST /resources/read"] = _answer
    prompt = call_of(GET_PROMPT, {"name": "p q", "arguments": {"n": "5", "text": "it's {x}", "lines": "a\nb"}})
    sent = made_again(argus, fake, str(command_line(prompt)))
    assert isinstance(sent, dict)
    assert (sent["name"], sent["arguments"]) == ("p q", {"n": "5", "text": "it's {x}", "lines": "a\nb"})
    sent = made_again(argus, fake, str(command_line(call_of(READ_RESOURCE, {"uri": "note://1?a=b&c='d'"}))))
    assert isinstance(sent, dict)
    assert sent["uri"] == "note://1?a=b&c='d'"


def test_a_copied_call_goes_to_the_same_gateway_by_the_same_view(plain: Run, url: str, fake: FakeManagement) -> None:
    fake.answers["POST /tools/call"] = _answer
    call = call_of(CALL_TOOL, {"tool": "t", "arguments": {}, "endpoint": "ops"})
    line = str(command_line(call, url))
    assert line == f"argus-trio call --server {url} --view ops t"
    sent = made_again(plain, fake, line)
    assert isinstance(sent, dict)
    assert sent["endpoint"] == "ops"


@pytest.mark.parametrize(
    ("server", "said"), [("", ""), ("http://127.0.0.1:9000", ""), ("unix:/run/a b", "--server 'unix:/run/a b' ")]
)
def test_the_gateway_is_said_where_it_is_not_the_usual_one(server: str, said: str) -> None:
    call = call_of(CALL_TOOL, {"tool": "t", "arguments": {}})
    assert command_line(call, server) == f"argus-trio call {said}t"


@pytest.mark.parametrize("name", ["a\x1b[2J", "a\nb", "\u202ex", "a\x00", "-x", "--help"])
def test_a_name_that_acts_on_a_terminal_or_looks_like_an_option_is_not_copied(name: str) -> None:
    assert command_line(call_of(CALL_TOOL, {"tool": name, "arguments": {}})) is None
