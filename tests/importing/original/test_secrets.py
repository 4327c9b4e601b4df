"""Secrets leave the file: they are in its variables, and in nothing that anybody is shown."""

from __future__ import annotations

import pytest

from argus_trio.importing.emit import emit
from argus_trio.importing.original.convert import OriginalRefused
from tests.importing.original.support import imported, loaded, told

SECRETS = ("t0k3n-of-the-operator", "t0k3n-of-a-client", "s3cr3t-in-a-header", "s3cr3t-in-an-env", "s3cr3t-in-args")
MORE = ("s3cr3t-of-oauth", "s3cr3t-in-static", "pa55word")
FILE = """
server: {management: {token: t0k3n-of-the-operator}}
incoming_auth: {type: local, token: t0k3n-of-a-client}
backends:
  a:
    type: stdio
    command: uvx
    args: [server, --api-key, s3cr3t-in-args]
    env: {API_TOKEN: s3cr3t-in-an-env, LEVEL: debug}
  b:
    type: streamable-http
    url: https://someone:pa55word@b.example/mcp
    auth: {type: static, headers: {X-Api-Key: s3cr3t-in-static}}
  c:
    type: streamable-http
    url: https://c.example/mcp
    headers: {Authorization: Bearer s3cr3t-in-a-header}
    auth: {type: oauth2, token_url: "https://t.example", client_secret: s3cr3t-of-oauth}
"""


def test_no_secret_is_in_the_configuration_or_told() -> None:
    found = imported(FILE)
    shown = emit(found.tree) + told(found) + repr(found) + repr(found.origins)
    assert [each for each in (*SECRETS, *MORE) if each in shown] == []
    assert set(SECRETS) <= set(found.variables.values())


def test_with_its_variables_the_configuration_says_what_the_file_said() -> None:
    config = loaded(imported(FILE))
    assert config.server.management.token == "t0k3n-of-the-operator"  # a fake
    headers = getattr(config.backends["c"], "headers", {})
    assert headers == {"Authorization": "Bearer s3cr3t-in-a-header"}
    assert getattr(config.backends["a"], "args", ()) == ("server", "--api-key", "s3cr3t-in-args")


def test_a_refusal_repeats_no_secret() -> None:
    with pytest.raises(OriginalRefused) as caught:
        imported(FILE.replace("https://c.example/mcp", "c.example/s3cr3t-of-oauth"))
    assert [each for each in (*SECRETS, *MORE) if each in str(caught.value)] == []


STORED = """
secrets: {enabled: true, provider: file, path: secrets.enc}
backends:
  a: {type: stdio, command: uvx, args: [x], env: {KEY: "secret:api_key"}}
  b: {type: streamable-http, url: "https://b.example/mcp", headers: {Authorization: "Bearer secret:b"}}
"""


def test_what_was_in_the_secret_store_is_a_variable_that_is_named() -> None:
    found = imported(STORED)
    assert found.needed == {
        "API_KEY": "what `argus-mcp secret get api_key` prints",
        "B": "what `argus-mcp secret get b` prints",
    }
    assert "secret:b stood within a text, so that the original sent it as it stands" in told(found)
    loaded(found)


def test_a_secret_of_the_environment_keeps_the_variable_that_it_has() -> None:
    found = imported(STORED.replace("provider: file, path: secrets.enc", "provider: env"))
    assert list(found.needed) == ["SECRET_API_KEY", "SECRET_B"]


def test_a_stored_secret_never_takes_the_name_of_another_variable() -> None:
    found = imported(STORED.replace("args: [x]", 'args: ["${API_KEY}"]'))
    assert set(found.needed) == {"API_KEY", "SECRET_API_KEY", "B"}


def test_an_unset_variable_is_needed_and_one_that_is_set_is_not() -> None:
    text = 'backends: {a: {type: stdio, command: uvx, args: ["${ONE}", "${TWO}"]}}\n'
    assert list(imported(text, environ={"TWO": "2"}).needed) == ["ONE"]


def test_the_operators_variable_still_wins_where_it_is_set() -> None:
    found = imported(FILE, environ={"ARGUS_MGMT_TOKEN": "another-t0k3n-of-the-operator"})
    assert "t0k3n-of-the-operator" not in found.variables.values()
    assert found.tree["server"] == {"management": {"token": "${ARGUS_MGMT_TOKEN}"}}


@pytest.mark.parametrize(
    ("written", "argument"),
    [("$${HOME_OF_X}", "$home"), ("a${", "a${"), ("${not a name}", "${not a name}"), ("$HOME", "$HOME")],
)
def test_what_looks_like_a_variable_means_what_it_meant(written: str, argument: str) -> None:
    found = imported(
        f"backends: {{a: {{type: stdio, command: uvx, args: ['{written}']}}}}\n", environ={"HOME_OF_X": "home"}
    )
    (backend,) = loaded(found, HOME_OF_X="home").backends.values()
    assert getattr(backend, "args", ()) == (argument,)
