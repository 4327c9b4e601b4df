"""Relative paths made absolute."""

from __future__ import annotations

from pathlib import Path

import pytest

from argus_trio.config.model.backend import ClientTls, HttpBackend, StdioBackend
from argus_trio.config.model.config import Config
from argus_trio.config.model.server import Server, ServerTls
from argus_trio.config.read.locate import Locator

LOCATOR = Locator(folder=Path("/conf"), environ={"HOME": "/home/me"})


def _command(command: str) -> str:
    located = LOCATOR.config(Config(backends={"a": StdioBackend(name="a", command=command)})).backends["a"]
    assert isinstance(located, StdioBackend)
    return located.command


@pytest.mark.parametrize(
    ("command", "located"),
    [
        ("npx", "npx"),
        ("./run", "/conf/run"),
        ("bin/run", "/conf/bin/run"),
        ("/bin/run", "/bin/run"),
        ("~/run", "/home/me/run"),
    ],
)
def test_a_command_with_a_slash_is_a_path(command: str, located: str) -> None:
    assert _command(command) == located


def test_every_path_is_located() -> None:
    config = Config(
        server=Server(tls=ServerTls(cert_file=Path("c"), key_file=Path("/k"))),
        backends={
            "a": StdioBackend(name="a", command="x", cwd=Path("~")),
            "b": HttpBackend(name="b", url="http://x", tls=ClientTls(ca_file=Path("ca"))),
        },
    )
    located = LOCATOR.config(config)
    assert located.server.tls == ServerTls(cert_file=Path("/conf/c"), key_file=Path("/k"))
    stdio, http = located.backends.values()
    assert isinstance(stdio, StdioBackend)
    assert stdio.cwd == Path("/home/me")
    assert isinstance(http, HttpBackend)
    assert http.tls.ca_file == Path("/conf/ca")


def test_without_paths_nothing_changes() -> None:
    config = Config(backends={"a": StdioBackend(name="a", command="x"), "b": HttpBackend(name="b", url="http://x")})
    assert LOCATOR.config(config) == config
