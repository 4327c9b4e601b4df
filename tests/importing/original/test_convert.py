"""A configuration of the original becomes one of ours, which `check` accepts."""

from __future__ import annotations

from tests.importing.original.support import imported, loaded, refused, told, written

SMALL = """
version: "1"
backends:
  time: {type: stdio, command: uvx, args: [mcp-server-time]}
"""


def test_its_defaults_are_written_out_so_that_names_stay_the_same() -> None:
    assert imported(SMALL).tree["conflict_resolution"] == {"strategy": "first-wins", "separator": "_"}


def test_what_comes_out_is_accepted() -> None:
    assert loaded(imported(SMALL)).backends["time"].type == "stdio"


def test_a_file_of_ours_has_nothing_to_be_imported() -> None:
    assert refused("backends: {}\nmiddleware: []\n") == [
        "1: is a configuration of argus-trio already: nothing has to be imported"
    ]


def backend(**keys: object) -> str:
    return written({"backends": {"a": {"type": "stdio", "command": "uvx", "args": ["x"], **keys}}})


def of_backend(text: str, key: str) -> object:
    backends = imported(text).tree["backends"]
    assert isinstance(backends, dict)
    return backends["a"].get(key)


def test_the_deadlines_that_are_one_here_are_the_longest_of_them() -> None:
    text = backend(timeouts={"init": 20, "cap_fetch": 40, "startup": 90})
    assert of_backend(text, "timeouts") == {"connect": 40, "prepare": 90}
    assert "init, cap_fetch are one here" in told(imported(text))


def test_a_long_delay_between_attempts_takes_its_bounds_with_it() -> None:
    text = backend(timeouts={"retry_delay": 90})
    assert of_backend(text, "restart") == {"initial": 90, "max": 90, "cooldown": 90}


def test_volumes_are_mounts_that_can_be_written_to_unless_they_say_otherwise() -> None:
    text = backend(container={"volumes": ["/a:/b", "/c:/d:ro,Z"]})
    assert of_backend(text, "container") == {
        "mounts": [
            {"source": "/a", "target": "/b", "mode": "rw"},
            {"source": "/c", "target": "/d", "mode": "ro", "selinux": "private"},
        ]
    }


def test_a_server_of_sse_that_was_launched_has_to_be_started_by_its_user() -> None:
    text = written({"backends": {"a": {"type": "sse", "url": "http://127.0.0.1:1/sse", "command": "x", "args": ["y"]}}})
    assert "do /nowhere/config.yaml:5 backends.a.command no server of type: sse is started" in told(imported(text))


def test_a_command_that_is_a_list_is_a_program_and_its_arguments() -> None:
    text = written({"backends": {"a": {"type": "stdio", "command": ["uvx", "x"], "args": ["y"]}}})
    assert of_backend(text, "args") == ["x", "y"]


def test_globs_that_match_nothing_still_let_nothing_pass() -> None:
    assert of_backend(backend(filters={"tools": {"allow": [""]}}), "filters") == {"tools": {"deny": ["*"]}}


def test_a_gateway_that_was_open_beyond_loopback_says_so() -> None:
    found = imported(written({"server": {"host": "0.0.0.0"}, "backends": {}}))
    assert found.tree["server"] == {"host": "0.0.0.0", "allow_unauthenticated": True}
    assert "everyone who reaches this address may call every tool, as before" in told(found)
    assert "the management API was open to everybody" in told(found)


def test_tokens_of_an_issuer_that_is_not_named_need_it_named() -> None:
    found = imported(written({"backends": {}, "incoming_auth": {"type": "jwt", "jwks_uri": "https://i.example/k"}}))
    assert set(found.needed) == {"ARGUS_JWT_ISSUER", "ARGUS_JWT_AUDIENCE"}
    loaded(found)


def test_oidc_finds_its_keys_by_the_issuer() -> None:
    auth = {"type": "oidc", "issuer": "https://i.example/realms/a", "audience": "x", "jwks_uri": "https://i.example/k"}
    found = imported(written({"backends": {}, "incoming_auth": auth}))
    assert "jwks_uri" not in str(found.tree)
    assert "realm_access.roles" in str(found.tree)


def test_signatures_that_anybody_could_make_are_left_out_and_told() -> None:
    auth = {"type": "jwt", "issuer": "https://i.example", "audience": "x", "algorithms": ["HS256", "ES256"]}
    found = imported(written({"backends": {}, "incoming_auth": auth}))
    assert "HS256" not in str(found.tree)
    assert "HS256: signatures that who checks them could make as well" in told(found)


def test_origins_and_isolation_of_the_environment_are_written_down() -> None:
    environ = {"ARGUS_ALLOWED_ORIGINS": "https://a.example, https://b.example", "ARGUS_CONTAINER_ISOLATION": "false"}
    tree = imported(SMALL, environ=environ | {"ARGUS_RUNTIME": "podman"}).tree
    assert tree["defaults"] == {"container": {"runtime": "podman"}}
    assert tree["server"] == {"allowed_origins": ["https://a.example", "https://b.example"]}
    assert tree["isolation"] == "off"


def test_only_the_backends_that_are_named_are_taken() -> None:
    text = written({"backends": {name: {"type": "stdio", "command": "uvx", "args": [name]} for name in ("a", "b")}})
    assert list(loaded(imported(text, only=("b",))).backends) == ["b"]
    assert "--only c no backend is called that; there are a, b" in told(imported(text, only=("a", "c")))
