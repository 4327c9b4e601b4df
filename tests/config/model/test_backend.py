"""What the model of a backend promises to the reload."""

from __future__ import annotations

from typing import get_args

import attrs

from argus_trio.config.model.backend import BackendSpec

LINK = {
    "type",
    "protocol",
    "session",
    "command",
    "args",
    "env",
    "env_from",
    "cwd",
    "url",
    "headers",
    "tls",
    "container",
}


def test_the_link_part_is_what_a_connection_is_opened_with() -> None:
    fields = [field for cls in get_args(BackendSpec) for field in attrs.fields(cls)]
    assert {field.name for field in fields if field.metadata.get("part") == "link"} == LINK
