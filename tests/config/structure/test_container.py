"""What is written in another shape than it is kept: networks, mounts, sizes."""

from __future__ import annotations

import pytest

from argus_trio.config.model.backend import StdioBackend
from argus_trio.config.model.container import Container, MountSpec, NetworkSpec
from tests.config.support.reading import STDIO, problem, read

AT = "backends.a.container"


def of(text: str) -> Container:
    backend = read(f"{STDIO}    container: {{{text}}}\n").backends["a"]
    assert isinstance(backend, StdioBackend)
    return backend.container


@pytest.mark.parametrize(
    ("text", "network"),
    [
        ("network: public", NetworkSpec(mode="public")),
        ("network: 'none'", NetworkSpec(mode="none")),
        ("network: bridge", NetworkSpec(mode="bridge")),
        ("network: {allow: ['a:1', 'b:2']}", NetworkSpec(mode="allow", allow=("a:1", "b:2"))),
        ("network: {allow: a:1}", NetworkSpec(mode="allow", allow=("a:1",))),
        ("network: null", None),
        ("network: ", None),
        ("", None),
    ],
)
def test_a_network_is_a_word_or_a_mapping(text: str, network: NetworkSpec | None) -> None:
    assert of(text).network == network


@pytest.mark.parametrize(
    ("written", "hint"),
    [
        ("host", "host_services: [localhost:PORT]"),
        ("Host", "host_services: [localhost:PORT]"),
        ("internal", "write none, or name"),
        ("default", "write bridge"),
        ("slirp4netns", "write bridge"),
        ("private", "host_services: [NAME:PORT]"),
        ("all", "write public"),
        ("allow", "{allow: [HOST:PORT]}"),
        ("false", "write none"),
        ("true", "write public"),
        ("api.github.com", "{allow: [HOST:PORT]}"),
        ("'a:1'", "{allow: [HOST:PORT]}"),
        ("[a:1]", "{allow: [HOST:PORT]}"),
        ("publc", "'public'"),
        ("my-net", "networks of the engine's have no names here"),
    ],
)
def test_another_word_is_answered_with_what_to_write(written: str, hint: str) -> None:
    found = problem(f"{STDIO}    container: {{network: {written}}}\n")
    assert found.path == f"{AT}.network"
    assert "expected public, none, bridge or a mapping with allow" in found.message
    assert hint in found.hint


def test_what_was_brought_in_is_read_and_never_repeated() -> None:
    text = f"{STDIO}    container: {{network: '${{N}}', memory: '${{M}}', cpus: '${{C}}'}}\n"
    backend = read(text, environ={"N": "none", "M": "64m", "C": "1.5"}).backends["a"]
    assert isinstance(backend, StdioBackend)
    container = backend.container
    assert (container.network, container.memory, container.cpus) == (NetworkSpec(mode="none"), 64 << 20, 1.5)
    found = problem(f"{STDIO}    container: {{network: '${{N}}'}}\n", environ={"N": "hidden-word"})
    assert "hidden-word" not in f"{found}"


@pytest.mark.parametrize(
    ("written", "hint"),
    [
        ("/a:/b", "write {source: /a, target: /b, mode: rw}"),
        ("/a:/b:ro", "write {source: /a, target: /b}"),
        ("/a:/a:ro,Z", "write {source: /a, selinux: private}"),
        ("./a:/b:rw,z", "write {source: ./a, target: /b, mode: rw, selinux: shared}"),
        ("/a", "write {source: /a}"),
        ("cache:/var/cache", "home: kept keeps files"),
    ],
)
def test_a_volume_of_other_programs_is_answered_with_the_mount_that_it_is(written: str, hint: str) -> None:
    found = problem(f"{STDIO}    container: {{mounts: ['{written}']}}\n")
    assert found.path == f"{AT}.mounts[0]"
    assert hint in found.hint


def test_a_mount_that_is_no_mapping_is_told_and_a_wrong_key_in_one() -> None:
    assert "a mapping, found a list" in problem(f"{STDIO}    container: {{mounts: [[a]]}}\n").message
    assert (
        "write {source: PATH" in problem(f"{STDIO}    container: {{mounts: ['${{M}}']}}\n", environ={"M": "/a:/b"}).hint
    )
    missing = problem(f"{STDIO}    container: {{mounts: [{{target: /a}}]}}\n")
    assert (missing.path, missing.message) == (f"{AT}.mounts[0].source", "missing")
    assert "write source" in missing.hint
    assert problem(f"{STDIO}    container: {{mounts: [{{source: /, srce: /a}}]}}\n").path == f"{AT}.mounts[0].srce"
    assert "expected a list" in problem(f"{STDIO}    container: {{mounts: /a}}\n").message


def test_a_mount_is_read() -> None:
    (mount,) = of("mounts: [{source: /a, target: /b, mode: rw, selinux: shared}]").mounts
    assert mount == MountSpec(source=mount.source, target="/b", mode="rw", selinux="shared")


@pytest.mark.parametrize(
    ("written", "size"),
    [
        ("512m", 512 << 20),
        ("'512M'", 512 << 20),
        ("1g", 1 << 30),
        ("2 GiB", 2 << 30),
        ("67108864", 64 << 20),
        ("'67108864'", 64 << 20),
        ("65536k", 64 << 20),
    ],
)
def test_memory_may_have_a_unit(written: str, size: int) -> None:
    assert of(f"memory: {written}").memory == size


@pytest.mark.parametrize(("written", "cpus"), [("1", 1.0), ("'0.5'", 0.5), (".25", 0.25), ("2.0", 2.0)])
def test_processors_may_stand_in_quotes(written: str, cpus: float) -> None:
    assert of(f"cpus: {written}").cpus == cpus


def test_no_credential_is_in_what_is_written_of_a_container() -> None:
    shown = repr(
        of(
            "index_url: 'https://u:secretpass@x/s', npm_registry: 'https://secretpass@x', packages: ['git+https://secretpass@x/y']"
        )
    )
    assert "secretpass" not in shown


@pytest.mark.parametrize(
    ("written", "hint"),
    [
        ("false", "write {isolation: off}"),
        ("docker", "write {isolation: off}"),
        ("ghcr.io/acme/server:1", "write {image: ghcr.io/acme/server:1}"),
        ("[a]", "its keys are isolation, enabled"),
    ],
)
def test_what_stands_in_place_of_a_container_is_answered(written: str, hint: str) -> None:
    found = problem(f"{STDIO}    container: {written}\n")
    assert (found.path, "expected a mapping" in found.message) == (AT, True)
    assert hint in found.hint


@pytest.mark.parametrize("written", ["false", "true", "always", "never"])
def test_another_word_for_isolation_is_answered(written: str) -> None:
    assert "auto, required or off" in problem(f"isolation: {written}\n").hint
    assert "auto, required or off" in problem(f"{STDIO}    container: {{isolation: {written}}}\n").hint


def test_off_is_a_word_and_no_boolean() -> None:
    assert read("isolation: off\n").isolation == "off"
    assert of("isolation: off").isolation == "off"
