"""Results by their types: texts, trees, media, links; huge and hostile ones."""

from __future__ import annotations

import base64
import struct

import msgspec
import pytest

from argus_trio.tui.calls import document as documents
from argus_trio.tui.calls.call import CallEnd, CallKind
from argus_trio.tui.calls.document import Block, ResultDocument, document, saved_bytes
from argus_trio.tui.calls.lines import document_lines, wrapped_text
from argus_trio.tui.calls.media import dimensions
from argus_trio.tui.calls.result import OBJECTS_READ, read_result
from argus_trio.tui.calls.tree import CHILDREN_SHOWN, TREE_LINES, path_text, tree_lines
from tests.servers.curious import png
from tests.tui.calling import text_block


def shown(_kind: CallKind = "tool", /, **members: object) -> ResultDocument:
    raw = msgspec.json.encode(members)
    return document(CallEnd(kind="result", raw=raw, result=read_result(raw)), _kind)


def lines_of(result: ResultDocument, columns: int = 78) -> list[str]:
    return [line.text for line in document_lines(result, frozenset(), columns, True)]


def encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()


def image(data: bytes) -> dict[str, str]:
    return {"type": "image", "data": encoded(data), "mimeType": "image/png"}


def embedded(**contents: str) -> dict[str, object]:
    return {"type": "resource", "resource": {"uri": "u:/1", **contents}}


@pytest.mark.parametrize(
    ("block", "kind", "title"),
    [
        (text_block("plain"), "text", "text"),
        (text_block('{"a": 1}'), "json", "text, which is JSON"),
        (text_block("{broken"), "text", "text"),
        (image(png(320, 200)), "binary", "image, image/png, 142 bytes, 320x200"),
        ({"type": "audio", "data": encoded(b"abcd"), "mimeType": "audio/wav"}, "binary", "audio, audio/wav, 4 bytes"),
        ({"type": "image", "data": "!", "mimeType": "image/png"}, "note", "image, image/png, no valid base64"),
        ({"type": "resource_link", "uri": "u:/1", "name": "n"}, "link", "link to n  u:/1"),
        (embedded(text="t"), "text", "resource  u:/1"),
        (embedded(blob=encoded(b"abc")), "binary", "resource u:/1, of unknown type, 3 bytes"),
        ({"type": "resource", "resource": 3}, "json", "a block of type resource"),
        ({"type": "hologram"}, "json", "a block of type hologram"),
        ({}, "json", "a block of type unknown"),
    ],
)
def test_a_block_is_shown_by_its_type(block: object, kind: str, title: str) -> None:
    (found,) = shown(content=[block]).blocks
    assert (found.kind, found.title) == (kind, title)


def test_a_text_that_says_the_structured_content_once_more_is_shown_once() -> None:
    value = {"a": [1]}
    result = shown(content=[text_block('{"a": [1]}')], structuredContent=value)
    assert [(each.kind, each.title) for each in result.blocks] == [("json", "structured content")]


def test_messages_of_a_prompt_say_who_speaks() -> None:
    message = {"role": "user", "content": text_block("hello")}
    several = {"role": "assistant", "content": [text_block("a"), text_block("b")]}
    result = shown("prompt", description="About", messages=[message, several, {"role": "user", "content": 3}])
    assert [each.title for each in result.blocks] == ["user says", "assistant says", "assistant says", "user says"]
    assert result.facts == ("About",)


def test_contents_of_a_resource_are_shown() -> None:
    (block,) = shown("resource", contents=[{"uri": "u:/1", "mimeType": "text/plain", "text": "words"}]).blocks
    assert (block.title, block.text) == ("contents  u:/1  text/plain", "words")


def test_an_empty_result_says_so() -> None:
    assert [each.title for each in shown(content=[]).blocks] == ["it says nothing"]


@pytest.mark.parametrize("odd", [{"content": 3}, {"content": ["x"]}, {"structuredContent": None, "content": {}}])
def test_a_result_that_is_not_as_mcp_has_it_is_shown_as_it_is(odd: dict[str, object]) -> None:
    (block,) = shown("tool", **odd).blocks
    assert (block.kind, block.value) == ("json", odd)


def test_of_a_huge_text_the_beginning_is_shown_and_all_of_it_saved() -> None:
    text = 'é\n\\"' * 200_000
    (block,) = shown(content=[text_block(text)]).blocks
    assert block.cut > 0
    assert text.startswith(block.text)
    assert len(block.text) > 80_000
    assert saved_bytes(block) == text.encode()
    assert "more are not shown; s saves all of it" in lines_of(ResultDocument(blocks=(block,)))[-1]


def test_json_that_is_too_large_for_a_tree_is_shown_as_text() -> None:
    (block,) = shown(structuredContent=["x" * 100] * 20_000).blocks
    assert (block.kind, "too large for a tree" in block.title) == ("text", True)
    assert msgspec.json.decode(saved_bytes(block)) == ["x" * 100] * 20_000


