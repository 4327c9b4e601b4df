"""What a form is for: a tool, a prompt or a template of resources, and the call that its values make. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, Literal
from urllib.parse import quote

import attrs
import msgspec

from argus_trio import Value
from argus_trio.contract.capabilities import PromptEntry, ResourceTemplateEntry, ToolEntry
from argus_trio.tui.calls.book import CallBook
from argus_trio.tui.calls.start import prompt_get, resource_read, tool_call
from argus_trio.tui.effect import StartCall

LARGEST_SCHEMA: Final = 2_000_000
"""The longest schema that is read as a form, in bytes: a larger one gets a form that takes JSON alone."""
_VARIABLES: Final = re.compile(r"\{([+#./;?&]?)([^{}]+)\}")
_NAMED: Final = ("?", "&", ";")
_JOINED: Final = {"": ",", "+": ",", "#": ",", ".": ".", "/": "/", "?": "&", "&": "&", ";": ";"}
_FIRST: Final = {"#": "#", ".": ".", "/": "/", "?": "?", "&": "&", ";": ";"}


@attrs.frozen(kw_only=True)
class Subject(Value):
    """What is called by a form."""

    kind: Literal["tool", "prompt", "template"]
    name: str
    backend: str
    description: str
    schema: object
    reads_only: bool = False
    """Whether a tool says that it changes nothing."""
    destroys: bool = False
    """Whether a tool says that it may destroy something."""

    def call(self, book: CallBook, values: Mapping[str, msgspec.Raw], view: str) -> StartCall:
        """The call that values make."""
        if self.kind == "tool":
            return tool_call(book, self.name, values, view=view)
        texts = {name: _text(bytes(value)) for name, value in values.items()}
        if self.kind == "prompt":
            return prompt_get(book, self.name, texts, view=view)
        return resource_read(book, expanded(self.name, texts), view=view)


def subject_of(entry: ToolEntry | PromptEntry | ResourceTemplateEntry) -> Subject:
    """What the form of an entry is for."""
    about = entry.description or ""
    if isinstance(entry, ToolEntry):
        hints = _object(bytes(entry.annotations))
        reads_only = hints.get("readOnlyHint") is True
        return Subject(
            kind="tool",
            name=entry.name,
            backend=entry.backend,
            description=about,
            schema=_schema(bytes(entry.input_schema)),
            reads_only=reads_only,
            destroys=hints.get("destructiveHint") is True and not reads_only,
        )
    if isinstance(entry, PromptEntry):
        schema = _arguments(bytes(entry.arguments))
        return Subject(
            kind="prompt", name=entry.name, backend=entry.backend, description=about, schema=schema, reads_only=True
        )
    properties = {name: {"type": "string"} for name in variables(entry.uri_template)}
    return Subject(
        kind="template",
        name=entry.uri_template,
        backend=entry.backend,
        description=about,
        schema={"type": "object", "properties": properties, "additionalProperties": False},
        reads_only=True,
    )


def variables(template: str) -> tuple[str, ...]:
    """The variables of a URI template (RFC 6570), each once."""
    names = [name for _, listed in _VARIABLES.findall(template) for name in listed.split(",")]
    return tuple(dict.fromkeys(re.sub(r"[*]$|:[0-9]+$", "", name.strip()) for name in names))


def expanded(template: str, values: Mapping[str, str]) -> str:
    """A URI template with texts put in (RFC 6570, levels 1 to 3); what has no value is left out."""

    def put(match: re.Match[str]) -> str:
        sign, listed = match[1], match[2]
        safe = ":/?#[]@!$&'()*+,;=%" if sign in ("+", "#") else ""
        parts = []
        for each in listed.split(","):
            name = re.sub(r"[*]$|:[0-9]+$", "", each.strip())
            if name in values:
                value = quote(values[name], safe=safe)
                parts.append(f"{name}={value}" if sign in _NAMED else value)
        return _FIRST.get(sign, "") + _JOINED[sign].join(parts) if parts else ""

    return _VARIABLES.sub(put, template)


def _schema(raw: bytes) -> object:
    return _object(raw) if len(raw) <= LARGEST_SCHEMA else {"type": "object"}


def _object(raw: bytes) -> dict[str, object]:
    try:
        return msgspec.json.decode(raw, type=dict[str, object])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {}


def _arguments(raw: bytes) -> object:
    try:
        listed = msgspec.json.decode(raw, type=list[dict[str, object]])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        listed = []
    named = [(str(each.get("name", "")), each) for each in listed]
    return {
        "type": "object",
        "properties": {
            name: {"type": "string", "title": each.get("title"), "description": each.get("description")}
            for name, each in named
        },
        "required": [name for name, each in named if each.get("required") is True],
        "additionalProperties": False,
    }


def _text(value: bytes) -> str:
    return msgspec.json.decode(value, type=str) if value[:1] == b'"' else value.decode()
