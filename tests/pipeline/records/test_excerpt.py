"""The beginning of arguments and results, without secrets."""

from __future__ import annotations

import json

import pytest

from argus_trio.pipeline.records.excerpt import Excerpts


def test_what_is_longer_is_cut_between_characters() -> None:
    assert Excerpts.of(8, (), ())(b'"abc"') == '"abc"'
    assert Excerpts.of(4, (), ())('"aäöü"'.encode()) == '"aä…'


@pytest.mark.parametrize("secret", ["s3cret-token", 'with "quotes"', "päss/wörd"])
@pytest.mark.parametrize("ascii_only", [True, False])
def test_a_secret_of_the_configuration_is_hidden_however_json_spells_it(secret: str, ascii_only: bool) -> None:
    shown = Excerpts.of(100, (), [secret])(json.dumps({"a": secret}, ensure_ascii=ascii_only).encode())
    assert shown == '{"a": "[redacted]"}'


def test_a_secret_that_the_cut_would_divide_is_hidden_whole() -> None:
    shown = Excerpts.of(10, (), ["s3cret-token"])(b'"abc s3cret-token"')
    assert "s3" not in shown


def test_what_the_cut_would_divide_is_hidden_whole() -> None:
    shown = Excerpts.of(10, (r"\d{4}-\d{4}",), ())(b'"abc 1234-5678"')
    assert shown == '"abc [redac…'[:10] + "…"


def test_what_matches_a_pattern_is_hidden() -> None:
    excerpts = Excerpts.of(100, (r"\d{4}-\d{4}", '(?i)password=[^"&]+'), ())
    assert excerpts(b'"1234-5678 Password=x&y"') == '"[redacted] [redacted]&y"'


def test_bytes_that_are_no_text_are_shown_all_the_same() -> None:
    assert Excerpts.of(100, (), ())(b'"\xff"') == '"\ufffd"'
