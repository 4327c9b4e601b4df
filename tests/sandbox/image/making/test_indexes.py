"""URLs of indexes: what is taken out of them, and which host they are inside a container."""

from __future__ import annotations

import pytest

from argus_trio.sandbox.image.making.indexes import (
    npm_credentials,
    secrets_in,
    seen_inside,
    service_of,
    without_credentials,
)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://user:pass@one.example/simple", "https://one.example/simple"),
        ("tool @ git+https://token@git.example/tool.git", "tool @ git+https://git.example/tool.git"),
        ("https://one.example/a@b", "https://one.example/a@b"),
        ("@scope/name@1.0", "@scope/name@1.0"),
    ],
)
def test_credentials_are_taken_out_of_urls_and_nothing_else_is(url: str, shown: str) -> None:
    assert without_credentials(url) == shown


def test_a_password_is_secret_as_it_is_written_as_it_is_meant_and_as_it_is_sent() -> None:
    found = set(secrets_in("https://user:p%40ss@one.example/"))
    assert {"user:p%40ss", "user:p@ss", "p%40ss", "p@ss", "dXNlcjpwQHNz"} <= found
    assert "user" not in found
    assert "token" in set(secrets_in("https://token@one.example/"))
    assert list(secrets_in("git+ssh://git@one.example/x")) == []


@pytest.mark.parametrize(
    ("url", "rule"),
    [
        ("https://one.example/simple", "one.example:443"),
        ("http://One.Example.:8080", "one.example:8080"),
        ("http://one.example", "one.example:80"),
        ("git+ssh://git@one.example/x", "one.example:22"),
        ("socks5h://proxy.example", "proxy.example:1080"),
        ("proxy.example:3128", "proxy.example:3128"),
        ("http://127.0.0.1:81/", "localhost:81"),
        ("http://[::1]:81/", "localhost:81"),
        ("http://localhost:81/", "localhost:81"),
        ("http://10.0.0.1/", "None"),
        ("http://one.example:port/", "None"),
        ("https:///simple", "None"),
    ],
)
def test_the_host_of_a_url_is_what_a_container_names(url: str, rule: str) -> None:
    assert str(service_of(url)) == rule


def test_only_addresses_of_this_machine_are_written_otherwise_inside() -> None:
    assert seen_inside("http://u:p@127.0.0.1:81/x") == "http://u:p@localhost:81/x"
    assert seen_inside("http://[::1]/x") == "http://localhost/x"
    assert seen_inside("https://one.example/x") == "https://one.example/x"


def test_a_registry_without_a_user_has_no_settings_of_npm() -> None:
    assert npm_credentials("https://npm.example/") == {}
