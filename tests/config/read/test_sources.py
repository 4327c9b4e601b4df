"""Which files were read, and how they stood."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from argus_trio.config.load import parse
from argus_trio.config.read.sources import Sources, stamp
from argus_trio.errors import ConfigInvalid


def test_a_file_stands_differently_after_a_write_and_after_a_replacement(tmp_path: Path) -> None:
    file, other = tmp_path / "a", tmp_path / "b"
    file.write_text("same")
    first = stamp(file)
    assert stamp(file) == first
    file.write_text("longer")
    second = stamp(file)
    other.write_text("longer")
    other.replace(file)
    assert len({first, second, stamp(file)}) == 3


def test_what_cannot_be_seen_has_no_stamp(tmp_path: Path) -> None:
    assert stamp(tmp_path / "absent") is None
    assert stamp(tmp_path / "nul\0") is None
    os.mkfifo(tmp_path / "pipe")
    assert stamp(tmp_path / "pipe") is None


def test_a_file_keeps_the_stamp_of_its_first_reading(tmp_path: Path) -> None:
    sources, file = Sources(), tmp_path / "a"
    sources.note(file)
    file.touch()
    sources.note(file)
    assert sources.stamps == {file: None}


def test_every_file_that_a_configuration_names_is_a_source_though_it_has_problems(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("hush")
    sources = Sources()
    text = """
        server: {tls: {cert_file: c.pem, key_file: k.pem}}
        backends:
          a: {type: sse, url: https://a.example, headers: {X: "${file:token}"}, tls: {ca_file: ca.pem}}
          b: {type: stdio, command: run, args: ["${file:absent}"]}
    """
    with pytest.raises(ConfigInvalid):
        parse(text, source="test", folder=tmp_path, environ={}, sources=sources)
    assert {path.name for path in sources.stamps} == {"c.pem", "k.pem", "token", "ca.pem", "absent"}
    assert {path.name for path, seen in sources.stamps.items() if seen is not None} == {"token"}
