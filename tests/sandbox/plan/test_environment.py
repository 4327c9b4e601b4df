"""The variables of a backend in its container."""

from __future__ import annotations

from pathlib import Path

import pytest

from argus_trio.config.model.container import Container
from tests.sandbox.plan.support import DOCKER, backend, contained, here

GATEWAY = {
    "LANG": "de_DE.UTF-8", "LC_ALL": "C", "HTTPS_PROXY": "http://proxy:3128", "no_proxy": "x", "SECRET": "S",
    "MY_ONE": "1", "MY_TWO": "2", "MY_F": "() { :; }", "XDG_RUNTIME_DIR": "/run/user/1000", "SSL_CERT_DIR": "/x",
}  # fmt: skip


def env_of(env: dict[str, str] | None = None, env_from: tuple[str, ...] = (), **gateway: str) -> dict[str, str]:
    spec = backend("uvx", "x", env=env or {}, env_from=env_from)
    return dict(contained(spec, DOCKER, here({**GATEWAY, **gateway})).env)


def test_few_variables_of_the_gateway_are_passed_on() -> None:
    assert env_of() == {
        "LANG": "de_DE.UTF-8",
        "LC_ALL": "C",
        "TZ": "Europe/Berlin",
        "HOME": "/home/argus",
        "TMPDIR": "/tmp",
        "USER": "argus",
        "LOGNAME": "argus",
    }


def test_the_time_zone_is_that_of_the_gateway_where_it_has_one() -> None:
    assert env_of(TZ="Asia/Tokyo")["TZ"] == "Asia/Tokyo"


def test_what_env_from_names_is_passed_on_unless_it_means_this_machine() -> None:
    found = env_of(env_from=("MY_*", "PATH", "*_PROXY", "*_proxy", "XDG_*", "HOME"))
    assert {"MY_ONE", "MY_TWO"} <= set(found)
    assert not {"MY_F", "PATH", "HTTPS_PROXY", "no_proxy", "XDG_RUNTIME_DIR", "SECRET"} & set(found)
    assert found["HOME"] == "/home/argus"


def test_what_env_says_comes_first() -> None:
    assert env_of(env={"LANG": "C", "HTTPS_PROXY": "http://mine:1"})["LANG"] == "C"
    assert env_of(env={"HTTPS_PROXY": "http://mine:1"})["HTTPS_PROXY"] == "http://mine:1"


def test_path_and_home_of_this_machine_are_left_out_and_said() -> None:
    plan = contained(backend("uvx", "x", env={"PATH": "/opt/tool", "HOME": "/home/me", "A": "1"}))
    assert "PATH" not in plan.env
    assert plan.env["HOME"] == "/home/argus"
    assert plan.notes == (
        "env.HOME is left out, for the container has its own",
        "env.PATH is left out, for the container has its own",
    )


def test_an_image_of_ones_own_may_get_a_path() -> None:
    plan = contained(backend("x", env={"PATH": "/app/bin"}, container=Container(image="mine")))
    assert plan.env["PATH"] == "/app/bin"


BUNDLE = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "PIP_CERT", "NODE_EXTRA_CA_CERTS")


@pytest.mark.parametrize(
    ("gateway", "env", "container"),
    [
        ({"SSL_CERT_FILE": "/etc/ssl/ca.pem"}, {}, Container()),
        ({}, {"SSL_CERT_FILE": "/etc/ssl/ca.pem"}, Container()),
        ({"SSL_CERT_FILE": "/srv/ca.pem"}, {}, Container(ca_bundle=Path("/etc/ssl/ca.pem"))),
        ({"PIP_CERT": "/etc/ssl/ca.pem", "SSL_CERT_FILE": "/not/there"}, {}, Container()),
    ],
)
def test_whom_the_gateway_trusts_a_backend_trusts(
    gateway: dict[str, str], env: dict[str, str], container: Container
) -> None:
    plan = contained(backend("uvx", "x", env=env, container=container), DOCKER, here(gateway))
    assert [str(each) for each in plan.mounts] == ["/etc/ssl/ca.pem:/run/argus-ca.pem:ro"]
    assert {plan.env[name] for name in BUNDLE} == {"/run/argus-ca.pem"}
    assert plan.image.ca_bundle == Path("/etc/ssl/ca.pem")  # type: ignore[union-attr]  # it is one that is made


def test_what_node_trusts_besides_takes_nobodys_place() -> None:
    gateway = here({"NODE_EXTRA_CA_CERTS": "/srv/ca.pem"})
    node = contained(backend("npx", "x"), DOCKER, gateway)
    assert {name for name in BUNDLE if name in node.env} == {"NODE_EXTRA_CA_CERTS"}
    assert contained(backend("uvx", "x"), DOCKER, gateway).mounts == ()


def test_a_secret_is_in_no_repr() -> None:
    spec = backend("uvx", "--from", "https://u:SECRET@example.org/a.whl", "x", "--key=SECRET", env={"A": "SECRET"})
    plan = contained(spec, DOCKER, here({"PIP_INDEX_URL": "https://u:SECRET@example.org/simple", "B": "SECRET"}))
    assert "SECRET" not in repr(plan)
    assert "SECRET" not in repr(here({"B": "SECRET"}))


def test_a_folder_for_what_is_temporary_may_be_in_the_home_and_nowhere_else() -> None:
    assert env_of(env={"TMPDIR": "/home/argus/tmp"})["TMPDIR"] == "/home/argus/tmp"
    assert env_of(env={"TMPDIR": "/home/me"})["TMPDIR"] == "/tmp"
    assert env_of(env={"HOME": "/home/argus/other"})["HOME"] == "/home/argus"
