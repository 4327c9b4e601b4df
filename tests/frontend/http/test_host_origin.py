"""Host and Origin."""

from __future__ import annotations

import pytest

from argus_trio.frontend.http.host_origin import HostOriginCheck


@pytest.mark.parametrize(
    "host", [b"localhost", b"127.0.0.1", b"localhost:9000", b"127.0.0.1:1", b"[::1]", b"[::1]:9000", b"LOCALHOST:80"]
)
def test_loopback_is_let_in_at_any_port(host: bytes) -> None:
    assert HostOriginCheck().judge(host, None) is None


@pytest.mark.parametrize(
    "host", [None, b"", b"evil.example.com", b"localhost.evil.com", b"127.0.0.1.evil.com", b"localhost:evil", b":80"]
)
def test_any_other_host_is_turned_away(host: bytes | None) -> None:
    assert HostOriginCheck().judge(host, None) == "host"


def test_an_allowed_host_is_let_in_at_any_port() -> None:
    host_origin = HostOriginCheck(allowed_hosts=["Gate.Example", "10.0.0.7:9000"])
    assert host_origin.judge(b"gate.example:8443", None) is None
    assert host_origin.judge(b"10.0.0.7", None) is None
    assert host_origin.judge(b"other.example", None) == "host"


@pytest.mark.parametrize("origin", [b"http://localhost:6274", b"https://127.0.0.1", b"http://[::1]:3000"])
def test_a_loopback_origin_is_let_in(origin: bytes) -> None:
    assert HostOriginCheck().judge(b"localhost", origin) is None


@pytest.mark.parametrize(
    "origin",
    [
        b"http://evil.example.com",
        b"null",
        b"",
        b"http://localhost.evil.com",
        b"http://localhost@evil.com",
        b"http://evil@localhost",
        b"file://localhost",
        b"http://[::1",
        b"http://localhost:x",
    ],
)
def test_any_other_origin_is_turned_away(origin: bytes) -> None:
    assert HostOriginCheck().judge(b"localhost", origin) == "origin"


def test_an_allowed_origin_is_let_in_as_a_whole() -> None:
    host_origin = HostOriginCheck(allowed_origins=["https://app.example/"])
    assert host_origin.judge(b"localhost", b"https://APP.example") is None
    assert host_origin.judge(b"localhost", b"http://app.example") == "origin"
    assert host_origin.judge(b"localhost", b"https://app.example:8443") == "origin"


def test_a_wrong_value_is_new_once_and_only_so_many_are_remembered() -> None:
    host_origin = HostOriginCheck()
    assert host_origin.is_new("host", b"evil")
    assert not host_origin.is_new("host", b"evil")
    assert host_origin.is_new("origin", b"evil")
    assert sum(host_origin.is_new("host", b"%d" % number) for number in range(1000)) == 254


def test_an_origin_is_judged_whatever_the_host() -> None:
    check = HostOriginCheck(allowed_origins=["https://app.example"])
    for origin in (None, b"http://localhost:5173", b"https://app.example"):
        assert check.judge_origin(origin) is None
    assert check.judge_origin(b"https://evil.example") == "origin"
    assert not check.passed
