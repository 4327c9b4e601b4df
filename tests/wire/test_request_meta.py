"""The reserved keys of `_meta`, as the specification spells them."""

from __future__ import annotations

from argus_trio.wire import request_meta
from argus_trio.wire.results import SERVER_INFO, is_of_hop


def test_keys_are_spelled_as_in_the_specification_and_belong_to_the_hop() -> None:
    keys = {
        request_meta.PROTOCOL_VERSION: "io.modelcontextprotocol/protocolVersion",
        request_meta.CLIENT_INFO: "io.modelcontextprotocol/clientInfo",
        request_meta.CLIENT_CAPABILITIES: "io.modelcontextprotocol/clientCapabilities",
        request_meta.LOG_LEVEL: "io.modelcontextprotocol/logLevel",
        request_meta.SUBSCRIPTION_ID: "io.modelcontextprotocol/subscriptionId",
        SERVER_INFO: "io.modelcontextprotocol/serverInfo",
    }
    assert all(ours == theirs and is_of_hop(ours) for ours, theirs in keys.items())
