"""Redaction: no known secret stays in a text."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from argus_trio.core.redaction import HIDDEN, MAX_SECRETS, Redactor


def test_a_secret_that_holds_another_is_taken_out_whole() -> None:
    assert Redactor(["pass", "password1"])("x password1 y pass") == f"x {HIDDEN} y {HIDDEN}"


def test_without_secrets_a_text_stays_as_it_is() -> None:
    assert Redactor(["", *()])("anything") == "anything"


@given(st.lists(st.text("abc.*[", min_size=4, max_size=8), min_size=1), st.lists(st.text("xyz"), min_size=1))
def test_no_secret_survives_wherever_it_stands(secrets: list[str], between: list[str]) -> None:
    text = "".join(part + secret for part in between for secret in secrets)
    cleaned = Redactor(secrets)(text).replace(HIDDEN, "|")
    assert not any(secret in cleaned for secret in secrets)


def test_what_is_learned_is_hidden_beside_what_was_known() -> None:
    redact = Redactor(["old-secret"])
    redact.learn(["new-secret", ""])
    assert redact("old-secret new-secret") == f"{HIDDEN} {HIDDEN}"


def test_the_oldest_secret_is_forgotten_when_there_are_too_many() -> None:
    redact = Redactor(["first", "second"])
    redact.learn(["first"])
    redact.learn(f"number {n}" for n in range(MAX_SECRETS - 1))
    assert redact("first second number 5.") == f"{HIDDEN} second {HIDDEN}."


def test_a_secret_is_hidden_in_lower_case_too_unless_it_may_be_a_word() -> None:
    redact = Redactor(["Sk-Secret1", "True"])
    assert redact("sk-secret1.example Sk-Secret1 True true") == "[redacted].example [redacted] [redacted] true"
