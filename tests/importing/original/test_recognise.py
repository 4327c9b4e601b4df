"""Whose file it is, by the keys that only one of the two has."""

from __future__ import annotations

import pytest

from argus_trio.config.read.document import read_document
from argus_trio.importing.original.file.recognise import Recognised, recognised
from tests.importing.original.support import refused


@pytest.mark.parametrize(
    ("text", "whose"),
    [
        ("backends: {a: {type: stdio, command: x}}", "either"),
        ("backends: {a: {type: stdio, command: x, group: g}}", "original"),
        ("backends: {a: {type: http, url: https://x}}", "original"),
        ("backends: {a: {type: stdio, container: {volumes: []}}}", "original"),
        ("backends: {a: {type: stdio, timeouts: {init: 3}}}", "original"),
        ("incoming_auth: {type: local}", "original"),
        ("server: {transport: http}\nbackends: {}", "original"),
        ("middleware: []\nbackends: {}", "ours"),
        ("env_file: x.env\nbackends: {}", "ours"),
        ("server: {tls: {}}\nbackends: {}", "ours"),
        ("backends: {a: {type: stdio, command: x, enabled: false}}", "ours"),
        ("backends: {a: {type: stdio, container: {mounts: []}}}", "ours"),
        ("middleware: []\nincoming_auth: {type: local}", "mixed"),
        ("backends: {a: {type: stdio, group: g, enabled: false}}", "mixed"),
        ("name: a workflow\non: push", "neither"),
        ("[1, 2]", "neither"),
        ("", "neither"),
    ],
)
def test_a_file_is_recognised(text: str, whose: Recognised) -> None:
    root = read_document(text).root
    assert recognised(root) == whose


def test_a_file_of_both_says_which_keys_to_take_out() -> None:
    assert refused("incoming_auth: {type: local}\nmiddleware: []\nviews: {}\n") == [
        "2: middleware is a key of argus-trio, and others are the original's: take out what is not to be imported",
        "3: views is a key of argus-trio, and others are the original's: take out what is not to be imported",
    ]


def test_what_is_no_configuration_is_refused() -> None:
    assert refused("name: x\n") == [
        "1: is no configuration of the original Argus: it has none of its keys, such as backends"
    ]


def test_what_is_no_yaml_is_refused_with_its_line() -> None:
    (problem,) = refused("backends:\n  a: {type: stdio\n")
    assert problem.startswith("3: not valid YAML")
