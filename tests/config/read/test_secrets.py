"""Which values count as secrets."""

from __future__ import annotations

import pytest

from argus_trio.config.read.secrets import CONTAINER_KEYS, SECRET_KEYS, is_telling
from tests.config.support.reading import HTTP, STDIO, read


def test_the_fields_that_may_hold_secrets_are_those_that_the_model_does_not_show() -> None:
    assert {"args", "env", "url", "headers"} == SECRET_KEYS
    assert {"packages", "index_url", "npm_registry"} == CONTAINER_KEYS


def test_header_values_are_secrets_and_so_are_the_credentials_in_them() -> None:
    assert read(HTTP + "    headers: {A: Bearer abcd-1, B: xy}\n").secrets == {"Bearer abcd-1", "abcd-1"}


def test_what_is_spliced_in_is_a_secret_and_its_default_is_not() -> None:
    text = STDIO + "    args: ['--key=${KEY}', '${UNSET:-default}']\n    env: {A: '${OTHER}', B: literal}\n"
    assert read(text, environ={"KEY": "key-value", "OTHER": "other-value"}).secrets == {"key-value", "other-value"}


def test_what_is_spliced_in_where_no_secret_can_stand_is_none() -> None:
    text = "server: {host: '${H}'}\n" + STDIO + "    timeouts: {call: '${N}'}\n    env: {A: '${HOME}'}\n"
    assert read(text, environ={"H": "127.0.0.7", "N": "123.25", "HOME": "/home/me"}).secrets == frozenset()


def test_what_goes_by_the_name_of_a_secret_is_one_whoever_wrote_it() -> None:
    env = "    env: {GITHUB_TOKEN: ghp-1234, DB_PASSWORD: pass-1234, LOG_LEVEL: verbose, CREDENTIALS: /etc/key}\n"
    args = "    args: [--api-key, key-1234, --secret=sec-1234, --verbose, plain-1234]\n"
    assert read(STDIO + args + env).secrets == {"ghp-1234", "pass-1234", "key-1234", "sec-1234"}


def test_what_stands_before_the_host_of_an_index_or_a_package_is_one_whoever_wrote_it() -> None:
    text = """
    defaults: {container: {npm_registry: "https://npm-1234@npm.example"}}
    backends:
      a:
        type: stdio
        command: run
        container:
          index_url: https://app:pass%2F1@pypi.example/simple
          packages: [plain==1.0, "git+https://git-1234@git.example/x"]
    """
    assert read(text).secrets == {"npm-1234", "app:pass%2F1", "app:pass/1", "pass%2F1", "pass/1", "git-1234"}


@pytest.mark.parametrize("place", ["defaults: {%s}\n" + STDIO, STDIO + "    %s\n"])
def test_what_is_spliced_into_an_index_or_a_package_is_one(place: str) -> None:
    text = place % "container: {index_url: '${I}', packages: ['${P}'], base_image: '${B}'}"
    environ = {"I": "http://index.example", "P": "package-1", "B": "base-image"}
    assert read(text, environ=environ).secrets == {"http://index.example", "package-1"}


@pytest.mark.parametrize("value", ["", "abc", "true", "9000", "65535", "localhost", "127.0.0.1"])
def test_what_would_only_be_noise_is_no_secret(value: str) -> None:
    assert not is_telling(value)


@pytest.mark.parametrize("value", ["abcd", "123456", "a b c d"])
def test_everything_else_is(value: str) -> None:
    assert is_telling(value)
