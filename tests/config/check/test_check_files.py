"""Whether what a configuration names is there."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.config.support.reading import HTTP, STDIO, paths, problem, problems, read
from tests.servers.certificates import make_pair


def test_files_and_folders_that_are_not_there_are_problems(tmp_path: Path) -> None:
    text = "server: {tls: {cert_file: c.pem, key_file: k.pem}}\n" + STDIO + "    cwd: work\n"
    assert paths(problems(text, folder=tmp_path)) == ["server.tls.cert_file", "server.tls.key_file", "backends.a.cwd"]
    assert problem(HTTP + "    tls: {ca_file: ca.pem}\n", folder=tmp_path).path == "backends.a.tls.ca_file"


def test_files_and_folders_that_are_there_are_taken(tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    (tmp_path / "ca.pem").touch()
    read(STDIO + "    cwd: work\n", folder=tmp_path)
    read(HTTP + "    tls: {ca_file: ca.pem}\n", folder=tmp_path)


def test_a_file_is_no_folder_and_a_folder_no_file(tmp_path: Path) -> None:
    (tmp_path / "work").touch()
    (tmp_path / "ca.pem").mkdir()
    assert problem(STDIO + "    cwd: work\n", folder=tmp_path).message == "there is no such folder"
    assert problem(HTTP + "    tls: {ca_file: ca.pem}\n", folder=tmp_path).message == "there is no such file"


def test_a_disabled_backend_needs_no_files(tmp_path: Path) -> None:
    read(STDIO + "    cwd: work\n    enabled: false\n", folder=tmp_path)
    read(HTTP + "    tls: {ca_file: ca.pem}\n    enabled: no\n", folder=tmp_path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads every file")
def test_a_file_that_may_not_be_read_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").touch(mode=0)
    assert "Permission denied" in problem(HTTP + "    tls: {ca_file: ca.pem}\n", folder=tmp_path).message


def test_a_path_that_is_too_long_is_a_problem(tmp_path: Path) -> None:
    long = "x" * 5000
    assert problem(STDIO + f"    cwd: {long}\n", folder=tmp_path).path == "backends.a.cwd"
    assert problem(HTTP + f"    tls: {{ca_file: {long}}}\n", folder=tmp_path).path == "backends.a.tls.ca_file"


def test_a_certificate_that_does_not_go_with_its_key_is_one_problem(tmp_path: Path) -> None:
    pair = make_pair(tmp_path)
    text = "server: {tls: {cert_file: cert.pem, key_file: key.pem}}\n"
    read(text, folder=tmp_path)
    key = pair["key_file"].read_bytes()
    make_pair(tmp_path)
    pair["key_file"].write_bytes(key)
    found = problem(text, folder=tmp_path)
    assert (found.path, found.line) == ("server.tls", 1)
    assert "cannot be used with the key: KEY_VALUES_MISMATCH" in found.message
    pair["key_file"].write_text("no key")
    assert "cannot be used with the key" in problem(text, folder=tmp_path).message
