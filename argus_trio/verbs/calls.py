"""Calls of tools, reads and prompts: on an event stream, so that progress is seen and questions are answered."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

import attrs
import msgspec

from argus_trio.contract.calls import ANSWER_ASK, CALL_TOOL, GET_PROMPT, READ_RESOURCE
from argus_trio.contract.operation import Operation
from argus_trio.manage_client.clean import one_line
from argus_trio.manage_client.failure import DONE, NOT_REACHED, TOOL_ERROR, USAGE, CommandFailed
from argus_trio.manage_client.problems import failure_told
from argus_trio.verbs.arguments import Arguments, json_arguments, keyed_arguments
from argus_trio.verbs.ask.answers import Askable, answer_to, roots_of
from argus_trio.verbs.ask.elicitation import Questioner
from argus_trio.verbs.ask.prompt import TerminalPrompt, Withdrawn
from argus_trio.verbs.catalog import FoundTools, found_tools, not_connected
from argus_trio.verbs.link.pump import Pump, pumping
from argus_trio.verbs.show.progress import ProgressBar
from argus_trio.verbs.show.result import ResultWriter, labelled, objects_in
from argus_trio.verbs.show.terminal import stdin_text
from argus_trio.verbs.verb import Verb
from argus_trio.wire.event_stream import Event
from argus_trio.wire.headers import EVENT_STREAM

USUAL_LOG_LEVEL: Final = "info"
"""From which level on log messages are wanted by somebody at a terminal."""

_HOW_FOUND: Final = "; `argus-trio tools` lists them, and one that is listed to some clients alone takes JSON arguments"


def call(verb: Verb) -> int:
    """Call a tool."""
    name = verb.option("name")
    body = {"tool": name, "arguments": _arguments(verb, name)}
    raw, result = _conversed(verb, CALL_TOOL, body, f"the tool {name}")
    is_error = result.get("isError") is True
    if not verb.shows_raw(raw):
        if is_error:
            verb.terminal.note(f"argus-trio: the tool {name} says that it failed:")
        _writer(verb, to_stderr=is_error).tool_result(result)
    return TOOL_ERROR if is_error else DONE


def read(verb: Verb) -> int:
    """Read a resource."""
    uri = verb.option("uri")
    raw, result = _conversed(verb, READ_RESOURCE, {"uri": uri}, f"the resource {uri}")
    if not verb.shows_raw(raw):
        writer = _writer(verb)
        for contents in objects_in(result.get("contents")):
            writer.resource(contents)
    return DONE


def prompt(verb: Verb) -> int:
    """Get a prompt."""
    name = verb.option("name")
    arguments = _whole_arguments(verb.options.arguments)
    if arguments is None:
        arguments = keyed_arguments(verb.options.arguments, {})
    raw, result = _conversed(verb, GET_PROMPT, {"name": name, "arguments": arguments}, f"the prompt {name}")
    if not verb.shows_raw(raw):
        writer = _writer(verb)
        for role, block in labelled(result.get("messages")):
            verb.terminal.line(verb.terminal.painted(f"{role}:", "bold"))
            writer.block(block)
    return DONE


def _writer(verb: Verb, *, to_stderr: bool = False) -> ResultWriter:
    folder = verb.option("output")
    return ResultWriter(terminal=verb.terminal, folder=Path(folder) if folder else None, to_stderr=to_stderr)


def _require_output(verb: Verb) -> None:
    """Make the folder before anything is called. Raises CommandFailed."""
    if folder := verb.option("output"):
        try:
            Path(folder).mkdir(parents=True, exist_ok=True)
            if not os.access(folder, os.W_OK):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        except OSError as error:
            raise CommandFailed(f"--output {folder} cannot be written to: {error.strerror}", USAGE) from None


def _arguments(verb: Verb, name: str) -> Arguments:
    words: list[str] = verb.options.arguments
    whole = _whole_arguments(words)
    return keyed_arguments(words, _schema_of(verb, name)) if whole is None else whole


def _whole_arguments(words: Sequence[str]) -> Arguments | None:
    """All arguments, where they are written as one; None where each is written by itself."""
    if not words:
        return {}
    if words == ["-"]:
        return json_arguments(stdin_text())
    if len(words) == 1 and words[0].lstrip().startswith("{"):
        return json_arguments(words[0])
    return None


def _schema_of(verb: Verb, name: str) -> Mapping[str, object]:
    found = found_tools(verb.client, search=name, endpoint=_view(verb))
    answer = verb.client.decoded(found, FoundTools)
    for tool in answer.tools:
        if tool.name == name and tool.hidden is None:
            schema = msgspec.json.decode(tool.input_schema)
            return schema if isinstance(schema, dict) else {}
    near = [one_line(tool.name) for tool in answer.tools if tool.hidden is None][:3]
    like = f"; is it {' or '.join(near)}?" if near else _HOW_FOUND
    raise CommandFailed(f"no tool is called {name}{like}{not_connected(verb.client)}")


def _view(verb: Verb) -> str:
    return verb.option("view") or verb.client.place.view


def _conversed(
    verb: Verb, operation: Operation, body: Mapping[str, object], asker: str
) -> tuple[bytes, dict[str, object]]:
    """The result of a call, as it came and read; what it says and asks meanwhile is shown and answered."""
    _require_output(verb)
    terminal = verb.terminal
    askable = Askable(elicits=terminal.is_asked, roots=roots_of(getattr(verb.options, "root", ())))
    level = verb.option("log_level") or (USUAL_LOG_LEVEL if terminal.is_asked else "")
    whole = {**body, "capabilities": askable.declared, "endpoint": _view(verb)}
    if level:
        whole["log_level"] = level
    headers = {"Accept": EVENT_STREAM}
    opened = verb.client.opened(operation, body=whole, headers=headers, seconds=None)
    with opened as answer, pumping(verb.client, answer) as pump:
        raw = LiveCall(verb=verb, pump=pump, askable=askable, asker=asker).run()
    return raw, verb.client.decoded(raw, dict[str, object])


@attrs.define(eq=False, repr=False, kw_only=True)
class LiveCall:
    """One call under way: what comes of it, in order, until its end."""

    verb: Verb
    pump: Pump
    askable: Askable
    asker: str
    _exchange: str = attrs.field(default="", init=False)
    _bar: ProgressBar = attrs.field(init=False)
    _kept: list[Event] = attrs.field(factory=list, init=False)
    """What came while a question was open and has to wait for its turn."""
    _asked: str = attrs.field(default="", init=False)
    """The id of the open question."""

    def __attrs_post_init__(self) -> None:
        self._bar = ProgressBar(terminal=self.verb.terminal)

    def run(self) -> bytes:
        """The result. Raises CommandFailed where there is none."""
        try:
            while True:
                event = self._kept.pop(0) if self._kept else self._taken()
                if event.event == "result":
                    return event.data
                if event.event == "error":
                    raise failure_told(self._read(event), event.data)
                self._handle(event)
        finally:
            self._bar.hide()

    def _taken(self) -> Event:
        why = "the gateway ended the connection before the call was over"
        try:
            event = self.pump.take()
        except CommandFailed as failure:
            if failure.code != NOT_REACHED:
                raise
            event, why = None, str(failure)
        if event is None:
            raise CommandFailed(f"{why}; whether it had an effect is not known", NOT_REACHED)
        return event

    def _handle(self, event: Event) -> None:
        """Do what an event wants that is not the last one."""
        handlers: Mapping[str, Callable[[Mapping[str, object]], None]] = {
            "exchange": self._begun,
            "progress": self._progressed,
            "log": self._logged,
            "ask": self._answer,
        }
        if handler := handlers.get(event.event):
            handler(self._read(event))

    def _read(self, event: Event) -> dict[str, object]:
        return self.verb.client.decoded(event.data, dict[str, object])

    def _begun(self, data: Mapping[str, object]) -> None:
        self._exchange = str(data.get("id", ""))

    def _progressed(self, data: Mapping[str, object]) -> None:
        if not self._asked:
            self._bar.show(data.get("progress"), data.get("total"), data.get("message"))

    def _logged(self, data: Mapping[str, object]) -> None:
        self._bar.hide()
        said = data.get("data")
        text = said if isinstance(said, str) else msgspec.json.encode(said).decode()
        logger = f" {data['logger']}:" if data.get("logger") else ""
        self.verb.terminal.note(one_line(f"[{data.get('level', 'info')}]{logger} {text}"))

    def _answer(self, ask: Mapping[str, object]) -> None:
        """Have a question answered, and pass the answer on; it may be taken back meanwhile, or the call may end."""
        self._bar.hide()
        self._asked = str(ask.get("id", ""))
        terminal = self.verb.terminal
        params = ask.get("params")
        prompt = TerminalPrompt(terminal=terminal, beside=self.pump.descriptor, look=self._look)
        prompt.forget()
        questioner = Questioner(terminal=terminal, prompt=prompt, asker=self.asker)
        try:
            body = answer_to(
                str(ask.get("method")), params if isinstance(params, dict) else {}, self.askable, questioner
            )
            names = {"id": self._exchange, "ask": self._asked}
            if b'"answered"' not in self.verb.client.fetch(ANSWER_ASK, names, body=body, taken=(404,)):
                raise Withdrawn
        except Withdrawn:
            terminal.note("argus-trio: nobody waits for the answer any more")
        finally:
            self._asked = ""

    def _look(self) -> bool:
        """Take what has come while a question is open; whether the question is withdrawn by it."""
        event = self._taken()
        if event.event in ("result", "error"):
            self._kept = [event]  # what else was asked, nobody waits for either
            return True
        if event.event == "ask_cancelled":
            withdrawn = str(self._read(event).get("id"))
            self._kept = [kept for kept in self._kept if kept.event != "ask" or self._read(kept).get("id") != withdrawn]
            return withdrawn == self._asked
        if event.event == "ask":
            self._kept.append(event)
        else:
            self._handle(event)
        return False
