"""Whether the values make sense together."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argus_trio.config.check.check import is_separable
from tests.config.support.reading import paths, problem, problems, read


def _two(first: str, second: str, rest: str = "") -> str:
    backend = "type: stdio, command: run"
    return f"backends:\n  a: {{{backend}{first}}}\n  b: {{{backend}{second}}}\n{rest}"


@pytest.mark.parametrize(
    ("text", "path", "words"),
    [
        ("server: {host: ''}", "server.host", "host name or an IP address"),
        ("server: {host: '[::1]'}", "server.host", "host name or an IP address"),
        ("server: {host: '127.0.0.1:9000'}", "server.host", "the port goes into server.port"),
        ("server: {host: '[::1]:9000'}", "server.host", "the port goes into server.port"),
        ("server: {host: 0.0.0.0}", "server.host", "beyond loopback"),
        ("server: {allowed_origins: ['*']}", "server.allowed_origins[0]", "no wildcard"),
        ("server: {allowed_origins: ['https://*.x']}", "server.allowed_origins[0]", "origins are exact"),
        ("server: {allowed_origins: ['https://a', 'https://a/']}", "server.allowed_origins[1]", "scheme://host"),
        ("server: {allowed_origins: [app.example]}", "server.allowed_origins[0]", "scheme://host"),
        ("server: {allowed_hosts: ['https://a']}", "server.allowed_hosts[0]", "a host"),
        ("server: {allowed_hosts: ['*']}", "server.allowed_hosts[0]", "no wildcard"),
        ("conflict_resolution: {separator: ''}", "conflict_resolution.separator", "one or more"),
        ("conflict_resolution: {separator: ':'}", "conflict_resolution.separator", "one or more"),
        ("conflict_resolution: {order: [a]}", "conflict_resolution.order[0]", "name of a backend"),
        (_two("", "", "conflict_resolution: {order: [a, b, a]}"), "conflict_resolution.order[2]", "twice"),
        ("backends: {a b: {type: stdio, command: run}}", 'backends."a b"', "1 to 32"),
        ("backends: {_a: {type: stdio, command: run}}", "backends._a", "1 to 32"),
        (f"backends: {{{'a' * 33}: {{type: stdio, command: run}}}}", f"backends.{'a' * 33}", "1 to 32"),
        ("backends: {a__b: {type: stdio, command: run}}", "backends.a__b", "separator"),
        ("backends: {a_: {type: stdio, command: run}}", "backends.a_", "separator"),
        (_two(", prefix: 'x y'", ""), "backends.a.prefix", "characters"),
        (_two(", prefix: x__", ""), "backends.a.prefix", "separator"),
        (_two("", ", prefix: a"), "backends.b.prefix", "backend a has the same"),
        (_two(", prefix: x", ", prefix: x"), "backends.b.prefix", "backend a has the same"),
    ],
)
def test_what_makes_no_sense_is_a_problem(text: str, path: str, words: str) -> None:
    found = problem(text)
    assert found.path == path
    assert words in f"{found.message} {found.hint}"


@pytest.mark.parametrize(
    "text",
    [
        "server: {host: 127.8.8.8}",
        "server: {host: '::1'}",
        "server: {host: 0.0.0.0, allow_unauthenticated: true}",
        "server: {allowed_origins: ['https://a.example:8443', 'vscode-webview://x', 'http://[::1]:80']}",
        "server: {allowed_hosts: [a.example, 'a:80', '[::1]:80']}",
        _two(", prefix: ''", ", prefix: ''"),
        _two(", prefix: x", ", prefix: x, enabled: false"),
        _two(", prefix: x", ", prefix: x", "conflict_resolution: {strategy: first-wins}"),
        "conflict_resolution: {separator: .}",
    ],
)
def test_what_makes_sense_is_taken(text: str) -> None:
    read(text)


@pytest.mark.parametrize("origin", ["https://app.example:443", "http://[::1]:80"])
def test_an_origin_that_no_browser_sends_is_a_warning_that_says_what_to_write(origin: str) -> None:
    [warning] = read(f"server: {{allowed_origins: ['https://ok.example:8443', '{origin}']}}").warnings
    assert warning.path == "server.allowed_origins[1]"
    assert warning.hint == f"write {origin.rpartition(':')[0]}"


def test_the_name_of_a_faulty_separator_is_not_held_against_the_backends() -> None:
    assert problem("conflict_resolution: {separator: ''}\nbackends: {a: {type: stdio, command: run}}").path == (
        "conflict_resolution.separator"
    )


def test_names_are_judged_also_where_the_backend_could_not_be_read() -> None:
    assert paths(problems("backends: {a__b: 5}")) == ["backends.a__b", "backends.a__b"]


@given(st.text("ab_", min_size=1), st.text("ab_", min_size=1, max_size=3), st.text("ab_"))
def test_a_separable_prefix_is_found_again_whatever_the_name(prefix: str, separator: str, name: str) -> None:
    if is_separable(prefix, separator):
        assert (prefix + separator + name).split(separator, 1) == [prefix, name]
