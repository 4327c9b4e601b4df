"""A request as it leaves for a backend of either era: tokens, what is said of the client, headers."""

from __future__ import annotations

import json

import pytest

from argus_trio.backends.connection.handshake import Handshake
from argus_trio.backends.connection.outgoing_request import call_request, own_request, with_our_token
from argus_trio.backends.links.link import Outgoing
from argus_trio.core.call.abilities import NONE, Abilities
from argus_trio.core.call.exchange import Call
from argus_trio.wire.envelope import Params, Raw, Request, decode
from argus_trio.wire.revisions import LATEST_LEGACY, LATEST_MODERN, Era
from tests.backends.support.fakes import Json, json_of, raw

RESERVED = "io.modelcontextprotocol/"
LEGACY = Handshake(era=Era.LEGACY, revision="2025-06-18", capabilities={}, server_info={}, instructions=None)
MODERN = Handshake(era=Era.MODERN, revision=LATEST_MODERN, capabilities={}, server_info={}, instructions=None)


def call(
    params: Json, *, abilities: Abilities = NONE, capabilities: Json | None = None, log_level: str | None = None
) -> Call:
    return Call(
        method="tools/call",
        params=raw(params),
        era=Era.LEGACY,
        revision=LATEST_LEGACY,
        abilities=abilities,
        capabilities=raw(capabilities or {}),
        log_level=log_level,
    )


def sent(outgoing: Outgoing) -> Json:
    """The params that the body holds; the id in it is the one that the answer is waited for with."""
    request = decode(outgoing.body)
    assert isinstance(request, Request)
    assert request.id == b"%d" % outgoing.id
    params: Json = json.loads(json_of(request.params))
    return params


def meta_of(outgoing: Outgoing) -> Json:
    meta = sent(outgoing)["_meta"]
    assert isinstance(meta, dict)
    return meta


def tokens(params: Params) -> tuple[bytes | None, Json]:
    token, ours = with_our_token(params, 9)
    return None if token is None else bytes(token), json.loads(json_of(ours))


@pytest.mark.parametrize("token", ["mine", 7])
def test_the_clients_progress_token_is_replaced_by_ours_and_given_back(token: str | int) -> None:
    params = raw({"name": "x", "_meta": {"progressToken": token, "trace": 1}})
    assert tokens(params) == (
        json.dumps(token).encode(),
        {"name": "x", "_meta": {"progressToken": 9, "trace": 1}},
    )


def test_who_wants_no_progress_is_given_no_token() -> None:
    assert tokens(raw({"name": "x", "_meta": {"trace": 1}})) == (None, {"name": "x", "_meta": {"trace": 1}})
    assert tokens(raw({"name": "x"})) == (None, {"name": "x"})


def test_what_one_peer_tells_the_next_of_itself_is_not_passed_on() -> None:
    assert tokens(raw({"_meta": {f"{RESERVED}logLevel": "debug", "trace": 1}})) == (None, {"_meta": {"trace": 1}})


@pytest.mark.parametrize("meta", [None, 7, "text", []])
def test_a_meta_that_is_no_object_is_emptied(meta: object) -> None:
    assert tokens(raw({"_meta": meta})) == (None, {"_meta": {}})


def test_a_legacy_backend_is_sent_the_params_alone_and_the_revision_it_settled_on() -> None:
    params = raw({"name": "x", "_meta": {"trace": 1}})
    able = call({}, abilities=Abilities(roots=True), log_level="info")
    for outgoing in (
        call_request(LEGACY, 7, able, params, (("mcp-param-x", "1"),)),
        own_request(LEGACY, 7, "tools/call", params),
    ):
        assert outgoing.id == 7
        assert sent(outgoing) == {"name": "x", "_meta": {"trace": 1}}
        assert outgoing.headers == (("mcp-protocol-version", "2025-06-18"),)


def test_a_modern_backend_is_told_with_each_call_what_its_client_can_be_asked() -> None:
    able = call({}, abilities=Abilities(roots=True, url=True))
    meta = meta_of(call_request(MODERN, 7, able, raw({"name": "x", "_meta": {"trace": 1}})))
    assert meta["trace"] == 1
    assert meta[f"{RESERVED}protocolVersion"] == LATEST_MODERN
    assert meta[f"{RESERVED}clientCapabilities"] == {"roots": {}, "elicitation": {"url": {}}}
    client = meta[f"{RESERVED}clientInfo"]
    assert isinstance(client, dict)
    assert client["name"] == "argus-trio"


def test_of_what_a_client_declares_only_extensions_and_experiments_are_passed_on_as_said() -> None:
    declares: Json = {"extensions": {"e": {"v": 1}}, "experimental": {"x": {}}, "sampling": {"tools": {}}, "tasks": {}}
    outgoing = call_request(MODERN, 7, call({}, capabilities=declares), {})
    assert meta_of(outgoing)[f"{RESERVED}clientCapabilities"] == {
        "extensions": {"e": {"v": 1}},
        "experimental": {"x": {}},
    }


@pytest.mark.parametrize("level", [None, "warning"])
def test_a_modern_backend_is_told_the_log_level_that_the_client_asked_for(level: str | None) -> None:
    meta = meta_of(call_request(MODERN, 7, call({}, log_level=level), {}))
    assert meta.get(f"{RESERVED}logLevel") == level


def test_the_headers_of_a_modern_call_repeat_what_routes_it_and_take_the_given_ones_along() -> None:
    outgoing = call_request(MODERN, 7, call({}), raw({"name": "x"}), (("mcp-param-region", "eu"),))
    assert dict(outgoing.headers) == {
        "mcp-protocol-version": LATEST_MODERN,
        "mcp-method": "tools/call",
        "mcp-name": "x",
        "mcp-param-region": "eu",
    }


def test_a_request_of_the_gateways_own_declares_nothing_unless_it_says_so_itself() -> None:
    plain = own_request(MODERN, 8, "tools/list", raw({"cursor": "c"}))
    assert sent(plain)["cursor"] == "c"
    assert meta_of(plain)[f"{RESERVED}clientCapabilities"] == {}
    assert dict(plain.headers) == {"mcp-protocol-version": LATEST_MODERN, "mcp-method": "tools/list"}
    said: Json = {f"{RESERVED}clientCapabilities": {"extensions": {"e": {}}}}
    meta = meta_of(own_request(MODERN, 8, "subscriptions/listen", raw({"_meta": said})))
    assert meta[f"{RESERVED}clientCapabilities"] == {"extensions": {"e": {}}}
    assert meta[f"{RESERVED}protocolVersion"] == LATEST_MODERN


@pytest.mark.parametrize("handshake", [LEGACY, MODERN])
def test_what_only_looks_may_be_sent_twice_and_a_call_may_not(handshake: Handshake) -> None:
    assert own_request(handshake, 1, "tools/list", {}).is_idempotent
    assert own_request(handshake, 1, "resources/read", {"uri": Raw(b'"x:y"')}).is_idempotent
    assert not call_request(handshake, 1, call({"name": "pay"}), raw({"name": "pay"})).is_idempotent
    assert not own_request(handshake, 1, "tasks/cancel", {}).is_idempotent
