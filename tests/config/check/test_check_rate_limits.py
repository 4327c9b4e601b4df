"""Whether the limits of a file count something."""

from __future__ import annotations

import pytest

from argus_trio.config.model.middleware import RateLimit, RateLimitSpec
from tests.config.support.reading import paths, problem, problems, read

LOGIN = "{type: authentication, methods: [{type: api_key, keys: [{key: 0123456789abcdef, principal: a}]}]}"


def one(limit: str) -> str:
    return f"middleware: [{{type: rate_limit, limits: [{{scope: principal, calls: 1, per: 1, {limit}}}]}}]"


@pytest.mark.parametrize(
    ("text", "path", "words"),
    [
        ("middleware: [{type: rate_limit, limits: []}]", "middleware[0].limits", "scope: principal, calls: 120"),
        (one("burst: 0"), "limits[0].burst", "from 1 to"),
        (one("tools: ['a*', '']"), "limits[0].tools[1]", "empty glob"),
        (one("methods: ['']"), "limits[0].methods[0]", "empty glob"),
        (one("methods: [tool/call]"), "limits[0].methods[0]", "did you mean 'tools/call'"),
        (one("methods: [tools]"), "limits[0].methods[0]", "tools/list"),
        (one("methods: [tools/list, initialize]"), "limits[0].methods[1]", "no middleware is asked"),
        (one("methods: [ping]"), "limits[0].methods[0]", "before authentication"),
        (one("methods: [notifications/progress]"), "limits[0].methods[0]", "no middleware is asked"),
        (one("tools: [a], methods: [tools/call, prompts/get]"), "limits[0].methods[1]", "of its own"),
        ("middleware: [{type: rate_limit, limits: [{scope: global, calls: 1, per: .inf}]}]", "per", "number"),
        ("middleware: [{type: rate_limit, limits: [{scope: all, calls: 1, per: 1}]}]", "scope", "principal, global"),
    ],
)
def test_a_limit_that_makes_no_sense_is_answered_with_what_to_write(text: str, path: str, words: str) -> None:
    found = problem(text)
    assert found.path.endswith(path)
    assert words in f"{found.message}; {found.hint}"


@pytest.mark.parametrize("key", ["tools: [a]", "methods: [tools/list]"])
def test_before_authentication_only_requests_can_be_counted(key: str) -> None:
    limits = f"{{type: rate_limit, limits: [{{scope: principal, calls: 1, per: 1, {key}}}]}}"
    found = problem(f"middleware: [{limits}, {LOGIN}]")
    assert found.path == f"middleware[0].limits[0].{key.split(':')[0]}"
    assert "behind authentication" in found.hint


def test_the_same_limit_twice_would_be_one_and_is_refused_wherever_it_stands() -> None:
    limit = "{scope: global, calls: 9, per: 60}"
    text = f"middleware: [{{type: rate_limit, limits: [{limit}, {limit}]}}, {{type: rate_limit, limits: [{limit}]}}]"
    found = problems(text)
    assert paths(found) == ["middleware[0].limits[1]", "middleware[1].limits[0]"]
    assert "middleware[0].limits[0]" in found[0].message


def test_a_method_that_only_an_extension_could_have_is_a_warning() -> None:
    (warning,) = read(one("methods: ['*', 'tasks/*', 'vendor.example/*', tools/list]")).warnings
    assert warning.path == "middleware[0].limits[0].methods[2]"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "rate_limits: {enabled: true, default: {requests: 100, window_seconds: 60}}",
            "{scope: principal, calls: 100,",
        ),
        ("middleware: [{type: rate_limit, limits: [{scope: global, calls: 1, per: 1, window_seconds: 60}]}]", "per:"),
        ("middleware: [{type: rate_limit, limits: [{scope: global, calls: 1, per: 1, requests: 60}]}]", "calls:"),
    ],
)
def test_the_words_of_the_original_are_answered_with_those_of_this_gateway(text: str, words: str) -> None:
    assert words in problem(text).hint


def test_what_stands_behind_an_entry_that_cannot_be_read_is_not_judged_by_a_wrong_number() -> None:
    limits = "{calls: 1, per: 1}, {scope: global, calls: 1, per: 1, tools: ['']}"
    assert paths(problems(f"middleware: [{{type: rate_limit, limits: [{limits}]}}]")) == [
        "middleware[0].limits[0].scope"
    ]
    assert paths(problems("middleware: [{type: nothing}, {type: rate_limit, limits: []}]")) == ["middleware[0].type"]


def test_the_example_of_the_page_is_read_as_it_says() -> None:
    config = read("""
        middleware:
          - type: rate_limit
            limits:
              - {scope: principal, calls: 120, per: 60}
              - {scope: global, calls: 2000, per: 60}
              - {scope: principal, tools: ["search__*"], calls: 10, per: 60, burst: 3}
              - {scope: principal, methods: [tools/list], calls: 30, per: 60}
    """)
    assert not config.warnings
    (spec,) = config.middleware
    assert isinstance(spec, RateLimitSpec)
    assert spec.limits[2] == RateLimit(scope="principal", calls=10, per=60, burst=3, tools=("search__*",))
