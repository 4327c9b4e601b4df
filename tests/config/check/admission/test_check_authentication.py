"""What the file says of who comes in, and what is said of it."""

from __future__ import annotations

import pytest

from argus_trio.config.model.config import Config
from argus_trio.errors import Problem
from tests.config.support.reading import problem, problems, read

T = "0123456789abcdef"
DIGEST = "a" * 64
ONE = f"{{type: bearer, tokens: [{{token: {T}, principal: ops}}]}}"
ISSUER = "issuer: 'https://idp.example'"


def written(*methods: str, more: str = "", rest: str = "") -> str:
    return f"middleware:\n  - {{type: authentication, methods: [{', '.join(methods)}]{more}}}\n{rest}"


def tokens(*entries: str) -> str:
    return written(f"{{type: bearer, tokens: [{', '.join(entries)}]}}")


def jwt(keys: str) -> str:
    return f"{{type: jwt, {keys}}}"


def warnings(config: Config) -> list[Problem]:
    return list(config.warnings)


@pytest.mark.parametrize(
    ("text", "path", "words"),
    [
        (written(), ".methods", "no method"),
        (tokens(), ".methods[0].tokens", "empty"),
        (written("{type: api_key, keys: []}"), ".methods[0].keys", "empty"),
        (tokens("{token: 'sha256:abc', principal: a}"), ".methods[0].tokens[0].token", "64 hexadecimal"),
        (tokens("{token: 'a b c', principal: a}"), ".methods[0].tokens[0].token", "no spaces"),
        (tokens("{token: '', principal: a}"), ".methods[0].tokens[0].token", "visible ASCII"),
        (
            tokens(f"{{token: {T}, principal: a}}", f"{{token: {T}, principal: b}}"),
            ".methods[0].tokens[1].token",
            "stands before",
        ),
        (written(ONE, ONE), ".methods[1].tokens[0].token", "stands before"),
        (tokens(f"{{token: {T}, principal: a/b}}"), ".methods[0].tokens[0].principal", "slash"),
        (tokens(f"{{token: {T}, principal: anonymous}}"), ".methods[0].tokens[0].principal", "gateway's own"),
        (tokens(f"{{token: {T}, principal: operator}}"), ".methods[0].tokens[0].principal", "gateway's own"),
        (tokens(f"{{token: {T}, principal: ''}}"), ".methods[0].tokens[0].principal", "1 to 256"),
        (tokens(f"{{token: {T}, principal: 'a, b'}}"), ".methods[0].tokens[0].principal", "comma"),
        (
            written(f"{{type: api_key, header: authorization, keys: [{{key: {T}, principal: a}}]}}"),
            ".methods[0].header",
            "type: bearer",
        ),
        (
            written(f"{{type: api_key, header: 'X Y', keys: [{{key: {T}, principal: a}}]}}"),
            ".methods[0].header",
            "name of a header",
        ),
        (written("{type: header, header: X-User}"), ".methods[0].header", "server.trusted_proxies"),
        (
            written(
                "{type: header, header: X-User, roles_header: x-user}", rest="server: {trusted_proxies: [10.0.0.1]}"
            ),
            ".methods[0].roles_header",
            "holds the name",
        ),
        (written(jwt(f"{ISSUER}, audience: []")), ".methods[0].audience", "empty"),
        (written(jwt(f"{ISSUER}, audience: a, algorithms: []")), ".methods[0].algorithms", "empty"),
        (written(jwt(f"{ISSUER}, audience: a, principal_claim: ''")), ".methods[0].principal_claim", "claim"),
        (written(jwt("issuer: 'http://idp.example', audience: a")), ".methods[0].issuer", "expected an https URL"),
        (written(jwt("issuer: idp.example, audience: a")), ".methods[0].issuer", "no http or https URL"),
        (written(jwt("issuer: 'https://idp.example?a', audience: a")), ".methods[0].issuer", "query"),
        (written(jwt("issuer: 'https://10.0.0.1', audience: a")), ".methods[0].issuer", "private_network: true"),
        (
            written(jwt("issuer: 'https://169.254.169.254', audience: a, private_network: true")),
            ".methods[0].issuer",
            "link-local",
        ),
        (
            written(jwt(f"{ISSUER}, audience: a, jwks_uri: 'http://idp.example/keys'")),
            ".methods[0].jwks_uri",
            "expected an https URL",
        ),
        (written(jwt(f"{ISSUER}, audience: a"), jwt(f"{ISSUER}, audience: b")), ".methods[1].issuer", "stands before"),
        (
            written(jwt(f"{ISSUER}, audience: a"), jwt("issuer: 'https://idp.example/b', audience: b")),
            ".methods[1].issuer",
            "names of those of",
        ),
    ],
)
def test_what_makes_no_sense_is_a_problem(text: str, path: str, words: str) -> None:
    found = problem(text)
    assert found.path == f"middleware[0]{path}"
    assert words in f"{found.message} {found.hint}"


