"""Where packages come from."""

from __future__ import annotations

import pytest

from argus_trio.config.model.container import Container
from argus_trio.sandbox.plan.outcome import Contained, InstalledImage
from tests.sandbox.plan.support import DOCKER, backend, contained, here, refused


def image(
    *words: str, container: Container | None = None, env: dict[str, str] | None = None, **gateway: str
) -> InstalledImage:
    plan: Contained = contained(backend(*words, container=container, env=env or {}), DOCKER, here(gateway))
    assert isinstance(plan.image, InstalledImage)
    return plan.image


@pytest.mark.parametrize(
    ("words", "base"),
    [
        (("uvx", "x"), "python:3.13-slim"),
        (("uvx", "--python", "3.12", "x"), "python:3.12-slim"),
        (("uvx", "--from", "git+https://github.com/a/b", "x"), "python:3.13"),
        (("uvx", "--python", "3.11", "--with", "b @ git+https://github.com/a/b", "x"), "python:3.11"),
        (("npx", "x"), "node:22-slim"),
        (("npx", "github:a/b"), "node:22"),
    ],
)
def test_the_base_is_what_the_command_line_needs(words: tuple[str, ...], base: str) -> None:
    assert image(*words).base == base
    assert image(*words, container=Container(base_image="mine")).base == "mine"


def test_packages_of_the_file_come_behind_those_of_the_command_line() -> None:
    container = Container(packages=("psycopg2-binary", "x", "requests@2.31"))
    assert image("uvx", "x", container=container).packages == ("x", "psycopg2-binary", "requests==2.31")


@pytest.mark.parametrize(
    "package", ["-e", "--index-url=https://evil", "./x", "/srv/x", "file:///x", "a; rm", "git+ssh://x/y"]
)
@pytest.mark.parametrize("command", ["uvx", "npx"])
def test_what_is_no_package_of_an_index_is_refused(command: str, package: str) -> None:
    why = refused(backend(command, "x", container=Container(packages=(package,))))
    assert why.startswith(f"container.packages: {package} is nothing that ")


@pytest.mark.parametrize(
    ("words", "container", "env", "gateway", "index"),
    [
        ((), Container(), {}, {}, None),
        ((), Container(), {}, {"PIP_INDEX_URL": "https://pip"}, "https://pip"),
        ((), Container(), {}, {"PIP_INDEX_URL": "https://pip", "UV_INDEX_URL": "https://uv"}, "https://uv"),
        ((), Container(), {}, {"UV_INDEX_URL": "https://uv", "UV_DEFAULT_INDEX": "https://d"}, "https://d"),
        ((), Container(), {"PIP_INDEX_URL": "https://env"}, {"PIP_INDEX_URL": "https://pip"}, "https://env"),
        (("--index-url", "https://arg"), Container(), {"PIP_INDEX_URL": "https://env"}, {}, "https://arg"),
        (("--index-url", "https://arg"), Container(index_url="https://file"), {}, {}, "https://file"),
    ],
)
def test_the_index_is_the_files_then_the_command_lines_then_that_of_variables(
    words: tuple[str, ...], container: Container, env: dict[str, str], gateway: dict[str, str], index: str | None
) -> None:
    assert image("uvx", *words, "x", container=container, env=env, **gateway).index_url == index


def test_further_indexes_are_kept() -> None:
    found = image("uvx", "x", PIP_EXTRA_INDEX_URL="https://a https://b", UV_INDEX="mine=https://c")
    assert found.extra_index_urls == ("https://c", "https://a", "https://b")
    assert image("uvx", "--extra-index-url", "https://d", "x", PIP_EXTRA_INDEX_URL="https://a").extra_index_urls == (
        "https://d",
    )


def test_the_registry_of_npm_is_known_by_two_names() -> None:
    assert image("npx", "x", npm_config_registry="https://a").npm_registry == "https://a"
    assert image("npx", "x", NPM_CONFIG_REGISTRY="https://b").npm_registry == "https://b"
    assert image("npx", "--registry", "https://c", "x", npm_config_registry="https://a").npm_registry == "https://c"
    assert image("npx", "x", container=Container(npm_registry="https://d")).npm_registry == "https://d"
    assert image("npx", "x", PIP_INDEX_URL="https://pip").index_url is None


def test_a_bundle_that_is_not_there_is_refused() -> None:
    from pathlib import Path

    why = refused(backend("uvx", "x", container=Container(ca_bundle=Path("/not/there"))))
    assert why == "container.ca_bundle: /not/there is no file: correct it, or leave it out"


@pytest.mark.parametrize(
    ("words", "argv", "packages"),
    [
        (("python", "-m", "server"), ("python", "-m", "server"), ("mcp",)),
        (("/usr/bin/python3", "-u", "-m", "server"), ("python", "-u", "-m", "server"), ("mcp",)),
        (("node", "/srv/index.js"), ("node", "/srv/index.js"), ("mcp",)),
        (("npx", "-y", "tsx@4", "/srv/index.ts"), ("tsx", "/srv/index.ts"), ("tsx@4", "mcp")),
        (("tsx", "/srv/index.ts"), ("tsx", "/srv/index.ts"), ("tsx", "mcp")),
        (("uvx", "--with", "a", "python", "-m", "x"), ("python", "-m", "x"), ("a", "mcp")),
    ],
)
def test_with_packages_a_program_of_ones_own_is_contained(
    words: tuple[str, ...], argv: tuple[str, ...], packages: tuple[str, ...]
) -> None:
    plan = contained(backend(*words, container=Container(packages=("mcp",))))
    assert isinstance(plan.image, InstalledImage)
    assert (plan.argv, plan.image.packages) == (argv, packages)


def test_packages_do_not_help_a_program_of_another_kind() -> None:
    why = refused(backend("./server", container=Container(packages=("mcp",))))
    assert why.startswith(
        "container.packages goes with Python and Node programs alone, and server is a program of this"
    )
