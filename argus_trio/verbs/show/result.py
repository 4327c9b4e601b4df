"""What a call came to, for people: text as it is, structured content as JSON, all the rest by its name and size."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import attrs
import msgspec

from argus_trio.manage_client.clean import json_escaped, one_line
from argus_trio.manage_client.failure import CommandFailed
from argus_trio.manage_client.moments import size
from argus_trio.verbs.show.terminal import Terminal

_ENDS: Final = {"image/jpeg": "jpg", "image/svg+xml": "svg", "audio/mpeg": "mp3", "text/plain": "txt"}
_ODD: Final = re.compile(r"[^A-Za-z0-9.]+")


@attrs.define(eq=False, repr=False, kw_only=True)
class ResultWriter:
    """Writes contents, one after another."""

    terminal: Terminal
    folder: Path | None = None
    """Where what is no text is saved."""
    to_stderr: bool = False
    """Whether it is no answer, but what went wrong."""
    _saved: int = attrs.field(default=0, init=False)

    def tool_result(self, result: Mapping[str, object]) -> None:
        """Write the result of a tool."""
        blocks = objects_in(result.get("content"))
        for block in blocks:
            self.block(block)
        structured = result.get("structuredContent")
        if structured is not None and not _is_said(blocks, structured):
            self._write(as_json(structured))

    def block(self, block: Mapping[str, object]) -> None:
        """Write one content block of MCP."""
        kind = str(block.get("type"))
        resource = block.get("resource")
        if kind == "text":
            self._write(str(block.get("text", "")))
        elif kind == "resource" and isinstance(resource, dict):
            self.resource(resource)
        elif kind == "resource_link":
            named = f" {block['name']}" if block.get("name") else ""
            self._write(f"[resource{named} at {block.get('uri')}]")
        elif isinstance(data := block.get("data"), str):
            self._binary(kind, data, str(block.get("mimeType", "")))
        else:
            self._write(as_json(block))

    def resource(self, contents: Mapping[str, object]) -> None:
        """Write the contents of a resource."""
        if isinstance(text := contents.get("text"), str):
            self._write(text)
        elif isinstance(blob := contents.get("blob"), str):
            self._binary(f"resource {contents.get('uri')}", blob, str(contents.get("mimeType", "")))
        else:
            self._write(as_json(contents))

    def _binary(self, kind: str, data: str, mime_type: str) -> None:
        try:
            decoded = base64.b64decode(data, validate=True)
        except (binascii.Error, ValueError):
            self._write(f"[{kind}, {mime_type or 'of unknown type'}, no valid base64]")
            return
        line = f"[{kind}, {mime_type or 'of unknown type'}, {size(len(decoded))}]"
        if self.folder is None:
            self._write(line)
            return
        end = _ENDS.get(mime_type) or _ODD.sub("", mime_type.partition("/")[2]).strip(".")[:16] or "bin"
        self._write(f"{line} saved as {self._save(self.folder, end, decoded)}")

    def _save(self, folder: Path, end: str, data: bytes) -> Path:
        """Write a file of its own: nothing that is there already is written over."""
        while True:
            self._saved += 1
            path = folder / f"content-{self._saved}.{end}"
            try:
                with path.open("xb") as file:
                    file.write(data)
            except FileExistsError:
                continue
            except OSError as error:
                raise CommandFailed(f"{path} cannot be written: {error.strerror}") from None
            return path

    def _write(self, text: str) -> None:
        if self.to_stderr:
            self.terminal.note(text)
        else:
            self.terminal.text(text)


def objects_in(value: object) -> Sequence[Mapping[str, object]]:
    """The objects of what ought to be a list of them."""
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def as_json(value: object) -> str:
    """A value as JSON for people."""
    return json_escaped(msgspec.json.format(msgspec.json.encode(value), indent=2).decode())


def _is_said(blocks: Sequence[Mapping[str, object]], structured: object) -> bool:
    """Whether texts say the structured content already: one of them all of it, or each an item of a list."""
    items = structured.get("result") if isinstance(structured, dict) and len(structured) == 1 else structured
    pairs = list(zip(blocks, items, strict=True)) if isinstance(items, list) and len(items) == len(blocks) else []
    if pairs and all(block.get("text") == item or _says(block, item) for block, item in pairs):
        return True
    return any(_says(block, structured) for block in blocks)


def _says(block: Mapping[str, object], structured: object) -> bool:
    """Whether a text is the structured content once more, as the specification wants it for old clients."""
    text = str(block.get("text", ""))
    if isinstance(structured, dict) and structured.keys() == {"result"}:  # as SDKs wrap what is no object
        inner = structured["result"]
        is_said = inner == text or _says(block, inner)
    else:
        is_said = False
    try:
        return is_said or bool(msgspec.json.decode(text) == structured)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        return False


def labelled(messages: object) -> Sequence[tuple[str, Mapping[str, object]]]:
    """The messages of a prompt: who says it, and what."""
    found: list[tuple[str, Mapping[str, object]]] = []
    for message in objects_in(messages):
        content = message.get("content")
        role = one_line(str(message.get("role", "")))
        found += [(role, block) for block in objects_in(content if isinstance(content, list) else [content])]
    return found
