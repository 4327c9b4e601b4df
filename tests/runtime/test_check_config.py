"""A configuration is checked beside the one that runs: all is told, nothing takes effect, no secret is said."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
import trio

from argus_trio.config.file import ConfigFile
from argus_trio.config.load import MAX_BYTES
from argus_trio.config.model.config import Config
from argus_trio.core.control import Checked, NoFile
from argus_trio.runtime.changes import check_config
from argus_trio.runtime.changes.check_config import ConfigCheck

SECRET = "hush-7f3a9c"
USES = "backends: {}\nmiddleware: [{use: '%s', options: {%s}}]"


def checking(folder: Path, text: str = "backends: {}", **environ: str) -> ConfigCheck:
    """The check of a gateway that runs with this file."""
    path = folder / "config.yaml"
    path.write_text(text)
    file = ConfigFile(path=path, environ=environ)
    config = file.read()
    return ConfigCheck(file=file, config=lambda: config, kept=dict)


async def test_the_file_on_disk_is_checked_without_being_taken_note_of(tmp_path: Path) -> None:
    check = checking(tmp_path)
    assert check.file is not None
    stamps = check.file.stamps
    (tmp_path / "config.yaml").write_text("backends: {a: {type: stdio, command: /bin/true}, b: {type: x}}")
    found = await check(None)
    assert [problem.path for problem in found.problems] == ["backends.b.type"]
    assert check.file.stamps is stamps


async def test_a_text_is_checked_as_if_it_stood_in_place_of_the_file(tmp_path: Path) -> None:
    check = checking(tmp_path, NAME="a.example")
    (tmp_path / "work").mkdir()
    text = "backends: {a: {type: stdio, command: /bin/true, cwd: work}}\nserver: {allowed_hosts: ['${NAME}']}"
    assert await check(text) == Checked(backends=("a",))
    (problem,) = (await check(text.replace("work", "elsewhere"))).problems
    assert problem.path == "backends.a.cwd"
    (problem,) = (await check(text.replace("NAME", "OTHER"))).problems
    assert "OTHER" in problem.message
    assert (tmp_path / "config.yaml").read_text() == "backends: {}"


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("server: {host: 0.0.0.0}", "server.host"),
        ("server: {tls: {cert_file: none.pem, key_file: none.key}}", "server.tls.cert_file"),
        ("server: [", ""),
        ("", ""),
        ("# " + "x" * MAX_BYTES, ""),
        ("# \ud800", ""),
    ],
)
async def test_all_that_a_start_would_refuse_is_a_problem(tmp_path: Path, text: str, path: str) -> None:
    found = await checking(tmp_path)(text)
    assert found.problems[0].path == path
    assert found.backends == ()


async def test_code_that_the_file_does_not_name_is_not_run_for_a_text(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w').close()\nclass Mine:\n  pass\n")
    check = checking(tmp_path)
    for use, options in (("subprocess:Popen", f"args: [touch, {tmp_path / 'ran'}]"), ("./mine.py:Mine", "")):
        found = await check(USES % (use, options))
        assert found.problems == ()
        assert [warning.path for warning in found.warnings] == ["middleware[0].use"]
        assert "was not imported" in found.warnings[0].message
    assert not (tmp_path / "ran").exists()


async def test_code_that_runs_already_is_a_part_of_the_check(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("async def mine(exchange, call_next):\n    return await call_next(exchange)\n")
    text = USES % ("./mine.py:mine", "")
    check = checking(tmp_path, text)
    assert await check(text) == Checked()
    (tmp_path / "mine.py").write_text("")
    (problem,) = (await check(text)).problems
    assert problem.path == "middleware[0].use"


@pytest.mark.parametrize(
    "text",
    [
        "server: {port: '${S}'}",
        "server: {host: '${S}'}",
        "backends: {a: {type: '${S}'}}",
        "backends: {a: {type: stdio, command: '${S}'}}",
        "backends: {a: {type: streamable-http, url: '${S}'}}",
        "backends: {a: {type: streamable-http, url: 'http://a.example/', headers: {Authorization: '${S}\n'}}}",
        "server: {management: {token: '${S}', listen: '${S}'}}",
        "middleware: [{type: authentication, methods: [{type: api_key, keys: [{key: '${S}', principal: a}]}]}]",
    ],
)
async def test_what_is_brought_into_a_text_is_not_said(tmp_path: Path, text: str) -> None:
    assert SECRET not in repr(await checking(tmp_path, S=SECRET)(text))


async def test_without_a_file_only_a_text_can_be_checked() -> None:
    check = ConfigCheck(file=None, config=Config, kept=dict)
    assert (await check("backends: {}")).problems == ()
    assert (await check("backends: 3")).problems
    with pytest.raises(NoFile):
        await check(None)


class Stuck(ConfigFile):
    """A file on a file system that does not answer."""

    go_on = threading.Event()

    def check(self, text: str | None = None) -> Config:
        self.go_on.wait()
        return Config()


async def test_a_file_system_that_hangs_is_told_in_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check_config, "READ_SECONDS", 0.05)
    check = ConfigCheck(file=Stuck(path=tmp_path / "c.yaml", environ={}), config=Config, kept=dict)
    with trio.fail_after(5):
        for _ in range(check_config.MOST_CHECKS + 1):
            (problem,) = (await check(None)).problems
            assert "within 0.05 s" in problem.message
    Stuck.go_on.set()


@pytest.mark.parametrize(
    "text",
    [
        "middleware: [{use: '%s'}]",
        "middleware: [{use: './%s.py:Name'}]",
        "server: {management: {socket: '/none/%s/argus.sock'}}",
        "middleware: [{type: authentication, methods: [{type: bearer, tokens: "
        "[{token: x, principal: a, roles: ['%s']}]}]}, {type: rbac, roles: {b: {allow: ['*']}}}]",
        "middleware: [{type: authentication, methods: [{type: jwt, issuer: 'https://%s', audience: x}, "
        "{type: jwt, issuer: 'https://%s/', audience: x}]}]",
    ],
)
async def test_nobody_reads_a_variable_or_a_file_by_a_text_that_names_it(tmp_path: Path, text: str) -> None:
    (tmp_path / "key").write_text(f"{SECRET}\nsecond line of it\n")
    check = checking(tmp_path, GIVEN=SECRET)
    for reference in ("${GIVEN}", "${file:key}", "${UNSET:-${GIVEN}}"):
        found = await check(f"backends: {{}}\n{text.replace('%s', reference)}")
        told = repr((found.problems, found.warnings))
        assert found.problems or found.warnings
        assert SECRET not in told
        assert "second line" not in told


async def test_a_hint_that_takes_a_value_apart_tells_no_part_of_it(tmp_path: Path) -> None:
    rule = "middleware: [{type: rbac, roles: {a: {deny: ['backend:${GIVEN}', 'tool:x']}}}]\nbackends: {}"
    (problem,) = (await checking(tmp_path, GIVEN="hush-7f/3a9c-hush")(rule)).problems
    assert problem.path == "middleware[0].roles.a.deny[0]"
    assert not any(part in repr(problem) for part in ("hush", "7f", "3a9c"))
