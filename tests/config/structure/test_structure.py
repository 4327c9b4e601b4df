"""From the tree to values, and every part that does not fit."""

from __future__ import annotations

import attrs
import pytest

from argus_trio.config.model.backend import HttpBackend, SseBackend, StdioBackend
from argus_trio.config.model.config import Config
from argus_trio.config.model.operation import Timeouts
from argus_trio.config.model.visibility import Globs, Override
from tests.config.support.reading import HTTP, STDIO, paths, problem, problems, read


def test_a_whole_file_becomes_values() -> None:
    config = read(
        """
        version: 1
        server: {host: localhost, port: 0, startup_grace: 2.5}
        backends:
          b:
            type: stdio
            command: npx
            args: [-y, 8080, 1.10, yes]
            env: {DEBUG: on, LEVEL: 3}
            env_from: [TOKEN]
            timeouts: {call: 5}
            filters: {tools: {deny: ["x_*"]}}
            tool_overrides: {t: {name: u}}
          a: {type: sse, url: "http://h/sse", headers: {X: 1}}
          c: {type: streamable-http, url: "https://h", prefix: ""}
        conflict_resolution: {strategy: priority, separator: "-", order: [c]}
        """
    )
    assert list(config.backends) == ["b", "a", "c"]
    stdio, sse, http = config.backends.values()
    assert isinstance(stdio, StdioBackend)
    assert (stdio.name, stdio.args, dict(stdio.env)) == (
        "b",
        ("-y", "8080", "1.10", "yes"),
        {"DEBUG": "on", "LEVEL": "3"},
    )
    assert stdio.timeouts == Timeouts(call=5.0)
    assert stdio.filters.tools == Globs(deny=("x_*",))
    assert dict(stdio.tool_overrides) == {"t": Override(name="u")}
    assert isinstance(sse, SseBackend)
    assert dict(sse.headers) == {"X": "1"}
    assert isinstance(http, HttpBackend)
    assert http.prefix == ""
    assert (config.version, config.server.port, config.server.startup_grace) == ("1", 0, 2.5)
    assert config.conflict_resolution.order == ("c",)


def test_the_values_cannot_be_changed() -> None:
    backend = read(STDIO + "    env: {A: b}\n").backends["a"]
    assert isinstance(backend, StdioBackend)
    with pytest.raises(TypeError):
        backend.env["A"] = "c"  # type: ignore[index]  # that it cannot be assigned is the point
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        backend.enabled = False  # type: ignore[misc]  # that it cannot be assigned is the point


def test_the_same_text_gives_equal_values() -> None:
    text = STDIO + "    env: {A: b}\n    tool_overrides: {t: {name: u}}\n"
    assert read(text) == read(text)


def test_a_key_with_nothing_behind_it_counts_as_not_given() -> None:
    assert read("version: '1'\nserver:\nbackends:\nconflict_resolution: {order: }\n") == Config()
    config = read(STDIO + "    args:\n    env:\n    cwd: null\n    prefix: ~\n    timeouts: {call: }\n")
    assert config == read(STDIO)


