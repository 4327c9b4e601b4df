"""What a legacy client says of itself, read."""

from __future__ import annotations

import msgspec
import pytest

from argus_trio.errors import InvalidParams
from argus_trio.frontend.sessions.hello import MAX_CAPABILITIES_BYTES, read_hello
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
