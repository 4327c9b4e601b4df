"""The way from a request to its page: what is hostile is answered with a problem, whatever it is."""

from __future__ import annotations

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from trio.testing import MockClock

from argus_trio.contract.openapi import operations
from argus_trio.contract.problem import PROBLEMS
from argus_trio.frontend.manage.answer import PageAnswer
from argus_trio.frontend.manage.api import LONGEST_COMPLAINT, ManageApi
from argus_trio.frontend.manage.request import ManageRequest
from argus_trio.wire.envelope import encode
from tests.frontend.support.managing import Managed, Reply, access_of

JSON = {b"content-type": b"application/json"}
CALL = "/manage/v1/tools/call"
CALLED = b'{"tool": "a"}'
DEEP = b'{"tool": "a", "arguments": {"x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}}"


async def _echo(request: ManageRequest) -> PageAnswer:
    return PageAnswer(body=encode({"path": request.path, "query": request.query, "body": request.body}))


def echoing(*, access: tuple[str, ...] | None = None) -> Managed:
    """Every operation of the contract, each answered with what was understood."""
    managed = Managed() if access is None else Managed(access=access_of())
    managed.api = ManageApi(pages=dict.fromkeys(operations(), _echo), settings=managed.api.settings)
    return managed


def problem(reply: Reply) -> tuple[int, str]:
    """The problem that is answered, which says the same in every way."""
    told = reply.json
    kind = PROBLEMS[told["type"].rpartition("/")[2]]
    assert reply.headers[b"content-type"] == b"application/problem+json"
    assert (told["status"], told["title"], told["message"]) == (reply.status, kind.title, told["detail"])
    assert reply.status == kind.status
    assert told["detail"]
    assert len(told["detail"]) <= LONGEST_COMPLAINT
    return reply.status, told["error"]


@pytest.mark.parametrize(
    "path",
    [
        "/manage/",
        "/manage/v1",
        "/manage/v1/",
        "/manage/v1//",
        "/manage/v1//backends",
        "/manage/v1/backends//",
        "/manage/v1/Backends",
        "/manage/V1/backends",
        "/manage/v1/backends/../status",
        "/manage/v1/./backends",
        "/manage/v1/backends/a/b",
        "/manage/v1/backends\x00",
        "/manage/v1/backends ",
        "/manage/v1/backends;x=1",
        "/manage/v1/\u202esdnekcab",
        "/manage/v1/" + "a" * 60_000,
        "/manage/v1/" + "a/" * 30_000,
        "/manage/v2/backends",
        "/manage/v1/{name}",
        "/manage/v1/health/x",
    ],
)
async def test_a_path_that_is_none_of_ours_leads_nowhere(path: str) -> None:
    assert problem(await echoing().ask("GET", path)) == (404, "not_found")


@pytest.mark.parametrize("name", ["a", "..", ".", "a\x00b", "\u202e", "%2F", "a b", "🦉", "x" * 60_000, "{name}"])
async def test_a_segment_is_whatever_stands_there(name: str) -> None:
    reply = await echoing().get(f"/backends/{name}")
    assert (reply.status, reply.json["path"]) == (200, {"name": name})


async def test_one_slash_at_the_end_is_none() -> None:
    assert (await echoing().get("/backends/")).status == 200
    assert (await echoing().get("/backends/a/")).json["path"] == {"name": "a"}


@pytest.mark.parametrize(
    ("query", "said"),
    [
        (b"x=1", "no query parameter is called 'x' here"),
        (b"limit=", "int"),
        (b"limit=0", ">= 1"),
        (b"limit=-1", ">= 1"),
        (b"limit=99999999999999999999999999999999999999", "<= 10000"),
        (b"type=null", "null is no value of type"),
        (b"limit=" + b"9" * 60_000, "out of range"),
        (b"limit=1&limit=2", "the query parameter limit stands twice"),
        (b"type=tool", "enum"),
        (b"type=" + b"y" * 60_000, "enum"),
        (b"hidden=perhaps", "bool"),
        (b"search=" + b"z" * 257, "<= 256"),
        (b"search=%ff", "cannot be read"),
        (b"search=%ed%a0%80", "cannot be read"),
        (b"search=\xc3\xa9", "cannot be read"),
        (b"&".join(b"a%d=1" % i for i in range(100)), "cannot be read"),
        (b"=1", "no query parameter is called '' here"),
        (b"__class__=1", "no query parameter"),
    ],
)
async def test_a_query_that_cannot_be_meant_says_why(query: bytes, said: str) -> None:
    reply = await echoing().get("/capabilities", query)
    assert problem(reply) == (400, "bad_request")
    assert said in reply.json["detail"]


