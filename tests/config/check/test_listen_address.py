"""HOST:PORT as it is written."""

from __future__ import annotations

import pytest

from argus_trio.config.check.listen_address import ListenAddress, listen_address


@pytest.mark.parametrize(
    ("written", "host", "port"),
    [
        ("127.0.0.1:9001", "127.0.0.1", 9001),
        ("[::1]:9001", "::1", 9001),
        ("[fe80::1%eth0]:1", "fe80::1%eth0", 1),
        ("localhost:0", "localhost", 0),
        ("argus.example:65535", "argus.example", 65535),
    ],
)
def test_a_host_and_a_port_are_read(written: str, host: str, port: int) -> None:
    assert listen_address(written) == ListenAddress(host, port)


@pytest.mark.parametrize(
    "written", ["", "9001", ":9001", "127.0.0.1", "::1:9001", "[::1]", "a b:1", "http://a:1", "a:1\n"]
)
def test_anything_else_is_none(written: str) -> None:
    with pytest.raises(ValueError, match=r"HOST:PORT, such as"):
        listen_address(written)


@pytest.mark.parametrize("written", ["a:65536", "a:99999"])
def test_a_port_has_an_end(written: str) -> None:
    with pytest.raises(ValueError, match="0 to 65535"):
        listen_address(written)
