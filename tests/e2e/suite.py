"""The official conformance suite as a process, and what it found: a verdict for each scenario."""

from __future__ import annotations

import json
import re
import subprocess
import tempfile
from collections.abc import Collection, Mapping
from pathlib import Path

import attrs

from tests.e2e.child import ROOT
from tests.e2e.tools import Npm

RUN_SECONDS = 400.0
"""For a run of all scenarios, some of which start processes: a slow machine takes two minutes."""
RESULT = re.compile(r"(?:server-|client-)?(?P<scenario>.+?)-\d{4}-\d\d-\d\dT[\d-]+Z")
"""The name of the folder in which the suite leaves the checks of a scenario."""
FINE = {"SUCCESS", "INFO"}
PARDONABLE = {"SKIPPED", "WARNING"}
UNTESTABLE = "Not testable"
"""How the suite begins to say, as a failure, that the server lacks what it would test."""


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


def is_pardonable(check: Mapping[str, str]) -> bool:
    return check["status"] in PARDONABLE or check.get("errorMessage", "").startswith(UNTESTABLE)


def verdict(path: Path, pardoned: Collection[str]) -> Verdict:
    checks: list[dict[str, str]] = json.loads(path.read_text())
    complaints = tuple(
        f"{check['status']} {check['name']}: {check.get('errorMessage') or check.get('description')}"
        for check in checks
        if check["status"] not in FINE and not (check["name"] in pardoned and is_pardonable(check))
    )
    return Verdict(successes=sum(check["status"] == "SUCCESS" for check in checks), complaints=complaints)


def ran(npm: Npm, *arguments: str, env: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """The suite with these arguments, ended: its status, and its output in `stdout`."""
    with tempfile.TemporaryDirectory() as home:
        return subprocess.run(
            [npm.node, npm.script("conformance"), *arguments],
            env={"PATH": npm.path, "HOME": home, "PYTHONPATH": str(ROOT), **(env or {})},
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=RUN_SECONDS,
            check=False,
        )


def report(folder: Path, pardoned: Collection[str] = ()) -> Report:
    """The verdicts on what the suite has left in its `--output-dir`. Checks of the `pardoned` names may be passed over.

    Raises: AssertionError if it has left nothing.
    """
    found: dict[str, Verdict] = {}
    for path in folder.glob("**/checks.json"):
        name = RESULT.fullmatch(path.parent.relative_to(folder).as_posix())
        assert name is not None, path
        found[name["scenario"]] = verdict(path, pardoned)
    assert found, f"the suite has left no results in {folder}"
    return found
