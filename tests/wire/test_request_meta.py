"""What a client says of itself, as far as it is shown."""

from __future__ import annotations

import pytest

from argus_trio.wire.request_meta import client_of


@pytest.mark.parametrize(
    ("info", "client"),
    [
        (b'{"name":"a","version":"1"}', ("a", "1")),
        (b'{"name":7}', ("", "")),
        (b"[]", ("", "")),
        (b'{"name":"' + b"a" * 500 + b'"}', ("a" * 100, "")),
        (b'{"name":"' + b"a" * 5000 + b'"}', ("", "")),
    ],
)
def test_a_client_says_of_itself_what_it_likes(info: bytes, client: tuple[str, str]) -> None:
    assert client_of(info) == client
