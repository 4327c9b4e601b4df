"""What a container may reach, as the file says it."""

from __future__ import annotations

import pytest

from argus_trio.config.model.container import Container, NetworkMode, NetworkSpec
from argus_trio.sandbox.plan.network import HostRule, NetworkPolicy, host_rule, network_policy
from tests.sandbox.plan.support import backend, contained, refused


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("api.github.com:443", "api.github.com:443"),
        ("API.GitHub.com.:443", "api.github.com:443"),
        ("*.example.com:8443", "*.example.com:8443"),
        ("db:5432", "db:5432"),
        ("my_db-1:1", "my_db-1:1"),
        ("bücher.example:443", "xn--bcher-kva.example:443"),
        ("*.bücher.example:443", "*.xn--bcher-kva.example:443"),
        ("localhost:5432", "localhost:5432"),
        ("127.0.0.1:5432", "localhost:5432"),
        ("[::1]:5432", "localhost:5432"),
        ("host.docker.internal:5432", "localhost:5432"),
        ("host.containers.internal:5432", "localhost:5432"),
        (" db:5432 ", "db:5432"),
    ],
)
def test_a_host_and_a_port_are_a_rule(text: str, rule: str) -> None:
    assert str(host_rule(text)) == rule


@pytest.mark.parametrize(
    ("text", "begin"),
    [
        ("api.github.com", "expected HOST:PORT: a port is missing, such as in api.github.com:443"),
        ("api.github.com:", "expected HOST:PORT: a port is missing"),
        ("", "expected HOST:PORT"),
        (":443", "expected HOST:PORT: a port is missing"),
        ("::1", "a container reaches hosts by name"),
        ("2001:db8::1", "a container reaches hosts by name, and this is an address"),
        ("https://api.github.com/x", "expected HOST:PORT, such as api.github.com:443;"),
        ("http://api.github.com", "expected HOST:PORT, such as api.github.com:80;"),
        ("https://u:p@api.github.com:8443/x", "expected HOST:PORT, such as api.github.com:8443;"),
        ("api.github.com:443/x", "expected HOST:PORT, such as api.github.com:443;"),
        ("x:0", "expected a port from 1 to 65535 behind x:"),
        ("x:65536", "expected a port from 1 to 65535"),
        ("x:https", "expected a port from 1 to 65535"),
        ("x:४", "expected a port from 1 to 65535"),
        ("10.0.0.5:5432", "a container reaches hosts by name, and this is an address: give it a name"),
        ("[2001:db8::1]:443", "a container reaches hosts by name"),
        ("*:443", "a * stands for all names below a domain"),
        ("*.*.com:443", "a * stands for all names below a domain"),
        ("api.*.com:443", "a * stands for all names below a domain"),
        ("a..b:443", "a..b is no name of a host"),
        ("-a:443", "-a is no name of a host"),
        ("a b:443", "a b is no name of a host"),
        ("x" * 64 + ":443", "x"),
        ("ü" * 300 + ".example:443", "ü"),
    ],
)
def test_what_is_no_rule_says_what_to_write(text: str, begin: str) -> None:
    with pytest.raises(ValueError, match=r"\w") as caught:
        host_rule(text)
    assert str(caught.value).startswith(begin)


@pytest.mark.parametrize(
    ("container", "shown"),
    [
        (Container(), "public"),
        (Container(strict=True), "none"),
        (Container(strict=True, host_services=("db:5432",)), "db:5432"),
        (Container(strict=True, network=NetworkSpec()), "public"),
        (Container(host_services=("db:5432", "DB:5432")), "public, db:5432"),
        (Container(network=NetworkSpec(mode="none")), "none"),
        (Container(network=NetworkSpec(mode="bridge")), "bridge"),
        (Container(network=NetworkSpec(mode="allow", allow=("a.b:1", "*.c:2"))), "a.b:1, *.c:2"),
        (
            Container(network=NetworkSpec(mode="allow", allow=("a:1",)), host_services=("localhost:3",)),
            "a:1, localhost:3",
        ),
    ],
)
def test_the_policy_is_what_the_file_says(container: Container, shown: str) -> None:
    assert str(network_policy(container)) == shown
    assert str(contained(backend("uvx", "x", container=container)).network) == shown


@pytest.mark.parametrize(
    ("container", "begin"),
    [
        (Container(host_services=("db",)), "host_services: db: expected HOST:PORT: a port is missing"),
        (Container(network=NetworkSpec(mode="allow", allow=("x:y",))), "network.allow: x:y: expected a port"),
        (
            Container(network=NetworkSpec(mode="allow", allow=("127.0.0.1:1",))),
            "network.allow opens no services of this machine: name them in host_services",
        ),
        (Container(network=NetworkSpec(mode="none"), host_services=("db:1",)), "network: none opens nothing"),
    ],
)
def test_a_wrong_rule_refuses_the_backend(container: Container, begin: str) -> None:
    assert refused(backend("uvx", "x", container=container)).startswith(begin)


@pytest.mark.parametrize(("asked", "mode"), [(None, "public"), ("none", "none"), ("bridge", "bridge")])
def test_a_network_of_docker_run_counts_where_the_file_says_nothing(asked: NetworkMode | None, mode: str) -> None:
    assert network_policy(Container(), asked).mode == mode  # type: ignore[arg-type]  # two of the four modes
    assert network_policy(Container(network=NetworkSpec()), asked).mode == "public"  # type: ignore[arg-type]
    assert network_policy(Container(strict=True), asked).mode == "none"  # type: ignore[arg-type]


def test_this_machine_has_several_names() -> None:
    rule = HostRule(host="localhost", port=5432)
    for name in ("localhost", "LOCALHOST.", "host.docker.internal", "host.containers.internal", "127.0.0.1", "::1"):
        assert rule.covers(name, 5432)
    assert not rule.covers("localhost.example.com", 5432)


def test_every_port_that_is_named_is_one_inside() -> None:
    policy = NetworkPolicy(services=(HostRule(host="db", port=5432),), allow=(HostRule(host="x", port=8443),))
    assert policy.ports == (80, 443, 5432, 8443)
