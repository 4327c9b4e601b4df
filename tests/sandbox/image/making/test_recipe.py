"""Recipes: what goes into the digest and what does not, names, and what an installation is given."""

from __future__ import annotations

import json
import re
from pathlib import Path

import attrs
import pytest

from argus_trio.errors import LinkFailed
from argus_trio.sandbox.image.making.installers.install import named
from argus_trio.sandbox.image.making.recipe import (
    PACKAGES_VARIABLE,
    installation_argv,
    installation_env,
    installation_network,
    recipe_of,
    repository_name,
)
from argus_trio.sandbox.plan.network import HostRule
from argus_trio.sandbox.plan.outcome import CA_TARGET, PACKAGE_PROGRAM, InstalledImage, ShimKind

PYTHON = InstalledImage(base="python:3.13-slim", kind="python", packages=("mcp-server-time",))
NODE = InstalledImage(base="node:22-slim", kind="node", packages=("@scope/server",))
CANARY = "s3cr3t-canary"


def test_equal_images_have_one_tag_and_each_difference_makes_another() -> None:
    different = [
        PYTHON,
        attrs.evolve(PYTHON, base="python:3.12"),
        attrs.evolve(PYTHON, kind="node"),
        attrs.evolve(PYTHON, packages=("mcp-server-time==1",)),
        attrs.evolve(PYTHON, packages=("mcp-server-time", "tzdata")),
        attrs.evolve(PYTHON, packages=("tzdata", "mcp-server-time")),
        attrs.evolve(PYTHON, index_url="https://one.example/simple"),
        attrs.evolve(PYTHON, extra_index_urls=("https://one.example/simple",)),
        attrs.evolve(PYTHON, npm_registry="https://one.example/"),
        attrs.evolve(PYTHON, links_program=True),
        attrs.evolve(PYTHON, with_prereleases=True),
    ]
    assert len({recipe_of(image).digest for image in different} | {recipe_of(PYTHON, b"CA").digest}) == 12
    assert recipe_of(attrs.evolve(PYTHON)).tag == recipe_of(PYTHON).tag


def test_a_password_that_changes_makes_no_other_image_and_shows_in_no_tag() -> None:
    def tag(password: str) -> str:
        return recipe_of(
            attrs.evolve(
                PYTHON,
                index_url=f"https://user:{password}@one.example/simple",
                packages=(f"git+https://{password}@git.example/tool.git",),
            )
        ).tag

    assert tag("one") == tag("two")


@pytest.mark.parametrize(
    ("package", "kind", "name"),
    [
        ("mcp-server-time", "python", "mcp-server-time"),
        ("Mcp_Server.Time[extra]>=1,<2", "python", "mcp-server-time"),
        ("git+https://token@git.example/Some/Tool.git@v1.2#egg=x", "python", "tool"),
        ("@modelcontextprotocol/server-everything@1.2.3", "node", "modelcontextprotocol-server-everything"),
        ("server@latest", "node", "server"),
        ("https://files.example/pack.tgz?token=1", "node", "pack-tgz"),
        ("___", "python", "python"),
        ("x" * 200, "node", "x" * 64),
    ],
)
def test_a_repository_is_called_like_the_first_package_in_the_characters_that_it_may_have(
    package: str, kind: ShimKind, name: str
) -> None:
    image = attrs.evolve(PYTHON, kind=kind, packages=(package,))
    assert repository_name(image) == name
    assert re.fullmatch(r"argus-trio/[a-z0-9]+(-+[a-z0-9]+)*:[0-9a-f]{12}", recipe_of(image).tag)


def test_packages_stand_behind_a_double_dash_and_are_no_options() -> None:
    image = attrs.evolve(PYTHON, packages=("--index-url=https://evil.example",))
    assert json.loads(installation_env(image, {})[PACKAGES_VARIABLE]) == ["--index-url=https://evil.example"]
    assert named(list(image.packages), Path("/nowhere")) == ["--", "--index-url=https://evil.example"]
    assert '[...order.options, "--", ...order.packages]' in installation_argv(NODE)[2]


def test_a_url_with_a_password_stands_in_no_argument_of_pip(tmp_path: Path) -> None:
    listed = tmp_path / "packages.txt"
    url = f"tool[a\n--pre] @ https://user:{CANARY}@one.example/tool.whl"
    image = attrs.evolve(PYTHON, packages=(url, "other==1", "--index-url=https://evil.example"))
    assert not any(CANARY in argument for argument in installation_argv(image))
    told = json.loads(installation_env(image, {})[PACKAGES_VARIABLE])
    assert named(told, listed) == ["-r", str(listed), "--", "other==1", "--index-url=https://evil.example"]
    assert listed.read_text() == url.replace("\n", " ") + "\n"