async def test_what_is_odd_in_a_query_and_can_be_meant_is_taken_as_it_is() -> None:
    reply = await echoing().get("/capabilities", b"search=%00%F0%9F%A6%89&type=tools&hidden=0&after=")
    assert (reply.status, reply.json["query"]["search"]) == (200, "\x00🦉")
    many = await echoing().get("/explain", b"principal=a&name=b&role=c&role=d")
    assert many.json["query"]["role"] == ["c", "d"]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"{", "truncated"),
        (b"[]", "Expected `object`"),
        (b"null", "Expected `object`"),
        (b'"x"', "Expected `object`"),
        (b"{}", "tool"),
        (b'{"tool": 1}', "Expected `str`, got `int`"),
        (b'{"tool": "a", "arguments": []}', "Expected `object`"),
        (b'{"tool": "a", "other": 1}', "no member is called 'other' here"),
        (b'{"tool": "a", "\\ud800": 1}', "in the body"),
        (b'{"tool": "a"} {}', "trailing"),
        (b'{"tool": "\xff"}', "not UTF-8"),
        (b'{"tool": "a\x00"}', "in the body"),
        (b"\x00" * 1000, "in the body"),
        (DEEP, "nested deeper"),
        (b"[" * 1_000_000, "nested deeper"),
        (b'{"tool": "a", "log_level": 1e999}', "out of range"),
    ],
)
async def test_a_body_that_cannot_be_meant_says_why(body: bytes, said: str) -> None:
    reply = await echoing().ask("POST", CALL, body=body, headers=JSON)
    assert problem(reply) == (400, "bad_request")
    assert said in reply.json["detail"]


async def test_a_number_out_of_all_bounds_is_refused() -> None:
    for number in (b"1e999", b"-1", b"9" * 1000, b"301"):
        body = b'{"timeout_seconds": %b}' % number
        assert problem(await echoing().ask("POST", "/manage/v1/shutdown", body=body)) == (400, "bad_request")


async def test_of_a_member_that_stands_twice_the_last_one_counts() -> None:
    reply = await echoing().ask("POST", CALL, body=b'{"tool": "a", "tool": "b"}', headers=JSON)
    assert reply.json["body"]["tool"] == "b"


async def test_an_empty_body_is_an_empty_object() -> None:
    for body in (b"", b" \r\n", b"{}"):
        assert (await echoing().ask("POST", "/manage/v1/reload", body=body)).status == 200


async def test_a_byte_order_mark_before_a_body_is_passed_over() -> None:
    reply = await echoing().ask("POST", CALL, body=b"\xef\xbb\xbf" + CALLED, headers=JSON)
    assert reply.json["body"]["tool"] == "a"


async def test_a_compressed_body_is_told_to_come_as_it_is() -> None:
    reply = await echoing().ask("POST", CALL, body=CALLED, headers={**JSON, b"content-encoding": b"gzip"})
    assert problem(reply) == (415, "wrong_media_type")
    assert "must not be compressed" in reply.json["detail"]


async def test_a_body_that_does_not_come_is_told_to_be_too_slow(autojump_clock: MockClock) -> None:
    assert problem(await echoing().ask("POST", CALL, body=CALLED, headers=JSON, is_whole=False)) == (408, "too_slow")


async def test_half_an_emoji_is_no_text() -> None:
    reply = await echoing().ask("POST", CALL, body=b'{"tool": "\\ud83d"}', headers=JSON)
    assert problem(reply) == (400, "bad_request")


