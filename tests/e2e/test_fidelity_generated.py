"""Generated messages through the whole gateway, there and back: what went in comes out, to the byte."""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from contextlib import closing
from urllib.parse import urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.e2e import gateway
from tests.e2e.gateway import Gateway
from tests.e2e.raw import LEGACY, META, MODERN, Raw
from tests.wire.support.json_texts import IDS, objects, raw_values

ARGUMENTS = objects(raw_values)


@pytest.fixture(scope="module")
def argus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    config = {"backends": {"parrot": gateway.stdio("parrot.py")}}
    with gateway.running(config, tmp_path_factory.mktemp("parrot")) as running:
        yield running


class Mouth:
    """Posts bytes over one kept connection."""

    def __init__(self, url: str, revision: str) -> None:
        self.client = Raw(url, revision)
        self.connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)
        self.is_modern = revision == MODERN

    def say(self, arguments: str, message_id: bytes) -> bytes:
        meta = f'"_meta":{{"{META}protocolVersion":"{MODERN}","{META}clientCapabilities":{{}}}},'
        params = f'{{{meta if self.is_modern else ""}"name":"parrot__say","arguments":{arguments}}}'
        body = b'{"jsonrpc":"2.0","id":%b,"method":"tools/call","params":%b}' % (message_id, params.encode())
        headers = {"Mcp-Method": "tools/call", "Mcp-Name": "parrot__say"} if self.is_modern else {}
        self.connection.request("POST", "/mcp", body, {**self.client.headers, **headers})
        answer = self.connection.getresponse()
        assert answer.status == 200, (body, answer.read())
        return answer.read()


@pytest.mark.parametrize("revision", [LEGACY, MODERN])
def test_whatever_is_said_comes_back_as_it_was_said(argus: Gateway, revision: str) -> None:
    mouth = Mouth(argus.url, revision)

    @given(ARGUMENTS, st.sampled_from(IDS))
    @settings(max_examples=200, deadline=None)
    def every_way_of_writing(arguments: str, message_id: bytes) -> None:
        answer = mouth.say(arguments, message_id)
        # A raw line break between tokens is a space after a transport that ends messages at one.
        said = arguments.encode().replace(b"\n", b" ").replace(b"\r", b" ")
        assert answer.count(b'"structuredContent":' + said) == 1
        assert answer.count(b'"x-said":' + said) == 1
        assert answer.count(b'"said":' + said) == 1
        assert b'"id":' + message_id + b"," in answer

    with closing(mouth.connection):
        every_way_of_writing()
