"""The official conformance suite as a process, and what it found: a verdict for each scenario."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

import attrs

from tests.e2e.child import ROOT
from tests.e2e.tools import Npm

SCENARIO_MS = 10_000
"""The suite's own limit for one scenario."""
RUN_S = 120.0
RESULT = re.compile(r"(?:server-|client-)?(?P<scenario>.+?)-\d{4}-\d\d-\d\dT[\d-]+Z")
"""The name of the folder in which the suite leaves the checks of a scenario."""
FINE = {"SUCCESS", "INFO"}


@attrs.frozen(kw_only=True)
class Verdict:
    """What a scenario found. It passed if something was checked and everything checked is fine; warnings are not."""

    successes: int
    complaints: tuple[str, ...]

    @property
    def passed(self) -> bool:
        return bool(self.successes) and not self.complaints

    @property
    def told(self) -> str:
        return "\n".join(self.complaints) or "nothing was checked"


NEVER_RAN = Verdict(successes=0, complaints=())
Report = Mapping[str, Verdict]


def verdict(path: Path) -> Verdict:
    checks: list[dict[str, str]] = json.loads(path.read_text())
    complaints = tuple(
        f"{check['status']} {check['id']}: {check.get('errorMessage') or check.get('description')}"
        for check in checks
        if check["status"] not in FINE
    )
    return Verdict(successes=sum(check["status"] == "SUCCESS" for check in checks), complaints=complaints)


def run(npm: Npm, folder: Path, arguments: Sequence[str], env: Mapping[str, str] | None = None) -> Report:
    """Run the suite and read what it wrote into the folder. Raises: AssertionError with its output if it wrote none."""
    command = [npm.node, npm.script("conformance"), *arguments]
    done = subprocess.run(
        [*command, "--timeout", str(SCENARIO_MS), "--output-dir", str(folder)],
        env={"PATH": npm.path, "HOME": str(folder), "PYTHONPATH": str(ROOT), **(env or {})},
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=RUN_S,
        check=False,
    )
    found: dict[str, Verdict] = {}
    for path in folder.glob("**/checks.json"):
        name = RESULT.fullmatch(path.parent.relative_to(folder).as_posix())
        assert name is not None, path
        found[name["scenario"]] = verdict(path)
    assert found, done.stdout
    return found
