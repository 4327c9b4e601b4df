"""What the gateway says of itself."""

from __future__ import annotations

import msgspec
import pytest

from argus_trio.core.catalog.identity import GatewayIdentity
from argus_trio.errors import InvalidParams
from argus_trio.frontend.identity import MAX_CAPABILITIES_BYTES, discover_result, initialize_result, read_hello
from argus_trio.wire.envelope import Params, decode_object


def params(**members: object) -> Params:
    return decode_object(msgspec.json.encode(members))


def test_a_hello_is_read() -> None:
    hello = read_hello(params(protocolVersion="2025-03-26", capabilities={"a": 1}, clientInfo={"name": "n"}))
    assert (hello.revision, bytes(hello.capabilities["a"]), hello.client) == ("2025-03-26", b"1", "n")


@pytest.mark.parametrize("info", [None, 3, {}, {"name": 7}])
def test_a_client_that_does_not_name_itself_is_taken_as_it_is(info: object) -> None:
    assert read_hello(params(protocolVersion="2025-03-26", clientInfo=info)).client == ""


def test_a_hello_without_a_revision_is_none() -> None:
    with pytest.raises(InvalidParams):
        read_hello(params(capabilities={}))


def test_capabilities_too_large_to_keep_are_refused() -> None:
    with pytest.raises(InvalidParams):
        read_hello(params(protocolVersion="2025-03-26", capabilities={"a": "x" * MAX_CAPABILITIES_BYTES}))


def test_extra_capabilities_are_told_and_instructions_only_where_there_are_some() -> None:
    identity = GatewayIdentity(version="1", capabilities={"extensions": {}})
    for result in (initialize_result(identity, "2025-06-18"), discover_result(identity)):
        found = msgspec.json.decode(result)
        assert set(found["capabilities"]) >= {"tools", "prompts", "resources", "extensions"}
        assert "instructions" not in found


def test_the_tasks_of_the_legacy_era_are_no_capability_of_the_modern_one() -> None:
    identity = GatewayIdentity(version="1", capabilities={"tasks": {}})
    assert "tasks" in msgspec.json.decode(initialize_result(identity, "2025-11-25"))["capabilities"]
    assert "tasks" not in msgspec.json.decode(discover_result(identity))["capabilities"]
