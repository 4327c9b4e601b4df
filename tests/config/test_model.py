"""The model: what its metadata promises to the loader, the schema and the reload."""

from __future__ import annotations

from typing import get_args

import attrs

from argus_trio.config.model import BackendSpec, Config

LINK = {"type", "protocol", "session", "command", "args", "env", "env_from", "cwd", "url", "headers", "tls"}


def test_the_link_part_is_what_a_connection_is_opened_with() -> None:
    fields = [field for cls in get_args(BackendSpec) for field in attrs.fields(cls)]
    assert {field.name for field in fields if field.metadata.get("part") == "link"} == LINK


def test_an_empty_configuration_has_every_default() -> None:
    assert Config().server.port == 9000
    assert Config() == Config()


def test_secrets_are_neither_shown_nor_compared() -> None:
    config = Config(secrets=frozenset({"hush-hush"}))
    assert "hush-hush" not in repr(config)
    assert config == Config()
