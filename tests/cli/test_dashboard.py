"""Which gateways the dashboard can look at, and which it looks at first."""

from __future__ import annotations

import socket
from argparse import Namespace
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from argus_trio.cli.arguments.parser import parser
from argus_trio.cli.dashboard import dashboard_options
from argus_trio.manage_client.failure import CommandFailed
from argus_trio.tui.run import DashboardOptions
from tests.cli.conftest import Run

LIST = (
    "servers:\n  - {name: staging, url: http://staging:9000}\n  - {name: prod, url: 'https://prod', read_only: true}\n"
)


def environ_of(folder: Path, text: str = "", **more: str) -> dict[str, str]:
    """An environment whose usual list is this one, and whose sockets are those of `sockets`."""
    (folder / "argus-trio").mkdir(exist_ok=True)
    if text:
        (folder / "argus-trio" / "servers.yaml").write_text(text)
    return {"XDG_CONFIG_HOME": str(folder), "XDG_RUNTIME_DIR": str(folder), "HOME": str(folder), **more}


@contextmanager
def sockets(folder: Path, *names: str) -> Iterator[None]:
    """Gateways of this user that listen."""
    with ExitStack() as opened:
        for name in names:
            listener = opened.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM))
            listener.bind(str(folder / "argus-trio" / name))
            listener.listen()
        yield


def options_of(environ: dict[str, str], *words: str) -> DashboardOptions:
    parsed: Namespace = parser().parse_args(["tui", *words])
    return dashboard_options(parsed, environ)


def names(options: DashboardOptions) -> tuple[str | None, list[str]]:
    return options.shown.name if options.shown else None, [each.name for each in options.gateways]


def test_without_anything_it_is_the_usual_address(tmp_path: Path) -> None:
    assert names(options_of(environ_of(tmp_path))) == ("http://127.0.0.1:9000", ["http://127.0.0.1:9000"])


def test_what_is_named_is_shown_and_the_list_stands_below(tmp_path: Path) -> None:
    environ = environ_of(tmp_path, LIST, ARGUS_TOKEN="t0ken")
    options = options_of(environ, "--server", "http://h:1/mcp")
    assert names(options) == ("http://h:1", ["http://h:1", "staging", "prod"])
    assert (options.token, options.gateways[0].uses_environment) == ("t0ken", True)
    assert not any(each.uses_environment for each in options.gateways[1:])
    assert names(options_of({**environ, "ARGUS_URL": "http://u:2"})) == (
        "http://u:2",
        ["http://u:2", "staging", "prod"],
    )


def test_a_gateway_of_the_list_is_named_by_its_name_and_gets_no_token_of_the_environment(tmp_path: Path) -> None:
    options = options_of(environ_of(tmp_path, LIST, ARGUS_TOKEN="t0ken", ARGUS_URL="http://u"), "--server", "prod")
    assert names(options) == ("prod", ["staging", "prod"])
    assert options.token == ""


def test_the_only_gateway_of_the_list_is_shown(tmp_path: Path) -> None:
    options = options_of(environ_of(tmp_path, "servers: [{name: a, url: http://a}]"))
    assert names(options) == ("a", ["a"])


def test_of_several_gateways_the_user_chooses(tmp_path: Path) -> None:
    assert names(options_of(environ_of(tmp_path, LIST))) == (None, ["staging", "prod"])
    with sockets(tmp_path, "argus-trio.sock"):
        unix = f"unix:{tmp_path}/argus-trio/argus-trio.sock"
        assert names(options_of(environ_of(tmp_path))) == (None, [unix, "staging", "prod"])
        (tmp_path / "argus-trio" / "servers.yaml").unlink()
        assert names(options_of(environ_of(tmp_path))) == (unix, [unix])
    with sockets(tmp_path, "argus-trio-1.sock", "argus-trio-2.sock"):
        shown, gateways = names(options_of(environ_of(tmp_path)))
        assert (shown, len(gateways)) == (None, 2)


def test_a_socket_of_the_list_is_there_once(tmp_path: Path) -> None:
    environ = environ_of(tmp_path, f"servers: [{{name: here, url: 'unix:{tmp_path}/argus-trio/argus-trio.sock'}}]")
    with sockets(tmp_path, "argus-trio.sock"):
        assert names(options_of(environ)) == ("here", ["here"])


def test_another_list_is_named(tmp_path: Path) -> None:
    other = tmp_path / "other.yaml"
    other.write_text("servers: [{name: b, url: http://b}]")
    assert names(options_of(environ_of(tmp_path, LIST), "--servers", str(other))) == ("b", ["b"])
    with pytest.raises(CommandFailed, match="No such file"):
        options_of(environ_of(tmp_path), "--servers", str(tmp_path / "none.yaml"))


def test_a_bad_list_keeps_nobody_from_the_gateway_that_is_named(tmp_path: Path) -> None:
    environ = environ_of(tmp_path, "servers: 7\n")
    with pytest.raises(CommandFailed, match=r"servers.yaml:1: `servers` is no list"):
        options_of(environ)
    options = options_of(environ, "--server", "http://h")
    assert names(options) == ("http://h", ["http://h"])
    assert "servers.yaml:1: " in options.warnings[0]


def test_a_file_of_a_token_is_for_what_the_command_line_names(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("t0ken\n")
    token.chmod(0o644)
    options = options_of(environ_of(tmp_path, LIST), "--server", "http://h", "--token-file", str(token))
    assert options.token == "t0ken"
    assert "other users can read" in options.warnings[0]
    with pytest.raises(CommandFailed, match="--token-file goes with --server"):
        options_of(environ_of(tmp_path, LIST), "--token-file", str(token))
    assert "t0ken" not in repr(options)


def test_an_address_that_is_none_is_answered(tmp_path: Path) -> None:
    with pytest.raises(CommandFailed, match="--server is no address"):
        options_of(environ_of(tmp_path, LIST), "--server", "nowhere")
    with pytest.raises(CommandFailed, match="a name of the list of gateways: staging, prod"):
        options_of(environ_of(tmp_path, LIST), "--server", "stagin")


@pytest.mark.parametrize(("words", "told"), [([], "needs a terminal"), (["--read-only"], "needs a terminal")])
def test_without_a_terminal_it_says_what_is_for_scripts(plain: Run, words: list[str], told: str) -> None:
    ran = plain("tui", *words)
    assert (ran.code, told in ran.err) == (2, True)


def test_help_offers_no_answer_that_is_printed(plain: Run) -> None:
    assert "--json" not in plain("tui", "--help").out
