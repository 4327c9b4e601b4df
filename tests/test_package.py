"""What is shipped: metadata that says what is true, and a wheel that works in an empty environment."""

from __future__ import annotations

import configparser
import os
import pkgutil
import re
import signal
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

import argus_trio
from argus_trio import __main__
from tests.e2e.child import Child
from tests.e2e.clients import connected
from tests.e2e.gateway import STOP_SECONDS

ROOT = Path(__file__).parents[1]
INSTALL_S = 300.0
BOUNDED = {"hypercorn": ">=0.18,<0.19", "mcp": ">=2.3,<3"}


def declared() -> configparser.ConfigParser:
    parser = configparser.ConfigParser()
    parser.read(ROOT / "setup.cfg")
    return parser


def dependency_lines() -> list[str]:
    text = (ROOT / "setup.cfg").read_text().partition("install_requires =\n")[2].partition("\n\n")[0]
    return [line.strip() for line in text.splitlines()]


def test_the_version_is_the_packages() -> None:
    assert declared()["metadata"]["version"] == "attr: argus_trio.__version__"


def test_the_command_is_that_of_the_package() -> None:
    script = declared()["options.entry_points"]["console_scripts"].strip()
    name, _, target = script.partition(" = ")
    assert name == "argus-trio"
    assert pkgutil.resolve_name(target) is __main__.main


def test_the_changelog_knows_the_version() -> None:
    assert f"## [{argus_trio.__version__}]" in (ROOT / "CHANGELOG.md").read_text()


@pytest.mark.parametrize(("name", "bounds"), BOUNDED.items())
def test_what_could_break_us_is_bounded_at_both_ends(name: str, bounds: str) -> None:
    (requirement,) = [line for line in dependency_lines() if line.split()[0] == name]
    assert requirement == f"{name} {bounds}"


def test_each_dependency_has_its_reason() -> None:
    lines = dependency_lines()
    for number, line in enumerate(lines):
        assert line.startswith("#") or lines[number - 1].startswith("# "), line


def test_each_python_that_is_promised_is_tested() -> None:
    promised = re.findall(r"Python :: 3\.(\d+)", declared()["metadata"]["classifiers"])
    tox = (ROOT / "tox.ini").read_text()
    assert promised
    assert all(f"py3{minor}" in tox for minor in promised)
    assert declared()["options"]["python_requires"] == f">=3.{promised[0]}"


@pytest.mark.package
class TestTheDistribution:
    """Needs ARGUS_DIST, a folder with a built sdist and wheel: tox's environment `package` has one."""

    @pytest.fixture
    def dist(self) -> Path:
        return Path(os.environ["ARGUS_DIST"])

    def test_the_sdist_brings_what_a_packager_needs(self, dist: Path) -> None:
        (path,) = dist.glob("*.tar.gz")
        with tarfile.open(path) as archive:
            names = {name.partition("/")[2] for name in archive.getnames()}
        assert {"LICENSE", "README.md", "CHANGELOG.md", "setup.cfg", "tox.ini", "tests/test_package.py"} <= names
        assert {"conf/argus.yaml", "conf/argus-trio.service", "conf/argus-trio.socket"} <= names

    def test_the_wheel_holds_the_package_and_nothing_else(self, dist: Path) -> None:
        (path,) = dist.glob("*.whl")
        with zipfile.ZipFile(path) as archive:
            tops = {name.partition("/")[0] for name in archive.namelist()}
            assert "argus_trio/py.typed" in archive.namelist()
        assert tops == {"argus_trio", f"argus_trio-{argus_trio.__version__}.dist-info"}

    @pytest.fixture
    def installed(self, dist: Path, tmp_path: Path) -> Path:
        """The folder of commands of an environment that has the wheel and nothing else."""
        (wheel,) = dist.glob("*.whl")
        subprocess.run([sys.executable, "-m", "venv", tmp_path / "venv"], check=True, timeout=INSTALL_S)
        binaries = tmp_path / "venv" / "bin"
        pip = [str(binaries / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, str(wheel)], check=True, timeout=INSTALL_S)
        return binaries

    async def test_the_demo_of_the_wheel_serves_a_real_client(self, installed: Path, tmp_path: Path) -> None:
        with Child([installed / "argus-trio", "demo", "--port", "0"], cwd=tmp_path, env={"PYTHONPATH": ""}) as demo:
            url = demo.wait_for(lambda line: re.search(r"http://127\.0\.0\.1:\d+", line)).group()
            async with connected("legacy", url) as client:
                days = await client.call_tool("clock__days_between", {"start": "2026-07-01", "end": "2026-07-28"})
                assert days.structured_content == {"result": 27}
            demo.signal(signal.SIGTERM)
            assert demo.wait(STOP_SECONDS) == 0
