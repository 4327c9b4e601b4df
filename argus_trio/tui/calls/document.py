"""A result by its types: blocks of text, JSON, images, sounds, resources and links. Pure.

A huge result is read once, in one pass that decodes nothing; of a huge text only the beginning is decoded.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, Literal

import attrs
import msgspec

from argus_trio.manage_client.moments import size
from argus_trio.tui.calls.call import CallEnd, CallKind
from argus_trio.tui.calls.media import HEAD_BYTES, decoded_head, dimensions
from argus_trio.tui.calls.result import SMALL_BYTES, ReadResult

TEXT_BYTES: Final = 256 * 1024
"""The most of one text that is shown; the rest is told, and all of it is saved by a key."""
TREE_BYTES: Final = 1024 * 1024
"""The most JSON that is shown as a tree; what is larger is shown as the text that it is."""
BLOCKS_SHOWN: Final = 1000
"""The most blocks of one result that are shown; how many are not is told."""

BlockKind = Literal["text", "json", "binary", "link", "note"]
RawObject = Mapping[str, msgspec.Raw]
_ERRORS: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Block:
    """One part of a result. Two are the same only if they are one: comparing huge ones would take its time."""

    kind: BlockKind
    title: str
    """What it is, in a line; not cleaned."""
    text: str = attrs.field(default="", repr=False)
    """What is shown of a text."""
    cut: int = 0
    """How many bytes of it are not shown."""
    value: object = attrs.field(default=None, repr=False)
    """JSON, decoded."""
    raw: msgspec.Raw = attrs.field(default=msgspec.Raw(b"null"), repr=False)
    """What is saved, as JSON: a string of text or of base64, or any value."""
    media_type: str = ""
    uri: str = ""
    """Where a link leads."""
    is_folded: bool = False
    """Whether JSON is folded at first, as its essence is told already."""


@attrs.frozen(kw_only=True, eq=False, repr=False)
class ResultDocument:
    """All of a result or a problem."""

    blocks: tuple[Block, ...]
    hidden: int = 0
    """How many blocks are not shown."""
    facts: tuple[str, ...] = ()
    """What is known besides, a line each; not cleaned."""


def document(outcome: CallEnd, kind: CallKind) -> ResultDocument:
    """What a call came to."""
    if not outcome.raw:
        return ResultDocument(blocks=())
    if outcome.kind in ("problem", "cancelled"):
        block = attrs.evolve(_json_block("the problem as it came", msgspec.Raw(outcome.raw)), is_folded=True)
        return ResultDocument(blocks=(block,))
    result = outcome.result
    if result is None:
        is_many = len(outcome.raw) > SMALL_BYTES
        why = "a result of very many parts" if is_many else "a result that is not as MCP has it"
        return ResultDocument(blocks=(_json_block(why, msgspec.Raw(outcome.raw)),))
    blocks: list[Block] = []
    whole = _counted(_blocks_of(result, kind), blocks)
    facts = [f"from backend {result.backend}"] if result.backend else []
    if result.description:
        facts.append(result.description)
    return ResultDocument(blocks=tuple(blocks), hidden=whole - len(blocks), facts=tuple(facts))


def _counted(each: Iterator[Block], into: list[Block]) -> int:
    count = 0
    for count, block in enumerate(each, 1):  # noqa: B007 - the count of all is wanted
        if len(into) < BLOCKS_SHOWN:
            into.append(block)
    return count


def _blocks_of(result: ReadResult, kind: CallKind) -> Iterator[Block]:
    structured = _json_block("structured content", result.structured) if result.structured is not None else None
    for raw in result.content:
        block = content_block(raw)
        if structured is None or not _is_said(block, structured):
            yield block
    if structured is not None:
        yield structured
    for raw in result.contents:
        yield _contents(raw, "contents")
    for raw in result.messages:
        yield from message_blocks(raw)
    if not (result.content or result.structured or result.contents or result.messages):
        yield Block(kind="note", title="it is empty, and says no more" if kind != "tool" else "it says nothing")


def _is_said(block: Block, structured: Block) -> bool:
    """Whether a text is the structured content once more, as the specification wants it for old clients."""
    return block.kind == "json" and structured.kind == "json" and block.value == structured.value


def message_blocks(raw: RawObject) -> Iterator[Block]:
    """The blocks of a message of a prompt or of sampling, each with who says it."""
    role = _text(raw, "role") or "nobody"
    content = raw.get("content", msgspec.Raw(b"null"))
    try:
        if bytes(memoryview(content)[:1]) == b"[":
            parts = msgspec.json.decode(content, type=list[dict[str, msgspec.Raw]])
        else:
            parts = [msgspec.json.decode(content, type=dict[str, msgspec.Raw])]
    except _ERRORS:
        yield attrs.evolve(_json_block("", content), title=f"{role} says")
        return
    for part in parts:
        block = content_block(part)
        yield attrs.evolve(block, title=f"{role} says" + (f": {block.title}" if block.kind != "text" else ""))


def content_block(raw: RawObject) -> Block:
    """One content block of MCP."""
    kind = _text(raw, "type")
    if kind == "text" and "text" in raw:
        return _text_block("text", raw["text"])
    if kind in ("image", "audio") and "data" in raw:
        return _binary(kind, raw["data"], _text(raw, "mimeType"))
    if kind == "resource_link":
        name, uri = _text(raw, "title") or _text(raw, "name"), _text(raw, "uri")
        about = _text(raw, "description")
        words = [f"link to {name}" if name else "link", uri, _text(raw, "mimeType"), about]
        return Block(kind="link", title="  ".join(word for word in words if word), uri=uri, raw=_again(raw))
    if kind == "resource" and "resource" in raw:
        try:
            return _contents(msgspec.json.decode(raw["resource"], type=dict[str, msgspec.Raw]), "resource")
        except _ERRORS:
            pass
    return _json_block(f"a block of type {kind or 'unknown'}", _again(raw))


def _contents(raw: RawObject, what: str) -> Block:
    uri, media = _text(raw, "uri"), _text(raw, "mimeType")
    title = "  ".join(word for word in (what, uri, media) if word)
    if "text" in raw:
        return attrs.evolve(_text_block(title, raw["text"]), media_type=media)
    if "blob" in raw:
        return _binary(f"{what} {uri}", raw["blob"], media)
    return _json_block(title, _again(raw))


def _again(raw: RawObject) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode(raw))


def _text_block(title: str, raw: msgspec.Raw) -> Block:
    text, cut = head_of(raw, TEXT_BYTES)
    stripped = text.lstrip()
    if not cut and stripped[:1] in ("{", "["):
        try:
            value = msgspec.json.decode(stripped)
        except (*_ERRORS, UnicodeEncodeError):
            pass
        else:
            return Block(kind="json", title=f"{title}, which is JSON", value=value, raw=raw)
    if cut:
        title += f", {size(len(memoryview(raw)))}"
    return Block(kind="text", title=title, text=text, cut=cut, raw=raw)


def head_of(raw: msgspec.Raw, most: int) -> tuple[str, int]:
    """The beginning of a JSON string, and how many bytes of it are left out."""
    view = memoryview(raw)
    if len(view) <= most:
        try:
            return msgspec.json.decode(raw, type=str), 0
        except _ERRORS:
            return bytes(view).decode("utf-8", "replace"), 0
    for end in range(most, most - 16, -1):  # an escape or a character may be cut in two
        try:
            return msgspec.json.decode(bytes(view[:end]) + b'"', type=str), len(view) - end
        except _ERRORS:
            continue
    return bytes(view[:most]).decode("utf-8", "replace"), len(view) - most


def _json_block(title: str, raw: msgspec.Raw) -> Block:
    view = memoryview(raw)
    if len(view) <= TREE_BYTES:
        try:
            return Block(kind="json", title=title, value=msgspec.json.decode(raw), raw=raw)
        except _ERRORS:
            pass
    text = bytes(view[:TEXT_BYTES]).decode("utf-8", "replace")
    title += f", {size(len(view))}: too large for a tree" if len(view) > TREE_BYTES else ""
    return Block(kind="text", title=title, text=text, cut=max(len(view) - TEXT_BYTES, 0), raw=raw, media_type="json")


def _binary(what: str, raw: msgspec.Raw, media_type: str) -> Block:
    view = memoryview(raw)
    kind = media_type or "of unknown type"
    head = bytes(view[1 : min(len(view) - 1, HEAD_BYTES // 3 * 4 + 1)]).decode("ascii", "replace").replace("\\/", "/")
    ending = bytes(view[-3:-1]).decode("ascii", "replace")
    try:
        first = decoded_head(head if len(head) == len(view) - 2 else head[: len(head) // 4 * 4])
    except ValueError:
        return Block(kind="note", title=f"{what}, {kind}, no valid base64", raw=raw)
    count = (len(view) - 2) // 4 * 3 - ending.count("=")
    found = dimensions(first) if media_type.startswith("image/") else None
    words = [what, kind, size(count), *([f"{found[0]}x{found[1]}"] if found else [])]
    return Block(kind="binary", title=", ".join(words), raw=raw, media_type=kind)


def _text(raw: RawObject, name: str) -> str:
    value = raw.get(name)
    if value is None or bytes(memoryview(value)[:1]) != b'"':
        return ""
    return head_of(value, 4096)[0]


def saved_bytes(block: Block) -> bytes:
    """What is written to a file: the text, what base64 stands for, or JSON."""
    if block.kind == "binary":
        return msgspec.json.decode(block.raw, type=bytes)
    if block.media_type != "json" and bytes(memoryview(block.raw)[:1]) == b'"':
        return msgspec.json.decode(block.raw, type=str).encode("utf-8", "surrogatepass")
    return bytes(block.raw)
