"""What the file says of operators, and what is said of it."""

from __future__ import annotations

import hashlib
import os
import socket
from pathlib import Path

import pytest

from argus_trio.config.structure.heritage import advice
from tests.config.support.reading import problem, read

T = "0123456789abcdef"
ASKED = f"middleware: [{{type: authentication, methods: [{{type: bearer, tokens: [{{token: {T}, principal: a}}]}}]}}]"


def management(text: str, *, server: str = "", rest: str = "backends: {}") -> str:
    return f"server: {{management: {{{text}}}{server}}}\n{rest}\n"


@pytest.mark.parametrize(
    ("text", "key", "words", "hint"),
    [
        ("token: ''", "token", "one or more visible ASCII", "openssl rand -hex 32"),
        ("token: 'a b'", "token", "no spaces", "openssl rand -hex 32"),
        ("token: 'sha256:abc'", "token", "64 hexadecimal", "sha256: and its digest"),
        ("listen: ''", "listen", "HOST:PORT", "leave it out"),
        ("listen: 9001", "listen", "HOST:PORT", "leave it out"),
        ("listen: '127.0.0.1:9000'", "listen", "clients connect there", "another port"),
        ("listen: 'localhost:9000'", "listen", "clients connect there", "another port"),
        (f"token: {T}, listen: '0.0.0.0:9000'", "listen", "clients connect there", "another port"),
        ("listen: '0.0.0.0:9001'", "listen", "nobody is asked", 'token: "${ARGUS_MGMT_TOKEN}"'),
        ("listen: '[::]:9001'", "listen", "nobody is asked", "listen: 127.0.0.1:9001"),
        ("socket: ''", "socket", "the path of a socket", "auto"),
        ("socket: /", "socket", "the path of a socket", "auto"),
        ("socket: /run/", "socket", "a folder of this name", "/run/argus.sock"),
        (f"socket: /{'x' * 107}", "socket", "at most 107 bytes", "auto"),
        ("socket: /tmp", "socket", "a folder of this name", "/tmp/argus.sock"),
        ("socket: /etc/hostname", "socket", "no socket", "another path"),
        ("socket: true", "socket", "found true", "write auto"),
        ("socket: off", "socket", "found off", "leave it out"),
        ("enabled: true", "enabled", "unknown key", "always there"),
        ("port: 9001", "port", "unknown key", "listen: HOST:PORT"),
    ],
)
def test_what_makes_no_sense_is_told_with_what_to_write(text: str, key: str, words: str, hint: str) -> None:
    found = problem(management(text))
    assert found.path == f"server.management.{key}"
    assert words in found.message
    assert hint in found.hint
    assert "a b" not in str(found)


def test_the_operators_token_is_nobody_elses() -> None:
    for written in (T, f"sha256:{hashlib.sha256(T.encode()).hexdigest()}"):
        found = problem(management(f"token: '{written}'", rest=f"{ASKED}\nbackends: {{}}"))
        assert (found.path, T in str(found)) == ("server.management.token", False)
        assert "stands in middleware" in found.message


@pytest.mark.parametrize(
    "text",
    [
        f"token: {T}",
        f"token: 'sha256:{'a' * 64}'",
        "listen: '127.0.0.1:9001'",
        "listen: '127.0.0.1:0'",
        "listen: '[::1]:9000'",
        "listen: 'localhost:9001'",
        "socket: auto",
        "token: null, socket: null, listen: null",
    ],
)
def test_what_is_good_is_taken_in_silence(text: str) -> None:
    assert read(management(text), environ={"XDG_RUNTIME_DIR": "/run/user/1"}).warnings == ()


@pytest.mark.parametrize(
    ("text", "server", "words"),
    [
        ("token: short", "", "shorter than 16 characters"),
        (f"token: {T}, listen: '0.0.0.0:9001'", "", "unprotected"),
        (f"token: {T}", ", host: 0.0.0.0, allow_unauthenticated: true", "unprotected"),
        ("socket: auto", "", "neither $RUNTIME_DIRECTORY nor $XDG_RUNTIME_DIR"),
        ("socket: /nowhere/at/all.sock", "", "has to be when the gateway starts"),
    ],
)
def test_what_is_risky_is_warned_of(text: str, server: str, words: str) -> None:
    (warning,) = read(management(text, server=server)).warnings
    assert warning.path.startswith("server.management.")
    assert words in warning.message
    assert warning.hint


def test_it_may_listen_anywhere_where_everybody_is_asked() -> None:
    text = management("listen: '0.0.0.0:9001'", server=", trusted_proxies: [10.0.0.1]", rest=f"{ASKED}\nbackends: {{}}")
    assert read(text).server.management.listen == "0.0.0.0:9001"


def test_a_socket_is_where_the_file_is(tmp_path: Path) -> None:
    assert read(management("socket: a.sock"), folder=tmp_path).server.management.socket == str(tmp_path / "a.sock")
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(tmp_path / "a.sock"))
        assert read(management("socket: a.sock"), folder=tmp_path).warnings == ()
    assert read(management("socket: auto"), folder=tmp_path).server.management.socket == "auto"


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
def test_a_folder_that_may_not_be_written_to_is_warned_of(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    (warning,) = read(management("socket: a.sock"), folder=tmp_path).warnings
    assert "write nothing" in warning.message


def test_the_token_is_a_secret_and_stands_in_no_repr() -> None:
    config = read(management("token: 'prefix-${T}-0123456789'"), environ={"T": "brought"})
    assert config.secrets == {"prefix-brought-0123456789", "brought"}
    assert "brought" not in repr(config)
    assert "brought" not in repr(config.server.management)


def test_the_role_of_the_operator_can_be_written_nowhere() -> None:
    rbac = "{type: rbac, roles: {'argus:operator': {allow: ['*']}}}"
    found = problem(ASKED.replace("[{type: auth", f"[{rbac}, {{type: auth") + "\nbackends: {}\n")
    assert "gateway's own" in found.message


def test_a_variable_of_the_original_is_told() -> None:
    assert 'token: "${ARGUS_MGMT_TOKEN}"' in advice(("server", "token"))
