"""Redaction: no known secret stays in a text."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from argus_trio.core.redaction import HIDDEN, Redactor


def test_a_secret_that_holds_another_is_taken_out_whole() -> None:
    assert Redactor(["pass", "password1"])("x password1 y pass") == f"x {HIDDEN} y {HIDDEN}"


def test_without_secrets_a_text_stays_as_it_is() -> None:
    assert Redactor(["", *()])("anything") == "anything"


@given(st.lists(st.text("abc.*[", min_size=4, max_size=8), min_size=1), st.lists(st.text("xyz"), min_size=1))
def test_no_secret_survives_wherever_it_stands(secrets: list[str], between: list[str]) -> None:
    text = "".join(part + secret for part in between for secret in secrets)
    cleaned = Redactor(secrets)(text).replace(HIDDEN, "|")
    assert not any(secret in cleaned for secret in secrets)
