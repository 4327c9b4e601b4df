"""A fake management API, and the command run against it within the test's process."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import attrs
import pytest
import structlog

from argus_trio.cli.main import main
from tests.cli.fake import FakeManagement, serving


@attrs.frozen
class Ran:
    """What a command came to."""

    code: int
    out: str
    err: str


Run = Callable[..., Ran]


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    for name in list(os.environ):
        if name.startswith("ARGUS_") or name.lower().endswith("_proxy") or name in ("RUNTIME_DIRECTORY", "NO_COLOR"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "run"))
    before, logs = signal.getsignal(signal.SIGINT), structlog.get_config()
    yield
    signal.signal(signal.SIGINT, before)
    structlog.configure(**logs)  # a command sets up the log of its process, and this one goes on


@pytest.fixture
def fake() -> FakeManagement:
    return FakeManagement()


@pytest.fixture
def url(fake: FakeManagement) -> Iterator[str]:
    with serving(fake) as address:
        yield address


@pytest.fixture
def plain(capfd: pytest.CaptureFixture[str]) -> Run:
    """Runs the command as it is written."""

    def run(*words: str) -> Ran:
        capfd.readouterr()
        try:
            code = main(words)
        except SystemExit as ended:
            code = ended.code if isinstance(ended.code, int) else 1
        captured = capfd.readouterr()
        return Ran(code, captured.out, captured.err)

    return run


@pytest.fixture
def argus(plain: Run, url: str, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a verb against the fake."""
    monkeypatch.setenv("ARGUS_URL", url)
    return plain