@pytest.mark.parametrize("media", [b"text/plain", b"application/x-www-form-urlencoded", b";", b"\xff"])
async def test_a_body_that_is_no_json_by_its_own_word_is_not_read_as_such(media: bytes) -> None:
    reply = await echoing().ask("POST", CALL, body=CALLED, headers={b"content-type": media})
    assert problem(reply) == (415, "wrong_media_type")


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("DELETE", "/manage/v1/backends", b"GET, HEAD, OPTIONS"),
        ("POST", "/manage/v1/backends", b"GET, HEAD, OPTIONS"),
        ("GET", CALL, b"POST, OPTIONS"),
        ("PATCH", "/manage/v1/log-level", b"GET, HEAD, POST, OPTIONS"),
        ("TRACE", "/manage/v1/health", b"GET, HEAD, OPTIONS"),
        ("PUT", "/manage/v1/events/stream", b"GET, HEAD, OPTIONS"),
        ("BREW", "/manage/v1/health", b"GET, HEAD, OPTIONS"),
    ],
)
async def test_a_method_that_a_path_does_not_have_is_told_those_that_it_has(
    method: str, path: str, allow: bytes
) -> None:
    reply = await echoing().ask(method, path)
    assert problem(reply) == (405, "method_not_allowed")
    assert reply.headers[b"allow"] == allow


async def test_what_a_path_can_be_asked_is_answered_without_a_problem() -> None:
    reply = await echoing().ask("OPTIONS", "/manage/v1/reload")
    assert (reply.status, reply.headers[b"allow"]) == (204, b"GET, HEAD, POST, OPTIONS")


async def test_who_has_no_right_learns_nothing_of_what_there_is() -> None:
    managed = echoing(access=())
    for path in ("/status", "/logs/a", "/logs/nobody"):
        assert problem(await managed.get(path)) == (403, "forbidden")


async def test_a_fault_of_a_page_is_told_by_an_id_alone() -> None:
    async def broken(_: ManageRequest) -> PageAnswer:
        raise ZeroDivisionError("the secret of a page")

    async def unspeakable(_: ManageRequest) -> PageAnswer:
        return PageAnswer(body={"x": object()})

    for page in (broken, unspeakable):
        managed = echoing()
        managed.api = ManageApi(pages=dict.fromkeys(operations(), page), settings=managed.api.settings)
        reply = await managed.get("/backends")
        assert problem(reply) == (500, "internal")
        assert reply.json["detail"].startswith("internal error ")


paths = st.one_of(
    st.text(max_size=40).map(lambda rest: f"/manage/{rest}"),
    st.builds(
        lambda operation, names: (
            "/manage/v1"
            + "/".join(n if s.startswith("{") else s for s, n in zip(operation.path.split("/"), names, strict=False))
        ),
        st.sampled_from(operations()),
        st.lists(st.text(max_size=8), min_size=8, max_size=8),
    ),
)
values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
members = st.sampled_from(["tool", "arguments", "uri", "name", "result", "error", "text", "level", "timeout_seconds"])
bodies = st.binary(max_size=60) | st.dictionaries(members | st.text(max_size=5), values, max_size=4).map(encode)
names = st.sampled_from(sorted({field for each in operations() for field in each.query.__annotations__}) or ["x"])
queries = st.binary(max_size=60) | st.lists(
    st.tuples(names, st.text(st.characters(codec="ascii"), max_size=8)), max_size=3
).map(lambda pairs: "&".join(f"{name}={value}" for name, value in pairs).encode())


@settings(max_examples=300, deadline=None)
@given(
    method=st.sampled_from(["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"]),
    path=paths,
    query=queries,
    body=bodies,
    is_real=st.booleans(),
)
async def test_nothing_that_can_be_asked_is_a_fault_of_the_gateway(
    method: str, path: str, query: bytes, body: bytes, is_real: bool
) -> None:
    assume((method, path.removesuffix("/")) != ("GET", "/manage/v1/events/stream"))  # which never ends
    managed = Managed() if is_real else echoing()
    reply = await managed.ask(method, path, query, body=body)
    assert reply.status in (200, 204, 400, 404, 405), reply
    if reply.status >= 400:
        problem(reply)
