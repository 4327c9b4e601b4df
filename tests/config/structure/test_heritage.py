"""What is said of keys that other programs have."""

from __future__ import annotations

import pytest

from argus_trio.config.model.config import Config
from argus_trio.config.structure.heritage import KEYS, TYPES, advice
from argus_trio.config.structure.structure import BACKEND_TYPES, MIDDLEWARE_TYPES, keys_of
from tests.config.support.reading import HTTP, STDIO, problem


def test_no_key_of_the_table_is_a_key_here() -> None:
    top = {key for key in KEYS if "." not in key}
    assert not top & set(keys_of(Config))
    backend = {key.split(".")[2] for key in KEYS if key.startswith("backends.*.") and key.count(".") == 2}
    for cls in BACKEND_TYPES.values():
        assert not backend & set(keys_of(cls))


def test_every_word_for_a_type_means_one_that_there_is() -> None:
    known = {*BACKEND_TYPES, *MIDDLEWARE_TYPES}
    assert set(TYPES.values()) <= known
    assert not set(TYPES) & known


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("incoming_auth: {type: jwt}", "type: authentication"),
        ("secrets: {enabled: true}", "${VAR} or ${file:PATH}"),
        ("mcpServers: {a: {command: x}}", "backends:"),
        ("server: {transport: streamable-http}", "/mcp and /sse"),
        (STDIO + "    timeouts: {init: 5}\n", "timeouts.connect"),
        (STDIO + "    group: x\n", "no counterpart"),
        (STDIO + "    container_isolation: false\n", "container: {isolation: off}"),
        (HTTP + "    auth: {type: static}\n", "headers"),
        (STDIO + "    tool_rename: {a: b}\n", "tool_overrides"),
        (HTTP + "    proxy: http://p\n", "HTTPS_PROXY"),
        (HTTP + "    tls: {verify: false}\n", "ca_file"),
        ("logging: {level: debug}", "--log-level"),
        ("telemetry: {enabled: true, otlp_endpoint: 'http://localhost:4317'}", "http://HOST:4318"),
        ("audit: {enabled: true}", "type: logging"),
    ],
)
def test_a_key_of_the_original_is_answered_with_what_stands_for_it(text: str, words: str) -> None:
    found = problem(text)
    assert found.message == "unknown key"
    assert words in found.hint


def test_a_backend_may_have_any_name() -> None:
    assert advice(("backends", "x.y", "group")) == advice(("backends", "z", "group")) != ""
    assert advice(("backends", "group")) == ""
