"""Whether the values of one backend make sense."""

from __future__ import annotations

import pytest

from tests.config.support.reading import HTTP, STDIO, problem, read


def _url(url: str) -> str:
    return f"backends: {{a: {{type: sse, url: {url!r}}}}}"


@pytest.mark.parametrize(
    ("text", "path", "words"),
    [
        (STDIO + "    timeouts: {call: 4000}\n", "timeouts.call", "call_max"),
        (STDIO + "    restart: {initial: 31}\n", "restart.initial", "max is 30"),
        (STDIO + "    restart: {max: 61}\n", "restart.cooldown", "cooldown is 60"),
        (STDIO + "    health: {slow: 11}\n", "health.slow", "more than timeout"),
        (STDIO + "    filters: {resources: {deny: [a, '']}}\n", "filters.resources.deny[1]", "empty glob"),
        (STDIO + "    tool_overrides: {a: {name: x}, b: {name: x}}\n", "tool_overrides.b.name", "same name"),
        (STDIO + "    tool_overrides: {a: {name: ''}}\n", "tool_overrides.a.name", "printable"),
        (STDIO + '    args: [a, "b\\0"]\n', "args[1]", "NUL"),
        (STDIO + '    env: {A: "\\0"}\n', "env.A", "NUL"),
        (STDIO + "    env: {A=B: c}\n", 'env."A=B"', "neither = nor NUL"),
        (STDIO + "    env: {'': c}\n", 'env.""', "not empty"),
        (STDIO + "    env_from: [A=b]\n", "env_from[0]", "env sets"),
        (STDIO + "    env: {A: 'secret:x'}\n", "env.A", "${file:PATH}"),
        ("backends: {a: {type: stdio, command: ''}}", "command", "empty"),
        ('backends: {a: {type: stdio, command: "a\\0"}}', "command", "NUL"),
        ("backends: {a: {type: stdio, command: npx -y x}}", "command", "args"),
        (_url("ftp://x"), "url", "http://"),
        (_url("x.example/mcp"), "url", "write http://"),
        (_url("http://"), "url", "host"),
        (_url("secret:x"), "url", "${file:PATH}"),
        (_url("http://[::1"), "url", "host"),
        (_url("http://x:99999"), "url", "host"),
        (_url("http://x:y"), "url", "host"),
        (_url("http://x/a b"), "url", "blanks"),
        (_url("http://ä.example"), "url", "percent"),
        (_url("http://u:p@x/"), "url", "headers"),
        (_url("http://@x/"), "url", "headers"),
        (HTTP + "    headers: {'a b': c}\n", 'headers."a b"', "name of a header"),
        (HTTP + "    headers: {'': c}\n", 'headers.""', "name of a header"),
        (HTTP + "    headers: {Content-Length: 5}\n", "headers.Content-Length", "itself"),
        (HTTP + "    headers: {a: b, A: b}\n", "headers.A", "twice"),
        (HTTP + '    headers: {A: "x\\r\\nB: y"}\n', "headers.A", "one line"),
        (HTTP + '    headers: {A: "x\\0"}\n', "headers.A", "one line"),
        (HTTP + "    headers: {A: 'x '}\n", "headers.A", "blanks"),
        (HTTP + "    headers: {A: 'π'}\n", "headers.A", "Latin-1"),
        (HTTP + "    headers: {A: 'Bearer secret:x'}\n", "headers.A", "${file:PATH}"),
    ],
)
def test_what_makes_no_sense_is_a_problem(text: str, path: str, words: str) -> None:
    found = problem(text)
    assert found.path == f"backends.a.{path}"
    assert words in f"{found.message} {found.hint}"


@pytest.mark.parametrize(
    "text",
    [
        STDIO + "    timeouts: {call: 5000, call_max: 5000}\n",
        STDIO + "    restart: {initial: 30, max: 90, cooldown: 90}\n",
        STDIO + "    health: {slow: 10, timeout: 10, interval: 1}\n",
        STDIO + "    tool_overrides: {a: {name: b}, b: {name: a}}\n",
        "backends: {a: {type: stdio, command: /opt/My App/run}}",
        _url("http://[::1]:8080/mcp?x=1"),
        _url("HTTPS://x"),
        HTTP + "    headers: {A: '', B: 'x y', C: 'ü'}\n",
    ],
)
def test_what_makes_sense_is_taken(text: str) -> None:
    read(text)


def test_a_fragment_in_a_url_is_a_warning_that_does_not_quote_it() -> None:
    [warning] = read(_url("http://x.example/mcp#t0ken")).warnings
    assert warning.path == "backends.a.url"
    assert "fragment" in warning.message
    assert "%23" in warning.hint
    assert "t0ken" not in warning.message + warning.hint
