"""The configuration as a whole."""

from __future__ import annotations

from argus_trio.config.model.config import Config


def test_an_empty_configuration_has_every_default() -> None:
    assert Config().server.port == 9000
    assert Config() == Config()


def test_secrets_are_neither_shown_nor_compared() -> None:
    config = Config(secrets=frozenset({"hush-hush"}))
    assert "hush-hush" not in repr(config)
    assert config == Config()
