"""The hint for an unknown key."""

from __future__ import annotations

from argus_trio.config.structure.unknown import hint_for


def test_the_key_that_was_meant_is_named() -> None:
    assert hint_for(("server", "max-body-bytes"), ("host", "max_body_bytes")) == "did you mean 'max_body_bytes'?"
    assert hint_for(("backends", "a", "timeout_"), ("timeouts", "type")) == "did you mean 'timeouts'?"


def test_where_nothing_is_near_everything_known_is_named() -> None:
    assert hint_for(("server", "zzz"), ("host", "port")) == "known here: host, port"


def test_a_key_of_another_type_of_backend_is_sent_there() -> None:
    assert "type: stdio" in hint_for(("backends", "a", "cwd"), ("url",))
    assert hint_for(("server", "cwd"), ("host",)) == "known here: host"
