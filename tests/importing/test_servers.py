"""Many servers as one configuration: names, duplicates, variables, what is left out."""

from __future__ import annotations

from collections.abc import Mapping

import attrs
import hypothesis.strategies as st
import pytest
from hypothesis import given

from argus_trio.client_files.server import LeftOut, VariableReference, WrittenText
from argus_trio.config.read.env_file import read_env_text
from argus_trio.importing.dotenv import env_text, read_variables
from argus_trio.importing.naming import LONGEST, fitting, free_name
from argus_trio.importing.result import ImportedConfig
from argus_trio.importing.servers import ImportSurroundings, backends_of, import_servers
from tests.importing.servers import origin, program, remote

NOWHERE = ImportSurroundings()


def entry(imported: ImportedConfig, name: str) -> Mapping[str, object]:
    found = backends_of(imported)[name]
    assert isinstance(found, Mapping)
    return found


def told(imported: ImportedConfig, kind: str) -> list[str]:
    return [each.what for each in imported.notes if each.kind == kind]


@given(st.text(max_size=60))
def test_every_name_becomes_one_that_fits(name: str) -> None:
    found = fitting(name)
    assert 1 <= len(found) <= LONGEST
    assert found[0].isalnum()
    assert found.isascii()
    assert "__" not in found
    assert not found.endswith("_")
    assert fitting(found) == found


@given(st.text(max_size=40), st.integers(0, 6))
def test_a_name_is_given_once(name: str, count: int) -> None:
    taken: set[str] = set()
    for _ in range(count):
        found = free_name(name, origin(project="/home/u/My Project"), taken)
        assert found not in taken
        assert fitting(found) == found
        taken.add(found)


def test_a_name_stays_readable() -> None:
    assert fitting("My Server!") == "My-Server"
    assert fitting("io.github.a/b") == "io.github.a-b"
    assert fitting("größe") == "groe" or fitting("größe") == "gro-e"
    assert fitting("日本") == "server"


def test_the_same_server_in_two_files_is_one_backend_and_that_is_told() -> None:
    one = program("time", args=["mcp-server-time"])
    other = program("clock", args=["mcp-server-time"], of=origin("vscode", path="/home/u/other.json", line=7))
    imported = import_servers([attrs.evolve(one, is_enabled=False), other], NOWHERE)
    assert list(backends_of(imported)) == ["time"]
    assert "enabled" not in entry(imported, "time")
    assert told(imported, "changed") == ["is the same as time of /home/u/mcp.json:3: one backend for both"]
    assert imported.origins["time"] == "from /home/u/mcp.json:3; /home/u/other.json:7"


def test_the_same_server_of_two_projects_is_one_unless_its_folder_matters() -> None:
    def of(project: str, *args: str) -> ImportedConfig:
        servers = [
            attrs.evolve(program("a", "node", args, of=origin(project=each)), cwd=WrittenText((each,)))
            for each in ("/p/one", project)
        ]
        return import_servers(servers, NOWHERE)

    assert list(backends_of(of("/p/two", "/opt/server.js"))) == ["a"]
    assert list(backends_of(of("/p/two", "./server.js"))) == ["a", "a-two"]


def test_another_server_of_the_same_name_gets_its_clients_behind_it() -> None:
    imported = import_servers([program("a", "x"), program("a", "y", of=origin("vscode"))], NOWHERE)
    assert list(backends_of(imported)) == ["a", "a-vscode"]
    assert told(imported, "changed") == ["another server has its name: it is called a-vscode"]


def test_the_same_secret_twice_is_one_variable_and_two_under_one_name_are_two() -> None:
    servers = [
        program("a", "x", env={"API_KEY": "first-key"}),
        program("b", "y", env={"API_KEY": "second-key"}),
        program("c", "z", env={"OTHER_TOKEN": "first-key"}),
    ]
    imported = import_servers(servers, NOWHERE)
    assert imported.variables == {"API_KEY": "first-key", "B_API_KEY": "second-key"}
    assert entry(imported, "c")["env"] == {"OTHER_TOKEN": "${API_KEY}"}


def test_a_variable_that_a_file_means_is_no_name_for_a_secret() -> None:
    servers = [program("a", "x", env={"KEY": "the-key"}), program("b", "y", env={"K": VariableReference(name="KEY")})]
    imported = import_servers(servers, NOWHERE)
    assert imported.variables == {"A_KEY": "the-key"}
    assert imported.needed == {"KEY": ""}


def test_what_a_clients_user_was_asked_stands_in_the_env_file() -> None:
    asked = VariableReference(name="API_KEY", is_secret=True, about="The key of\nthe service")
    imported = import_servers([program("a", env={"KEY": asked})], NOWHERE)
    assert env_text(imported.variables, imported.needed).endswith("# The key of the service\n#API_KEY=\n")


def test_a_default_that_is_a_secret_is_moved() -> None:
    imported = import_servers(
        [program("a", env={"K": VariableReference(name="API_KEY", default="sk-default-1")})], NOWHERE
    )
    assert imported.variables == {"API_KEY_DEFAULT": "sk-default-1"}
    assert entry(imported, "a")["env"] == {"K": "${API_KEY:-${API_KEY_DEFAULT}}"}