def test_the_program_of_the_package_is_linked_where_the_plan_looks_for_it() -> None:
    assert json.loads(installation_argv(NODE)[-1])["link"] == ""
    assert json.loads(installation_argv(attrs.evolve(NODE, links_program=True))[-1])["link"] == PACKAGE_PROGRAM


def test_versions_that_are_none_yet_are_taken_only_where_that_is_asked_for() -> None:
    assert "--pre" not in json.loads(installation_argv(PYTHON)[-1])["options"]
    assert "--pre" in json.loads(installation_argv(attrs.evolve(PYTHON, with_prereleases=True))[-1])["options"]


def test_an_index_with_a_password_is_handed_over_as_a_variable_and_stands_in_no_argument() -> None:
    image = attrs.evolve(
        PYTHON,
        index_url=f"https://user:{CANARY}@one.example/simple",
        extra_index_urls=(f"http://{CANARY}@127.0.0.1:8080/simple",),
    )
    env = installation_env(image, {})
    assert env["PIP_INDEX_URL"] == image.index_url
    assert env["PIP_EXTRA_INDEX_URL"] == f"http://{CANARY}@localhost:8080/simple"
    assert not any(CANARY in argument for argument in installation_argv(image))
    assert CANARY not in repr(image) + repr(recipe_of(image))
    assert CANARY in recipe_of(image).secrets


def test_no_package_fetches_a_browser_into_a_home_that_is_not_kept() -> None:
    env = installation_env(NODE, {})
    assert (env["PUPPETEER_SKIP_DOWNLOAD"], env["PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD"]) == ("1", "1")


def test_a_registry_with_a_password_is_told_to_npm_in_its_own_settings() -> None:
    registry = f"https://user:{CANARY}@npm.example/team/"
    env = installation_env(attrs.evolve(NODE, npm_registry=registry), {})
    assert env["npm_config_registry"] == "https://npm.example/team/"
    assert env["npm_config_//npm.example/team/:_auth"] == "dXNlcjpzM2NyM3QtY2FuYXJ5"
    token = installation_env(attrs.evolve(NODE, npm_registry=f"https://{CANARY}@npm.example"), {})
    assert token["npm_config_//npm.example/:_authToken"] == CANARY


def test_of_the_gateways_own_variables_those_of_registries_reach_an_installation_and_no_other() -> None:
    environ = {
        "HTTPS_PROXY": f"http://user:{CANARY}@proxy.example:3128",
        "npm_config_//npm.example/:_authToken": CANARY,
        "npm_config_@team:registry": "https://npm.example/",
        "PIP_TRUSTED_HOST": "one.example",
        "AWS_SECRET_ACCESS_KEY": "no",
        "npm_config_prefix": "/no",
    }
    env = installation_env(NODE, environ)
    assert env["npm_config_//npm.example/:_authToken"] == CANARY
    assert not {"AWS_SECRET_ACCESS_KEY", "npm_config_prefix", "PIP_TRUSTED_HOST", "HTTPS_PROXY"} & set(env)
    assert installation_env(PYTHON, environ)["PIP_TRUSTED_HOST"] == "one.example"
    assert HostRule(host="npm.example", port=443) in installation_network(NODE, environ).services


def test_a_bundle_of_certificates_is_named_to_all_that_fetch() -> None:
    env = installation_env(attrs.evolve(PYTHON, ca_bundle=Path("/etc/ca.pem")), {})
    assert env["PIP_CERT"] == env["SSL_CERT_FILE"] == env["NODE_EXTRA_CA_CERTS"] == CA_TARGET
    assert "PIP_CERT" not in installation_env(PYTHON, {})


def test_indexes_are_reached_wherever_they_are_and_this_machine_by_its_name() -> None:
    image = attrs.evolve(
        PYTHON, index_url="http://[::1]:8080/simple", extra_index_urls=("https://pip.intern.example/simple",)
    )
    policy = installation_network(image, {})
    assert policy.mode == "public"
    assert set(map(str, policy.services)) == {
        "pypi.org:443",
        "files.pythonhosted.org:443",
        "localhost:8080",
        "pip.intern.example:443",
    }


def test_an_index_that_is_named_by_an_address_is_refused_with_what_to_write() -> None:
    image = attrs.evolve(PYTHON, index_url=f"http://user:{CANARY}@10.1.2.3/simple")
    with pytest.raises(LinkFailed) as failed:
        installation_network(image, {})
    assert "http://10.1.2.3/simple" in failed.value.reason
    assert "container.index_url" in failed.value.reason
    assert CANARY not in failed.value.reason