@pytest.mark.parametrize(
    ("text", "path", "words"),
    [
        ("server: {trusted_proxies: [10.0.0.0/8, proxy]}", "server.trusted_proxies[1]", "10.0.0.0/8"),
        ("server: {public_url: argus.example}", "server.public_url", "https://argus.example"),
        ("server: {public_url: 'https://a.example/?x'}", "server.public_url", "query"),
        (
            written("{type: header, header: X-User}", rest="server: {trusted_proxies: ['0.0.0.0/0']}"),
            "server.trusted_proxies[0]",
            "everybody",
        ),
        (f"{written(ONE)}  - {{type: authentication, methods: [{ONE}]}}", "middleware[1]", "twice"),
    ],
)
def test_what_it_needs_elsewhere_is_judged_too(text: str, path: str, words: str) -> None:
    found = problem(text)
    assert found.path == path
    assert words in f"{found.message} {found.hint}"


@pytest.mark.parametrize(
    ("text", "path", "words"),
    [
        (tokens("{token: short, principal: a}"), "methods[0].tokens[0].token", "guessed"),
        (
            written(ONE.replace("ops}", "ops, roles: [admin]}"), rest="  - {type: rbac, roles: {reader: {}}}"),
            "methods[0].tokens[0].roles[0]",
            "the roles are reader",
        ),
        (
            written(ONE, more=", anonymous: {roles: [guest]}", rest="  - {type: rbac}"),
            "anonymous.roles[0]",
            "rbac has no roles",
        ),
        (written(ONE, rest="server: {host: 0.0.0.0}"), "methods[0].type", "server.tls"),
        (written(jwt(f"{ISSUER}, audience: a")), "methods[0].issuer", "server.public_url"),
        (
            written(jwt(f"{ISSUER}, audience: a"), rest="server: {public_url: 'https://A.example/'}"),
            "methods[0].audience",
            "write audience: https://a.example/mcp",
        ),
    ],
)
def test_what_can_be_used_and_is_hardly_meant_is_a_warning(text: str, path: str, words: str) -> None:
    (found,) = (each for each in warnings(read(text)) if each.path == f"middleware[0].{path}")
    assert words in f"{found.message} {found.hint}"


def test_a_public_url_of_plain_http_is_a_warning_but_on_loopback() -> None:
    (found,) = warnings(read("server: {public_url: 'http://argus.example:9000/x'}"))
    assert found.path == "server.public_url"
    for url in ("http://localhost:9000", "http://127.0.0.1", "http://[::1]:9000", "https://argus.example"):
        assert warnings(read(f"server: {{public_url: '{url}'}}")) == []


@pytest.mark.parametrize(
    "text",
    [
        tokens(f"{{token: 'sha256:{DIGEST}', principal: a}}", f"{{token: {T}, principal: a, roles: [x]}}"),
        written(ONE, f"{{type: api_key, keys: [{{key: {T}, principal: ops}}]}}"),
        written(ONE, rest="server: {host: 0.0.0.0, trusted_proxies: [10.0.0.1]}"),
        written("{type: header, header: X-User}", rest="server: {trusted_proxies: ['fd00::/8']}"),
        written(
            jwt("issuer: 'http://127.0.0.1:8080', audience: ['https://a.example/mcp']"),
            jwt("issuer: 'http://kc.internal/realms/b', audience: 'https://a.example/mcp', private_network: true"),
            jwt("issuer: 'http://kc.internal/realms/c', audience: 'https://a.example/mcp', private_network: true"),
            rest="server: {public_url: 'https://a.example'}",
        ),
    ],
)
def test_what_makes_sense_is_no_problem_and_no_warning(text: str) -> None:
    assert warnings(read(text)) == []


def test_with_authentication_it_may_listen_anywhere_and_with_anonymous_not() -> None:
    server = "server: {host: 0.0.0.0, trusted_proxies: [10.0.0.1]}"
    assert read(written(ONE, rest=server)).server.host == "0.0.0.0"
    found = problem(written(ONE, more=", anonymous: {}", rest=server))
    assert found.path == "server.host"
    assert "anonymous" in found.message
    allowed = "server: {host: 0.0.0.0, trusted_proxies: [10.0.0.1], allow_unauthenticated: true}"
    read(written(ONE, more=", anonymous: {}", rest=allowed))


def test_what_rests_on_a_faulty_method_is_not_told() -> None:
    text = "server: {host: 0.0.0.0}\nmiddleware: [{type: authentication, methods: [{type: bearer}]}]"
    assert [each.path for each in problems(text)] == ["middleware[0].methods[0].tokens"]


def test_nothing_of_a_credential_is_told() -> None:
    text = tokens(f"{{token: {T}, principal: a}}", f"{{token: {T}, principal: b}}", "{token: 'ab cdef', principal: c}")
    assert T not in repr(problems(text))
    assert "cdef" not in repr(problems(text))
