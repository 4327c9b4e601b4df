"""What is known of a large result is what a search and a decoder would find, and it passes as it came."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argus_trio.errors import ParseFailed
from argus_trio.pipeline.records.outcomes import outcome_of_result
from argus_trio.wire.envelope import MAX_DEPTH, Response, decode, decode_object
from argus_trio.wire.passing.known_result import KnownResult, known_answer, own_words
from argus_trio.wire.results import for_legacy_client, for_modern_client
from tests.wire.support.json_texts import raw_values

FILL = "x" * 5000
INFO = b'{"name":"argus","version":"1"}'


def in_envelope(result: str, *, first: bool = False) -> bytes:
    if first:
        return b'{"result":%b,"jsonrpc":"2.0","id":"a b"}' % result.encode()
    return b'{"jsonrpc":"2.0","id":7,"result":%b}' % result.encode()


def members(**values: str) -> st.SearchStrategy[dict[str, str]]:
    return st.fixed_dictionaries({}, optional={name: st.just(value) | raw_values for name, value in values.items()})


items = members(type='"text"', text='"[\\"uri\\":{"', _meta='{"io.modelcontextprotocol/x":1}', annotations="{}")
tool_results = st.tuples(
    st.lists(items, max_size=3),
    members(
        structuredContent='{"isError":true,"uri":"a"}',
        isError="true",
        resultType='"complete"',
        _meta='{"io.modelcontextprotocol/serverInfo":{}}',
    ),
    st.booleans(),
)


def written(fields: dict[str, str]) -> str:
    return "{" + ",".join(f'"{name}":{value}' for name, value in fields.items()) + "}"


def large(found: tuple[list[dict[str, str]], dict[str, str], bool]) -> str:
    content, fields, is_behind = found
    texts = [written({"type": '"text"', "text": f'"{FILL}"'}), *map(written, content)]
    whole = {"content": f"[{','.join(texts)}]"}
    return written({**fields, **whole} if is_behind else {**whole, **fields})


@given(tool_results, st.booleans())
def test_a_result_passes_as_it_came_and_means_the_same_in_both_eras(
    found: tuple[list[dict[str, str]], dict[str, str], bool], first: bool
) -> None:
    result = large(found)
    answer = decode(in_envelope(result, first=first))
    assert answer == Response(b'"a b"' if first else b"7", result.encode())
    assert isinstance(answer, Response)
    plain = bytes(answer.result)
    for method in ("tools/call", "resources/read"):
        assert for_legacy_client(method, answer.result) == for_legacy_client(method, plain)
        modern, expected = (for_modern_client(method, each, INFO) for each in (answer.result, plain))
        assert decode_object(modern) == decode_object(expected)
        assert outcome_of_result(method, answer.result) == outcome_of_result(method, plain)


@given(tool_results)
def test_the_words_of_a_result_are_its_members_without_the_content(
    found: tuple[list[dict[str, str]], dict[str, str], bool],
) -> None:
    known = known_answer(in_envelope(large(found)))
    if known is None:
        return
    expected = {name: value for name, value in decode_object(known[1]).items() if name[0] not in "cs"}
    assert decode_object(own_words(known[1])) == expected


def test_a_large_result_is_known_whichever_way_it_is_written() -> None:
    result = written({"content": f'[{{"type":"text","text":"{FILL}"}}]', "isError": "true"})
    for first in (False, True):
        answer = decode(in_envelope(result, first=first))
        assert isinstance(answer, Response)
        assert isinstance(answer.result, KnownResult)
        assert own_words(answer.result) == b'{"isError":true}'
    assert own_words(b'{"content":[]}') == b'{"content":[]}'


@pytest.mark.parametrize(
    "result",
    [
        f'{{"content":[],"taskId":"{FILL}"}}',
        f'{{"content":[{{"type":"resource_link","uri":"{FILL}"}}]}}',
        f'{{"contents":[{{"uri":"{FILL}"}}]}}',
        f'{{"content":[{{"type":"text","text":"a"}}],"content":[],"structuredContent":"{FILL}"{" " * 300}}}',
        f'{{"content":{{}},"structuredContent":"{FILL}"}}',
        f'[["{FILL}"]]',
    ],
)
def test_what_is_no_plain_result_of_a_tool_is_searched_itself(result: str) -> None:
    answer = decode(in_envelope(result))
    assert answer == Response(b"7", result.encode())
    assert isinstance(answer, Response)
    assert own_words(answer.result) is answer.result


@pytest.mark.parametrize("member", ["structuredContent", "_meta", "isError", "unknown"])
@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")])
@pytest.mark.parametrize("fill", ["", FILL])
def test_a_result_nests_as_deeply_as_can_be_read(member: str, opening: str, closing: str, fill: str) -> None:
    def result(depth: int) -> str:
        value = opening * depth + "1" + closing * depth
        return f'{{"content":[{{"type":"text","text":"{fill}"}}],"{member}":{value}}}'

    deep = result(3 * MAX_DEPTH)
    assert decode(in_envelope(deep)) == Response(b"7", deep.encode())
    with pytest.raises(ParseFailed, match="nested too deeply to be read"):
        decode(in_envelope(result(200_000)))


@pytest.mark.parametrize(
    "body",
    [
        in_envelope(f'{{"content":[],"structuredContent":"{FILL}"}}') + b" x",
        in_envelope(f'{{"content":[],"structuredContent":"{FILL}"}},"x":{{"a":1}}')[:-1],
        in_envelope(f'{{"content":[],"structuredContent":"{FILL}"').replace(b"}", b""),
        b'{"result":{"structuredContent":"%b","jsonrpc":"2.0","id":1}' % FILL.encode(),
        b'{"jsonrpc":"2.0","id":01,"result":{"structuredContent":"%b"}}' % FILL.encode(),
        in_envelope(f'{{"content":[],"structuredContent":"{FILL}é"}}').replace("é".encode(), b"\xff"),
    ],
)
def test_what_is_no_json_is_refused_as_ever(body: bytes) -> None:
    with pytest.raises(ParseFailed):
        decode(body)


@given(raw_values)
def test_a_large_message_of_any_value_is_read_as_ever(value: str) -> None:
    fill = json.dumps({"content": [], "structuredContent": FILL, "isError": False})[:-1]
    result = f'{fill},"_meta":{value}}}'
    assert decode(in_envelope(result)) == Response(b"7", result.encode())


def test_members_of_the_envelope_behind_a_result_are_not_taken_for_it() -> None:
    result = f'{{"content":[],"structuredContent":"{FILL}"}}'
    body = in_envelope(result)[:-1] + b',"extra":{"a":1}}'
    assert decode(body) == Response(b"7", result.encode())
    assert decode(body[:-1] + b',"id":8}') == Response(b"8", result.encode())
