"""Which variables reach a stdio backend."""

from __future__ import annotations

import pytest

from argus_trio.backends.process.environment import backend_environment
from argus_trio.config.model.backend import StdioBackend


def spec(*, env: dict[str, str] | None = None, env_from: tuple[str, ...] = ()) -> StdioBackend:
    return StdioBackend(name="files", command="server", env=env or {}, env_from=env_from)


@pytest.mark.parametrize(
    "name", ["PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "https_proxy", "NO_PROXY", "SSL_CERT_FILE", "XDG_CACHE_HOME"]
)
def test_what_every_program_needs_passes(name: str) -> None:
    assert backend_environment(spec(), {name: "value"}) == {name: "value"}


@pytest.mark.parametrize("name", ["AWS_SECRET_ACCESS_KEY", "GITHUB_TOKEN", "PYTHONPATH", "LD_PRELOAD", "path", "LC"])
def test_what_nobody_named_does_not_pass(name: str) -> None:
    assert backend_environment(spec(), {name: "value"}) == {}


def test_an_exported_shell_function_does_not_pass() -> None:
    assert backend_environment(spec(), {"LC_ALL": "() { :; }"}) == {}


def test_env_from_passes_what_is_set_and_env_wins() -> None:
    environ = {"PATH": "/bin", "TOKEN": "from outside", "OTHER": "1", "HOME": "/home/me"}
    given = spec(env_from=("TOKEN", "OTHER", "UNSET"), env={"TOKEN": "from the file", "HOME": "/srv", "EMPTY": ""})
    assert backend_environment(given, environ) == {
        "PATH": "/bin",
        "TOKEN": "from the file",
        "OTHER": "1",
        "HOME": "/srv",
        "EMPTY": "",
    }


def test_env_from_takes_globs() -> None:
    environ = {"npm_config_cache": "/a", "npm_config_f": "() { :; }", "NPM_CONFIG_X": "1", "UV_X": "2", "UVX": "3"}
    assert backend_environment(spec(env_from=("npm_config_*", "UV_?")), environ) == {
        "npm_config_cache": "/a",
        "UV_X": "2",
    }
    assert backend_environment(spec(env_from=("npm_config_f",)), environ) == {"npm_config_f": "() { :; }"}
