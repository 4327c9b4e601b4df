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
        (STDIO + "    isolation: off\n", "container: {isolation: auto}"),
        (STDIO + "    builder_image: x\n", "container: {base_image: IMAGE}"),
        (STDIO + "    system_deps: [git]\n", "dockerfile"),
        (STDIO + "    volumes: [/a:/b]\n", "mounts: [{source: PATH"),
        (STDIO + "    network: none\n", "under container"),
        (STDIO + "    container: {volumes: [/a:/b]}\n", "mounts: [{source: PATH, target: PATH, mode: rw}]"),
        (STDIO + "    container: {extra_args: [--privileged]}\n", "flags of an engine"),
        (STDIO + "    container: {system_deps: [git]}\n", "base_image: <an image that has them>"),
        (STDIO + "    container: {build_system_deps: [git]}\n", "a Dockerfile that installs them"),
        (STDIO + "    container: {additional_packages: [git]}\n", "a Dockerfile that installs them"),
        (STDIO + "    container: {builder_image: x}\n", "write base_image"),
        (STDIO + "    container: {transport: uvx}\n", "the command says it"),
        (STDIO + "    container: {go_package: x}\n", "dockerfile"),
        (STDIO + "    container: {source_url: 'https://x'}\n", "with these steps"),
        (STDIO + "    container: {build_steps: [make]}\n", "with these steps"),
        (STDIO + "    container: {build_env: {A: b}}\n", "with these steps"),
        (STDIO + "    container: {source_ref: main}\n", "with these steps"),
        (STDIO + "    container: {entrypoint: [x]}\n", "command and args of the backend"),
        (STDIO + "    container: {env: {A: b}}\n", "env of the backend"),
        (STDIO + "    container: {user: root}\n", "no root"),
        (STDIO + "    container: {privileged: true}\n", "flags of an engine"),
        (STDIO + "    container: {allow: ['a:1']}\n", "network: {allow: [HOST:PORT]}"),
        (STDIO + "    container: {mounts: [{source: /, readonly: true}]}\n", "mode: ro"),
        ("defaults: {container: {volumes: [/a:/b]}}", "mounts: [{source: PATH, target: PATH, mode: rw}]"),
        ("defaults: {isolation: off}", "at the top level"),
        ("container: {enabled: false}", "under defaults"),
        ("container_isolation: false", "isolation: auto, required or off"),
        ("feature_flags: {container_isolation: false}", "isolation: off"),
        ("strict: true", "defaults: {container: {strict: true}}"),
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