@pytest.mark.parametrize(
    ("text", "path", "line", "expected", "hint"),
    [
        ("server: 5", "server", 1, "a mapping, found 5", "its keys are host, port"),
        ("server:\n  port: '9000'", "server.port", 2, "whole number from 0 to 65535, found text in quotes", "without"),
        ("server:\n  port: true", "server.port", 2, "found true", ""),
        ("server: {port: 70000}", "server.port", 1, "found 70000", ""),
        ("server: {port: 90.5}", "server.port", 1, "whole number", ""),
        ("server: {startup_grace: .inf}", "server.startup_grace", 1, "a number of at least 0, found text", ""),
        ("server: {startup_grace: -1}", "server.startup_grace", 1, "a number of at least 0, found -1", ""),
        ("server: {limits: {memory: 5}}", "server.limits.memory", 1, "of at least 1048576, found 5", ""),
        ("server: {max_body_bytes: 0}", "server.max_body_bytes", 1, "of at least 1", ""),
        ("server: {allow_unauthenticated: 1}", "server.allow_unauthenticated", 1, "true or false, found 1", ""),
        (
            "server: {allow_unauthenticated: 'yes'}",
            "server.allow_unauthenticated",
            1,
            "true or false",
            "without quotes",
        ),
        ("server: {allowed_hosts: a}", "server.allowed_hosts", 1, "a list, found text", "dash"),
        ("server: {allowed_hosts: [a, [b]]}", "server.allowed_hosts[1]", 1, "text, found a list", ""),
        ("server: {tls: {cert_file: /nowhere}}", "server.tls.key_file", 1, "missing", "a PEM file"),
        ("server: {hots: a}", "server.hots", 1, "unknown key", "'host'"),
        ("version: 2", "version", 1, "expected \"1\", found '2'", ""),
        ("versoin: 1", "versoin", 1, "unknown key", "'version'"),
        (
            "zzz: 1",
            "zzz",
            1,
            "unknown key",
            "known here: version, env_file, server, defaults, isolation, backends, conflict_resolution",
        ),
        ("secrets_: 1", "secrets_", 1, "unknown key", "known here"),
        ("backends: [a]", "backends", 1, "a mapping, found a list", "each name is a key"),
        ("backends: {a: npx}", "backends.a", 1, "a mapping, found text", "type"),
        ("backends: {a: }", "backends.a", 1, "a mapping, found nothing", "type"),
        ("backends:\n  a: {}", "backends.a.type", 2, "missing: expected one of stdio, sse, streamable-http", ""),
        ("backends: {a: {command: x}}", "backends.a.type", 1, "missing", "write type: stdio"),
        ("backends: {a: {url: 'http://x'}}", "backends.a.type", 1, "missing", "write type: streamable-http"),
        ("backends: {a: {type: stdio}}", "backends.a.command", 1, "missing", "such as npx"),
        ("backends: {a: {type: stdio, command: }}", "backends.a.command", 1, "missing", "such as npx"),
        (
            "middleware: [{type: authentication}]",
            "middleware[0].methods",
            1,
            "missing",
            "write methods: [{type: bearer",
        ),
        ("middleware: [{type: rate_limit}]", "middleware[0].limits", 1, "missing", "write limits: [{scope: principal"),
        ("backends: {a: {type: sse, url: ~}}", "backends.a.url", 1, "missing", "https://"),
        ("backends: {a: {type: [x], command: x}}", "backends.a.type", 1, "found a list", ""),
        ("backends: {a: {type: stido, command: x}}", "backends.a.type", 1, "found 'stido'", "'stdio'"),
        (STDIO + "    protocol: modren\n", "backends.a.protocol", 5, "one of auto, legacy, modern", "'modern'"),
        (STDIO + "    name: b\n", "backends.a.name", 5, "unknown key", "is its key"),
        (STDIO + "    url: http://x\n", "backends.a.url", 5, "unknown key", "type: sse"),
        (STDIO + "    timeouts: {conect: 1}\n", "backends.a.timeouts.conect", 5, "unknown key", "'connect'"),
        (STDIO + "    timeouts: {call: 0}\n", "backends.a.timeouts.call", 5, "at least 0.001, found 0", ""),
        (STDIO + "    timeouts: {call: 90s}\n", "backends.a.timeouts.call", 5, "found text", "write 90"),
        (STDIO + "    timeouts: {call: 2 min}\n", "backends.a.timeouts.call", 5, "found text", "write 120"),
        (STDIO + "    health: {relist: 5m}\n", "backends.a.health.relist", 5, "at least 0.001", "seconds"),
        (STDIO + "    health: {relist: -1}\n", "backends.a.health.relist", 5, "at least 0.001, found -1", ""),
        (STDIO + "    health: {relist: 0}\n", "backends.a.health.relist", 5, "at least 0.001, found 0", ""),
        (STDIO + "    limits: {message: 64MiB}\n", "backends.a.limits.message", 5, "found text", "write 67108864"),
        (STDIO + "    limits: {message: many}\n", "backends.a.limits.message", 5, "found text", ""),
        (
            "server: {max_body_bytes: 4 kB}",
            "server.max_body_bytes",
            1,
            "found text",
            "bytes, without a unit: write 4096",
        ),
        (STDIO + "    env: [A=b]\n", "backends.a.env", 5, "a mapping, found a list", "NAME: value"),
        (STDIO + "    env: {A: }\n", "backends.a.env.A", 5, "text, found nothing", '""'),
        (STDIO + "    cwd: ~\n", "backends.a.cwd", 5, "a path, found nothing", 'write "~"'),
        (STDIO + "    cwd: ''\n", "backends.a.cwd", 5, "a path, found an empty text", ""),
        (STDIO + '    cwd: "\\0"\n', "backends.a.cwd", 5, "NUL", ""),
        (STDIO + "    tool_overrides: {t: u}\n", "backends.a.tool_overrides.t", 5, "a mapping", "name, description"),
        (HTTP + "    command: x\n", "backends.a.command", 5, "unknown key", "type: stdio"),
        (HTTP + "    headers: [a]\n", "backends.a.headers", 5, "a mapping", "Name: value"),
    ],
)
def test_what_does_not_fit_is_one_problem_that_says_how(
    text: str, path: str, line: int, expected: str, hint: str
) -> None:
    found = problem(text)
    assert (found.path, found.line) == (path, line)
    assert expected in found.message
    assert hint in found.hint
    assert bool(hint) == bool(found.hint)


