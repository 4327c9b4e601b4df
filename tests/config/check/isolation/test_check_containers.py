"""What is said of containers: each key, and keys together."""

from __future__ import annotations

import pytest

from tests.config.support.reading import HTTP, STDIO, paths, problem, problems, read

AT = "backends.a.container"


def container(text: str) -> str:
    return f"{STDIO}    container: {{{text}}}\n"


@pytest.mark.parametrize(
    "text",
    [
        "image: 'ghcr.io/acme/server:1.2@sha256:0123', network: none",
        "image: localhost:5000/x",
        "packages: [a, 'b==1', '@scope/c@2'], base_image: 'python:3.12'",
        "host_services: localhost:5432, strict: true",
        "host_services: [db:5432], network: {allow: []}",
        "network: {allow: '*.example.com:443'}, host_services: ['127.0.0.1:80']",
        "index_url: 'https://u:p@pypi.example/simple', npm_registry: 'http://127.0.0.1:4873'",
        "isolation: off, enabled: false",
        "mounts: [{source: /, target: /host}, {source: /usr, target: '/usr/'}]",
    ],
)
def test_what_makes_sense_passes(text: str) -> None:
    assert [each for each in read(container(text)).warnings if each.path.startswith(AT)] == []


@pytest.mark.parametrize(
    ("text", "path", "words"),
    [
        ("image: a, dockerfile: /d", "dockerfile", "image says already what it runs in"),
        ("image: a, packages: [b]", "packages", "write base_image"),
        ("dockerfile: /d, packages: [b]", "packages", "install them there"),
        ("image: a, base_image: b", "base_image", "leave base_image or image out"),
        ("image: ''", "image", "ghcr.io/acme/server:1.2"),
        ("image: 'a b'", "image", "a reference"),
        ("image: 'docker://ghcr.io/x'", "image", "write ghcr.io/x"),
        ("image: 'https://u:secretpass@ghcr.io/x'", "image", "ghcr.io/acme/server:1.2"),
        ("base_image: '-x'", "base_image", "a reference"),
        ("packages: ['']", "packages[0]", "expected a package"),
        ("packages: [a, --index-url=https://u:secretpass@x]", "packages[1]", "index_url and npm_registry say"),
        ("index_url: 'u:secretpass@pypi.example'", "index_url", "https://pypi.org/simple"),
        ("npm_registry: 'registry.example'", "npm_registry", "http:// or https://"),
        ("network: none, host_services: [db:5432]", "host_services", "network: {allow: []}"),
        ("network: bridge, host_services: [db:5432]", "host_services", "not filtered"),
        ("network: {allow: []}", "network", "write none"),
        ("network: {}", "network", "nothing is allowed"),
        ("network: {allow: [a:1, 'https://b']}", "network.allow[1]", "write b:443"),
        ("network: {allow: 'https://b'}", "network.allow", "write b:443"),
        ("host_services: db", "host_services", "db:443"),
        ("host_services: [db:5432, 'x://db']", "host_services[1]", "found a URL"),
        ("enabled: false, isolation: required", "isolation", "leave one of them out"),
        ("enabled: false, isolation: auto", "isolation", "not auto"),
        ("mounts: [{source: /var/run/docker.sock}]", "mounts[0].source", "isolation: off"),
        ("mounts: [{source: /run/podman/podman.sock, target: /x}]", "mounts[0].source", "all power"),
        ("mounts: [{source: /, target: data}]", "mounts[0].target", "write /data"),
        ("mounts: [{source: /, target: ./data/}]", "mounts[0].target", "write /data"),
        ("mounts: [{source: /, target: /a/../b}]", "mounts[0].target", "an absolute path"),
        ("mounts: [{source: /, target: ''}]", "mounts[0].target", "such as /data"),
        ("mounts: [{source: /}, {source: /usr, target: /run/argus/x}]", "mounts[1].target", "own"),
        ("mounts: [{source: /usr, target: /etc}]", "mounts[0].target", "choose another"),
        ("mounts: [{source: /usr, target: /a}, {source: /bin, target: /a/}]", "mounts[1].target", "twice"),
        ("memory: 5m", "memory", "such as 512m or 2g"),
        ("memory: 0", "memory", "such as 512m or 2g"),
        ("memory: -1", "memory", "at least 16777216"),
        ("memory: lots", "memory", "such as 512m or 2g"),
        ("cpus: 0", "cpus", "such as 0.5 or 2"),
        ("cpus: -1", "cpus", "at least 0.01"),
        ("cpus: all", "cpus", "such as 0.5 or 2"),
        ("pids: 0", "pids", "at least 8"),
        ("pids: '64'", "pids", "without quotes"),
        ("runtime: kubernetes", "runtime", "no engines but Docker and Podman"),
        ("runtime: podmn", "runtime", "'podman'"),
        ("isolation: on", "isolation", "one of auto, required, off"),
        ("home: keep", "home", "'kept'"),
    ],
)
def test_what_does_not_is_one_problem_that_says_what_to_write(text: str, path: str, words: str) -> None:
    found = [each for each in problems(container(text)) if each.message != "there is no such file"]
    assert [each.path for each in found] == [f"{AT}.{path}"]
    assert words in f"{found[0].message}; {found[0].hint}"
    assert "secretpass" not in f"{found}"


def test_a_container_of_a_server_elsewhere_is_told_where_that_is_isolated() -> None:
    found = problem(HTTP + "    container: {memory: 512m}\n")
    assert (found.path, found.message) == (AT, "unknown key")
    assert "isolated where it runs" in found.hint


def test_a_mistake_in_defaults_is_told_once_and_there() -> None:
    text = "defaults: {container: {host_services: [db]}}\n" + STDIO
    assert paths(problems(text)) == ["defaults.container.host_services[0]"]
    text = "defaults: {container: {network: none, host_services: ['db:1']}}\n" + STDIO
    assert paths(problems(text)) == ["defaults.container.host_services"]


def test_what_only_defaults_say_of_other_backends_is_no_mistake_of_this_one() -> None:
    read("defaults: {container: {base_image: x, host_services: ['db:1']}}\n" + container("image: y, network: none"))
    read("defaults: {container: {isolation: required}}\n" + container("enabled: false"))


def test_what_defaults_make_impossible_is_told_at_the_backend_that_wants_it() -> None:
    found = problem("defaults: {container: {network: none}}\n" + container("host_services: ['db:1']"))
    assert found.path == f"{AT}.host_services"
    found = problem("defaults: {container: {enabled: false}}\n" + container("isolation: required"))
    assert found.path == f"{AT}.isolation"
    assert "it comes from defaults: write enabled: true here" in found.hint


def test_to_be_strict_where_nothing_is_contained_is_warned_of() -> None:
    (warning,) = [each for each in read(container("strict: true, isolation: off")).warnings if "strict" in each.path]
    assert (warning.path, warning.hint) == (f"{AT}.strict", "leave strict out, or write isolation: required")
    assert (
        "strict"
        not in f"{read('defaults: {container: {strict: true}}' + chr(10) + container('isolation: off')).warnings}"
    )