def test_a_file_of_variables_is_read_into_env_and_its_secrets_are_moved() -> None:
    server = attrs.evolve(program("a", env={"A": "mine"}), env_file=WrittenText(("/p/.env",)))
    surroundings = ImportSurroundings(env_files={"/p/.env": "export A=theirs\nB_TOKEN='tok en'\n# C=1\nD=x # y\n"})
    imported = import_servers([server], surroundings)
    assert entry(imported, "a")["env"] == {"A": "mine", "B_TOKEN": "${B_TOKEN}", "D": "x"}
    assert imported.variables == {"B_TOKEN": "tok en"}


def test_a_file_of_variables_that_cannot_be_read_is_to_be_done_by_the_user() -> None:
    server = attrs.evolve(program("a"), env_file=WrittenText(("/p/.env",)))
    assert len(told(import_servers([server], NOWHERE), "do")) == 1


def test_a_placeholder_is_told() -> None:
    imported = import_servers([program("a", env={"API_KEY": "<YOUR_API_KEY>"})], NOWHERE)
    assert told(imported, "do") == ["API_KEY holds a placeholder: put the value into the env file"]


def test_what_has_no_counterpart_is_told() -> None:
    server = attrs.evolve(program("a"), left_out=(LeftOut(key="trust", why="there is none here"),))
    assert told(import_servers([server], NOWHERE), "left out") == ["trust: there is none here"]


@pytest.mark.parametrize(
    ("url", "transport"),
    [("https://h/sse", "sse"), ("https://h/sse/?a=1", "sse"), ("https://h/mcp", "streamable-http")],
)
def test_an_address_of_no_said_transport_is_what_its_path_suggests_and_that_is_told(url: str, transport: str) -> None:
    imported = import_servers([remote("a", url, transport="http")], NOWHERE)
    assert entry(imported, "a")["type"] == transport
    assert "does not say which transport" in told(imported, "changed")[0]


def test_user_and_password_of_an_address_become_a_header() -> None:
    imported = import_servers([remote("a", "https://u:p%40ss@h/mcp")], NOWHERE)
    assert entry(imported, "a")["url"] == "https://h/mcp"
    assert entry(imported, "a")["headers"] == {"Authorization": "Basic ${A_BASIC_AUTH}"}
    assert imported.variables == {"A_BASIC_AUTH": "dTpwQHNz"}


def test_headers_that_the_gateway_sets_or_that_are_there_twice_are_left_out_and_told() -> None:
    imported = import_servers([remote("a", "https://h/mcp", {"Accept": "x", "X-A": "1", "x-a": "2"})], NOWHERE)
    assert entry(imported, "a")["headers"] == {"X-A": "1"}
    assert len(told(imported, "left out")) == 2


def test_allowed_and_denied_tools_are_filters_that_mean_them_alone() -> None:
    server = attrs.evolve(program("a"), allow=("get",), deny=("a*b",))
    assert entry(import_servers([server], NOWHERE), "a")["filters"] == {"tools": {"allow": ["get"], "deny": ["a[*]b"]}}


def test_timeouts_are_kept_and_one_that_is_none_is_told() -> None:
    server = attrs.evolve(program("a"), connect_seconds=0.0, call_seconds=7200.0)
    imported = import_servers([server], NOWHERE)
    assert entry(imported, "a")["timeouts"] == {"call": 7200.0, "call_max": 7200.0}
    assert len(told(imported, "left out")) == 1


@pytest.mark.parametrize(
    "server",
    [
        remote("x", "http://127.0.0.1:9000/mcp"),
        remote("x", "http://localhost:9000/sse"),
        remote("argus", "http://localhost:7777/mcp/safe"),
        program("x", "argus-trio", ["stdio"]),
        program("x", "npx", ["-y", "mcp-remote", "http://127.0.0.1:9000/mcp"]),
    ],
    ids=lambda each: each.name,
)
def test_what_leads_to_argus_itself_is_left_out_and_no_refusal(server: object) -> None:
    surroundings = ImportSurroundings(gateways=("http://127.0.0.1:9000",))
    imported = import_servers([server], surroundings)  # type: ignore[list-item]  # as parametrize gives it
    assert not backends_of(imported)
    assert [each.is_refusal for each in imported.notes] == [False]


def test_half_of_a_character_is_refused() -> None:
    imported = import_servers([program("a", env={"TOKEN": "abc\ud800def"}), program("b")], NOWHERE)
    assert list(backends_of(imported)) == ["b"]
    assert not imported.variables


@given(
    st.dictionaries(
        st.sampled_from(["A", "B_1", "_c"]), st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
    )
)
def test_the_env_file_is_read_as_it_was_written(variables: dict[str, str]) -> None:
    content = read_env_text(env_text(variables, {"NEEDED": "a\nb"}))
    assert (dict(content.variables), content.faults) == (variables, ())


def test_files_of_variables_are_read_as_programs_have_them() -> None:
    text = "# c\nA=1\n export B = two \nC=\"a\\nb\" # c\nD='x\\n'\nE=\nnothing\nF=a#b\n"
    assert read_variables(text) == {"A": "1", "B": "two", "C": "a\nb", "D": "x\\n", "E": "", "F": "a#b"}