@pytest.mark.parametrize("word", ["http", "remote", "streamable_http", "HTTP"])
def test_other_words_for_streamable_http_are_answered_with_it(word: str) -> None:
    assert problem(f"backends: {{a: {{type: {word}, url: 'http://x'}}}}").hint == "did you mean 'streamable-http'?"


def test_the_command_as_a_list_is_answered_with_args() -> None:
    assert "args" in problem("backends: {a: {type: stdio, command: [npx, -y]}}").hint


def test_every_problem_is_told_at_once_and_in_file_order() -> None:
    found = problems(
        """
        server:
          port: x
          host: 0.0.0.0
        backends:
          a:
            type: stdoi
            command: [npx]
            args: x
            timeouts: {call: 5000}
          b:
            type: sse
            url: ftp://x
            headers: {"a b": c}
          c__d: 5
        conflict_resolution:
          order: [a, nobody]
        nobody: 1
        """
    )
    assert paths(found) == [
        "server.port",
        "server.host",
        "backends.a.type",
        "backends.a.command",
        "backends.a.args",
        "backends.b.url",
        'backends.b.headers."a b"',
        "backends.c__d",
        "backends.c__d",
        "conflict_resolution.order[1]",
        "nobody",
    ]
    assert [each.line for each in found] == sorted(each.line or 0 for each in found)


def test_what_only_follows_from_another_problem_is_not_told() -> None:
    text = "server:\n  host: 0.0.0.0\n  allow_unauthenticated: maybe\n"
    assert problem(text).path == "server.allow_unauthenticated"
    assert problem(STDIO + "    timeouts: {call: 5000, call_max: x}\n").path == "backends.a.timeouts.call_max"
    assert problem("backends: {a: 5}\nconflict_resolution: {order: [a]}\n").path == "backends.a"


def test_numbers_and_booleans_may_be_spliced_in() -> None:
    text = "server: {port: '${PORT}', allow_unauthenticated: '${OPEN:-no}', startup_grace: '${GRACE}'}"
    server = read(text, environ={"PORT": "81", "GRACE": "1.5"}).server
    assert (server.port, server.allow_unauthenticated, server.startup_grace) == (81, False, 1.5)
    assert problem(text, environ={"PORT": "tcp", "GRACE": "1"}).message.endswith("found what ${...} brought in")


@pytest.mark.parametrize(
    ("word", "meant"),
    [("authorization", "rbac"), ("incoming_auth", "authentication"), ("audit", "logging"), ("otel", "telemetry")],
)
def test_words_for_middleware_of_other_programs_lead_to_those_here(word: str, meant: str) -> None:
    assert problem(f"middleware: [{{type: {word}}}]").hint == f"did you mean {meant!r}?"


def test_what_stands_behind_an_entry_that_does_not_fit_is_found_where_it_stands() -> None:
    text = """
        middleware:
          - type: loging
          - type: authentication
            methods:
              - type: basic
              - {type: jwt, issuer: idp, audience: a}
          - {type: logging, redact: ["("]}
        """
    found = [(each.path, each.line) for each in problems(text)]
    assert found == [
        ("middleware[0].type", 3),
        ("middleware[1].methods[0].type", 6),
        ("middleware[1].methods[1].issuer", 7),
        ("middleware[2].redact[0]", 8),
    ]
