"""What listens beyond loopback."""

from __future__ import annotations

import pytest

from argus_trio.config.check.loopback import exposure, is_loopback
from argus_trio.config.model.config import Config
from argus_trio.config.model.server import Server


@pytest.mark.parametrize("host", ["127.0.0.1", "127.255.0.9", "::1", "localhost", "LOCALHOST"])
def test_loopback_is_reached_only_from_here(host: str) -> None:
    assert is_loopback(host)
    assert exposure(Config(server=Server(host=host))) is None


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "", "192.168.1.2", "127.0.0.1.example", "::ffff:127.0.0.1", "127.1"])
def test_everything_else_needs_the_key_that_is_named(host: str) -> None:
    assert not is_loopback(host)
    found = exposure(Config(server=Server(host=host)))
    assert found is not None
    assert found.path == "server.host"
    assert "server.allow_unauthenticated: true" in found.hint
    assert exposure(Config(server=Server(host=host, allow_unauthenticated=True))) is None
