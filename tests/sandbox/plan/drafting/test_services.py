"""Services of this machine that a backend names, and could not reach."""

from __future__ import annotations

import pytest

from argus_trio.config.model.container import Container, NetworkSpec
from tests.sandbox.plan.support import backend, contained


@pytest.mark.parametrize(
    ("word", "service"),
    [
        ("postgresql://user:SECRET@localhost/db", "localhost:5432"),
        ("postgresql+asyncpg://user:SECRET@db:6000/x", "db:6000"),
        ("--url=http://127.0.0.1:8080/sse", "localhost:8080"),
        ("http://[::1]:8080", "localhost:8080"),
        ("redis://host.docker.internal", "localhost:6379"),
        ("https://nas.local/x", "nas.local:443"),
        ("mongodb://a:1/x", "a:1"),
    ],
)
def test_a_private_service_that_is_named_is_said_with_what_to_write(word: str, service: str) -> None:
    (note,) = contained(backend("uvx", "x", word)).notes
    assert note == (
        f'args[1] names {service}, which it does not reach: write container: {{host_services: ["{service}"]}}'
    )
    (note,) = contained(backend("uvx", "x", env={"URL": word})).notes
    assert note.startswith(f"env.URL names {service}")
    opened = Container(host_services=(service,))
    assert contained(backend("uvx", "x", word, container=opened)).notes == ()


def test_an_address_needs_a_name() -> None:
    (note,) = contained(backend("uvx", "x", "postgres://10.0.0.5/db")).notes
    assert note == (
        "args[1] names 10.0.0.5:5432, which it does not reach: hosts are reached by name, so give it one, and write "
        "that in host_services"
    )


@pytest.mark.parametrize(
    "word",
    [
        "https://api.github.com",
        "https://8.8.8.8/",
        "foo://localhost",
        "http://localhost:99999",
        "localhost:80",
        "http://",
        "",
    ],
)
def test_what_is_public_or_no_service_is_not_spoken_of(word: str) -> None:
    assert contained(backend("uvx", "x", word)).notes == ()


@pytest.mark.parametrize("mode", ["none", "bridge"])
def test_where_there_is_no_filter_nothing_is_to_be_opened(mode: str) -> None:
    container = Container(network=NetworkSpec(mode=mode))  # type: ignore[arg-type]  # two of the four modes
    assert contained(backend("uvx", "x", "http://localhost", container=container)).notes == ()
