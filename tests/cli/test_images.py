"""`argus-trio build` and `clean` without an engine: what is wrong is said, with the exit code; and how far it is."""

from __future__ import annotations

from pathlib import Path

import pytest
import trio

from argus_trio.cli.images import clean
from argus_trio.cli.images.opened import LoadedBackends
from argus_trio.cli.images.progress import Bar, PlainLines
from argus_trio.config.model.backend import StdioBackend
from argus_trio.core.redaction import Redactor
from argus_trio.errors import LinkFailed
from argus_trio.sandbox.image.building import BuildOrder, BuildOutcome
from argus_trio.sandbox.plan.outcome import GivenImage
from tests.cli.conftest import Run

FILE = """\
backends:
  time: {type: stdio, command: uvx, args: [mcp-server-time]}
  off: {type: stdio, command: uvx, args: [mcp-server-time], container: {isolation: off}}
  remote: {type: streamable-http, url: "http://127.0.0.1:1/mcp"}
"""
ORDER = BuildOrder(image=GivenImage(reference="x"), backends=("time", "other"), seconds=1)


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/no-engine.sock")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    path = tmp_path / "config.yaml"
    path.write_text(FILE)
    return str(path)


def test_a_backend_that_is_not_in_the_file_or_no_command_is_answered_with_those_that_are(plain: Run, file: str) -> None:
    ran = plain("build", "-c", file, "tim", "remote")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == "argus-trio: no backend that is a command is called tim, remote; there is: time, off\n"


def test_without_an_engine_nothing_is_built_and_that_is_a_failure(plain: Run, file: str) -> None:
    ran = plain("build", "-c", file)
    assert ran.code == 1
    assert ran.out.startswith("off: has no image, for it runs bare: ")
    assert ran.err.startswith("time: has no image, for it runs bare: ")
    assert len(ran.err.splitlines()) == 1


def test_a_backend_that_is_not_isolated_is_a_failure_only_if_it_is_named(plain: Run, file: str) -> None:
    ran = plain("build", "-c", file, "off")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("off: has no image, for it runs bare: ")


def test_without_an_engine_nothing_can_be_removed(plain: Run, file: str) -> None:
    ran = plain("clean", "-c", file)
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("argus-trio: no container engine: ")


def test_homes_are_removed_at_a_terminal_alone(plain: Run, file: str) -> None:
    ran = plain("clean", "-c", file, "--homes")
    assert (ran.code, ran.out) == (2, "")
    assert "needs a terminal" in ran.err


def test_homes_of_backends_that_are_gone_are_asked_for_by_name_and_others_are_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    for name in ("kept", "gone", "spared"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_text("x")
    (tmp_path / "link").symlink_to("/etc")
    loaded = LoadedBackends(specs={"kept": StdioBackend(name="kept", command="x")}, redact=Redactor())
    with (tmp_path / "answers").open("w+") as answers:
        answers.write("y\nno\n")
        answers.seek(0)
        monkeypatch.setattr("sys.stdin", answers)
        assert clean._clean_homes(tmp_path, loaded) == 0
    out = capfd.readouterr().out
    assert f"remove the home of gone ({tmp_path}/gone, 0 MB)? [y/N] removed {tmp_path}/gone\n" in out
    assert "remove the home of spared" in out
    assert "kept" not in out
    assert sorted(path.name for path in tmp_path.iterdir()) == ["answers", "kept", "link", "spared"]


def test_a_dry_run_names_the_homes_that_would_be_asked_for(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    for name in ("kept", "gone"):
        (tmp_path / name).mkdir()
    loaded = LoadedBackends(specs={"kept": StdioBackend(name="kept", command="x")}, redact=Redactor())
    assert clean._tell_homes(tmp_path, loaded) == 0
    assert capfd.readouterr().out == f"would ask whether to remove the home of gone ({tmp_path}/gone, 0 MB)\n"
    assert (tmp_path / "gone").is_dir()


def test_backends_without_an_image_for_the_same_reason_are_told_together(plain: Run, tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text(
        "backends:\n  a: {type: stdio, command: uvx, args: [x]}\n  b: {type: stdio, command: uvx, args: [y]}\n"
    )
    ran = plain("build", "-c", str(tmp_path / "c.yaml"))
    assert ran.err.startswith("a, b: have no image, for they run bare: ")
    assert len(ran.err.splitlines()) == 1


def test_no_homes_are_no_fault(tmp_path: Path) -> None:
    assert clean._clean_homes(tmp_path / "none", LoadedBackends(specs={}, redact=Redactor())) == 0


async def test_a_bar_is_one_line_that_fits_and_is_drawn_at_a_pace(autojump_clock: trio.testing.MockClock) -> None:
    said: list[str] = []
    bar = Bar(say=said.append, total=2, columns=lambda: 40)
    bar.hears(ORDER, "building", "Collecting a package with a long name")
    bar.hears(ORDER, "building", "too soon")
    await trio.sleep(1)
    bar.ended(BuildOutcome(order=ORDER, word="made"))
    bar.ended(BuildOutcome(order=ORDER, word="failed", failure=LinkFailed("no")))
    assert said == [
        "\r\x1b[K[--------------------] 0/2 time: Collec",
        "\r\x1b[K[##########----------] 1/2 time: done",
        "\r\x1b[K[####################] 2/2 time: failed",
    ]


def test_without_a_terminal_each_line_stands_behind_who_needs_it() -> None:
    said: list[str] = []
    lines = PlainLines(say=said.append)
    lines.hears(ORDER, "building", "Collecting tool")
    lines.ended(BuildOutcome(order=ORDER, word="made"))
    lines.clear()
    assert said == ["time: Collecting tool\n"]
