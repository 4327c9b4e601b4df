"""docs/isolation.md: its tables name every key and word, and what it promises of defaults is so."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import attrs
import pytest

from argus_trio.cli.isolated.plans import CHECK_SECONDS
from argus_trio.config.model.backend import StdioBackend
from argus_trio.config.model.container import Container, IsolationSetting
from argus_trio.config.structure.container import WORDS
from argus_trio.sandbox.plan.drafting.sources import BASES
from argus_trio.sandbox.plan.engine_facts import EngineFacts
from argus_trio.sandbox.plan.machine import Machine
from argus_trio.sandbox.plan.outcome import Bare, Contained, Plan, ResourceLimits
from argus_trio.sandbox.plan.plan import plan

PAGE = (Path(__file__).parents[1] / "docs" / "isolation.md").read_text()
DOCKER = EngineFacts(kind="docker", version="28.2.2", api_version="1.50", socket=Path("/run/docker.sock"), cpus=8)
MACHINE = Machine(
    environ={}, uid=1000, gid=1000, user_home=None, homes=Path("/homes"), folder=Path("/"), look=lambda _: None
)


def planned(command: str, *args: str, container: Container | None = None) -> Plan:
    spec = StdioBackend(name="a", command=command, args=args, container=container or Container())
    return plan(spec, DOCKER, MACHINE)


def test_every_key_and_word_stands_there() -> None:
    keys = {field.name for field in attrs.fields(Container)} | set(WORDS) | set(get_args(IsolationSetting))
    assert {key for key in keys if not re.search(rf"\b{key}\b[`:,)}}]", PAGE)} == set()


def test_the_defaults_are_those_of_the_page() -> None:
    default = Container()
    assert (default.memory, default.cpus, default.pids) == (1 << 30, 2.0, 512)
    assert "`memory` (1 GiB)" in PAGE
    assert "`cpus` (2, at most those there are), `pids` (512, threads included), 16,384 open files" in PAGE
    limits = ResourceLimits(memory=1, cpus=1, pids=1)
    assert (limits.files, limits.tmp) == (16384, 256 << 20)
    assert f"waits {CHECK_SECONDS:g} s" in PAGE
    for name, version in BASES.values():
        assert f"`{name}:{version}-slim`" in PAGE


@pytest.mark.parametrize(
    ("command", "args"),
    [
        ("uvx", ("x",)),
        ("uv", ("tool", "run", "x")),
        ("pipx", ("run", "x")),
        ("npx", ("-y", "x")),
        ("npm", ("exec", "--", "x")),
        ("pnpm", ("dlx", "x")),
        ("yarn", ("dlx", "x")),
        ("bunx", ("x",)),
        ("docker", ("run", "-i", "--rm", "x")),
        ("podman", ("run", "x")),
    ],
)
def test_what_the_page_calls_contained_is(command: str, args: tuple[str, ...]) -> None:
    assert " ".join((command, *args[:1])).removesuffix(" x").removesuffix(" -y") in PAGE
    assert isinstance(planned(command, *args), Contained)


@pytest.mark.parametrize(
    ("command", "args", "container"),
    [
        ("server", (), Container(image="x")),
        ("python", ("-m", "server"), Container(packages=("server",))),
        ("python", ("server.py",), Container(packages=("mcp",))),
        ("node", ("server.js",), Container(packages=("express",))),
    ],
)
def test_what_the_page_contains_by_its_keys_is(command: str, args: tuple[str, ...], container: Container) -> None:
    assert isinstance(planned(command, *args, container=container), Contained)


@pytest.mark.parametrize(
    ("command", "args"), [("/opt/server", ()), ("python", ("-m", "server")), ("python", ("x.py",)), ("sh", ("-c", "x"))]
)
def test_what_the_page_calls_bare_is_and_its_reason_names_a_way_out(command: str, args: tuple[str, ...]) -> None:
    found = planned(command, *args)
    assert isinstance(found, Bare)
    assert re.search(r"container\.(image|packages|dockerfile)|write ", found.why)


def test_the_sentences_that_users_look_up_are_those_that_are_told() -> None:
    told = planned("/opt/server")
    assert isinstance(told, Bare)
    assert "is a program of this machine, and nothing tells what it needs" in told.why
    assert "is a program of this machine, and nothing tells what it needs" in PAGE
