"""What is imported means what was declared: texts through the whole way, and back through the loader."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import attrs
import hypothesis.strategies as st
from hypothesis import HealthCheck, given, settings

from argus_trio.client_files.server import DeclaredServer, VariableReference, WrittenText
from argus_trio.config.load import load
from argus_trio.config.model.backend import StdioBackend
from argus_trio.config.model.config import Config
from argus_trio.importing.checking import checked
from argus_trio.importing.dotenv import env_text
from argus_trio.importing.emit import emit
from argus_trio.importing.result import ImportedConfig
from argus_trio.importing.servers import ImportSurroundings, import_servers
from tests.importing.servers import origin, program, remote

ENVIRON = {"SET": "value of SET", "EMPTY": "", "API_TOKEN": "tok-in-the-environment", "PATH": "/usr/bin:/bin"}

FRAGMENTS = (
    "${", "$", "$$", "}", "{", "${SET}", "$${X}", "'", '"', "#", " # ", ": ", "\\", "\n", "\r\n", "\t", " ", "é", "😀",
    "yes", "null", "0123", "2024-01-01", "~", "- ", "&a", "*b", "!t", "%", "@x/y", "`", "|", ">", "?", "[", "]", ",",
    "ghp_abcdefghijklmnopqrstuvwx0123", "sk-abcdefghij0123456789", "postgres://u:pa$$w0rd@h/d", "Bearer abcdef0123456",
    "--token=abc${def}", "api_key=hunter22", "\x85", "\u2028", "\x7f", "\ufeff", "eyJhbGciOiJIUzI1.eyJzdWIiOiIx.abc",
)  # fmt: skip
literals = st.lists(
    st.sampled_from(FRAGMENTS) | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8),
    max_size=5,
).map("".join)
references = st.builds(
    VariableReference,
    name=st.sampled_from(["SET", "EMPTY", "API_TOKEN", "MISSING_KEY"]),
    default=literals,
) | st.builds(VariableReference, name=st.sampled_from(["SET", "EMPTY", "API_TOKEN"]))
texts = st.lists(literals | references, max_size=4).map(lambda parts: WrittenText(tuple(parts)))
names = st.sampled_from(["API_TOKEN", "GITHUB_TOKEN", "PASSWORD", "URL", "PLAIN", "SET", "odd-name", "x.y"])
programs = st.builds(
    DeclaredServer,
    name=st.sampled_from(["a", "b", "x__y", "grün", "_", "a b", "A" * 40]),
    origin=st.just(origin()),
    transport=st.just("stdio"),
    command=st.sampled_from(["uvx", "/opt/x y/z", "run$me", "tool"]).map(lambda each: WrittenText((each,))),
    args=st.lists(
        texts | st.sampled_from(["--token", "-H", "-e"]).map(lambda each: WrittenText((each,))), max_size=4
    ).map(tuple),
    env=st.dictionaries(names, texts, max_size=4),
)


def meant(text: WrittenText) -> str:
    """What a text comes to in this environment."""
    return "".join(
        each
        if isinstance(each, str)
        else ENVIRON.get(each.name) or (ENVIRON.get(each.name, "") if each.default is None else each.default)
        for each in text.parts
    )


def loaded(imported: ImportedConfig, folder: Path, environ: Mapping[str, str] = ENVIRON) -> Config:
    """The configuration and its env file, written and loaded as a gateway loads them."""
    (folder / "argus.env").write_bytes(env_text(imported.variables, imported.needed).encode())
    (folder / "argus.env").chmod(0o600)
    tree = {"version": "1", "env_file": "argus.env", "backends": imported.tree["backends"]}
    (folder / "config.yaml").write_bytes(emit(tree, imported.origins).encode())
    return load(folder / "config.yaml", environ=environ)


@settings(max_examples=400, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    servers=st.lists(programs, max_size=3, unique_by=lambda each: (each.args, tuple(each.env.items()), each.command))
)
def test_every_program_comes_back_with_the_command_arguments_and_variables_that_were_declared(
    servers: list[DeclaredServer], tmp_path: Path
) -> None:
    imported = import_servers(servers, ImportSurroundings(environ=ENVIRON))
    backends = list(loaded(imported, tmp_path).backends.values())
    assert len(backends) == len(servers)
    for backend, server in zip(backends, servers, strict=True):
        assert isinstance(backend, StdioBackend)
        assert backend.command == meant(server.command)
        assert list(backend.args) == [meant(each) for each in server.args]
        passed_on = {name: ENVIRON[name] for name in backend.env_from}
        assert {**backend.env, **passed_on} == {name: meant(each) for name, each in server.env.items()}


def test_headers_and_addresses_come_back(tmp_path: Path) -> None:
    url = "https://mcp.example.com/s/0f8fad5b-d9cb-469f-a165-70867728950e/mcp?api_key=zzzz9999&x=1"
    headers = {"Authorization": "Bearer abc${def}", "X-Api-Key": "k#1 'x'", "X-Plain": "$$"}
    backend = loaded(import_servers([remote("a", url, headers)], ImportSurroundings()), tmp_path).backends["a"]
    assert not isinstance(backend, StdioBackend)
    assert (backend.url, backend.headers) == (url, headers)


def test_what_the_environment_says_otherwise_does_not_win_over_a_secret_that_was_moved(tmp_path: Path) -> None:
    server = program("gh", env={"API_TOKEN": "tok-of-the-file"})
    imported = import_servers([server], ImportSurroundings(environ=ENVIRON))
    backend = loaded(imported, tmp_path).backends["gh"]
    assert isinstance(backend, StdioBackend)
    assert backend.env == {"API_TOKEN": "tok-of-the-file"}
    assert imported.variables == {"GH_API_TOKEN": "tok-of-the-file"}


def test_what_the_loader_does_not_take_is_left_out_and_told(tmp_path: Path) -> None:
    servers = [program("bad", args=["secret:name"]), program("good"), remote("odd", "ftp://x")]
    imported = checked(import_servers(servers, ImportSurroundings()), folder=tmp_path, environ={})
    assert list(loaded(imported, tmp_path, {}).backends) == ["good"]
    refused = [each for each in imported.notes if each.is_refusal]
    assert [each.where.rpartition(" ")[2] for each in refused] == ["bad", "odd"]


def test_a_folder_that_is_not_there_switches_its_backend_off(tmp_path: Path) -> None:
    server = attrs.evolve(program("a"), cwd=WrittenText(("/no/such/folder",)))
    imported = checked(import_servers([server], ImportSurroundings()), folder=tmp_path, environ={})
    assert not loaded(imported, tmp_path, {}).backends["a"].enabled
    assert [each.kind for each in imported.notes][-1] == "do"