def test_a_result_of_very_many_parts_is_not_taken_apart() -> None:
    raw = b'{"content":[' + b",".join([b'{"type":"text","text":""}'] * (OBJECTS_READ + 1)) + b"]}"
    assert read_result(raw) is None
    (block,) = document(CallEnd(kind="result", raw=raw), "tool").blocks
    assert block.title.startswith("a result of very many parts")


def test_more_blocks_than_are_shown_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "BLOCKS_SHOWN", 2)
    result = shown(content=[text_block("x")] * 5)
    assert (len(result.blocks), result.hidden) == (2, 3)
    assert lines_of(result)[-1] == "3 more parts are not shown; S saves all"


def test_images_and_sounds_are_saved_as_what_they_are() -> None:
    (block,) = shown(content=[{"type": "image", "data": encoded(png(2, 2)), "mimeType": "image/png"}]).blocks
    assert saved_bytes(block) == png(2, 2)


JPEG = (
    b"\xff\xd8\xff\xe0"
    + struct.pack(">H", 16)
    + b"\0" * 14
    + b"\xff\xc2\x00\x11\x08"
    + struct.pack(">HH", 48, 64)
    + b"\0" * 9
)


@pytest.mark.parametrize(
    ("head", "size"),
    [
        (png(7, 9), (7, 9)),
        (b"GIF89a" + struct.pack("<HH", 3, 4), (3, 4)),
        (JPEG, (64, 48)),
        (b"RIFF\0\0\0\0WEBPVP8X" + b"\0" * 8 + (99).to_bytes(3, "little") + (49).to_bytes(3, "little"), (100, 50)),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", None),
        (b"\xff\xd8\xff\xe0\0\0", None),
        (b"\xff\xd8" + b"\xff" * 50, None),
        (b"nothing", None),
    ],
)
def test_the_size_of_an_image_is_read_from_its_head(head: bytes, size: tuple[int, int] | None) -> None:
    assert dimensions(head) == size


def test_nothing_in_a_result_acts_on_the_terminal() -> None:
    hostile = "\x1b]52;c;eA==\x07\x1b[2J\r\x00\x9b1m\u202eabc\ttab"
    result = shown(
        content=[
            text_block(hostile),
            {"type": hostile, hostile: [hostile]},
            {"type": "resource_link", "uri": hostile, "name": hostile},
            {"type": "image", "data": "aaaa", "mimeType": hostile},
        ]
    )
    for line in lines_of(result):
        assert line.isprintable()


def test_a_tree_is_folded_below_what_is_seen_at_once() -> None:
    value = {"a": {"b": {"c": {"d": 1}}}, "many": list(range(50))}
    lines = tree_lines(value, frozenset())
    assert [(line.depth, line.label, line.text) for line in lines] == [
        (0, "", "{…} 2 members"),
        (1, "a", "{…} 1 member"),
        (2, "b", "{…} 1 member"),
        (3, "c", "{…} 1 member"),
        (1, "many", "[…] 50 items"),
    ]
    opened = tree_lines(value, frozenset({("a", "b", "c"), ("many",)}))
    assert len(opened) == len(lines) + 1 + 50
    assert [path_text(line.path) for line in opened[3:5]] == ["$.a.b.c", "$.a.b.c.d"]
    assert path_text(("x y", 3)) == '$["x y"][3]'


def test_what_a_tree_does_not_show_is_told() -> None:
    lines = tree_lines(list(range(CHILDREN_SHOWN + 5)), frozenset({()}))
    assert (len(lines), lines[-1].text) == (CHILDREN_SHOWN + 2, "5 more are not shown; s saves all")
    wide = [list(range(900)) for _ in range(30)]
    lines = tree_lines(wide, frozenset((at,) for at in range(30)))
    assert (len(lines), "are not shown" in lines[-1].text) == (TREE_LINES + 1, True)


def test_a_long_text_in_a_tree_is_cut_and_says_so() -> None:
    (line,) = tree_lines("x" * 5000, frozenset())
    assert line.text.endswith(" and 3000 characters more")


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("one two three", ["one two", "three"]),
        ("abcdefghijklmno", ["abcdefgh", "ijklmno"]),
        ("a\r\nb\n", ["a", "b", ""]),
        ("日本語日本語", ["日本語日", "本語"]),
        ("e\u0301" * 9, ["e\u0301" * 8, "e\u0301"]),
        ("", [""]),
        ("\tx", ["    x"]),
    ],
)
def test_text_is_wrapped_by_what_is_seen(text: str, lines: list[str]) -> None:
    assert list(wrapped_text(text, 8)) == lines


def test_a_document_is_one_of_its_kind() -> None:
    block = Block(kind="text", title="t")
    assert block != Block(kind="text", title="t")
