"""`argus-trio isolation` and the line of `check`, where no engine answers, or a played one does."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import attrs
import pytest
import trio

from argus_trio.cli.isolated.images import ImageState
from argus_trio.cli.isolated.plans import OFF, planned_for_check, plans_of
from argus_trio.cli.isolated.shown import FoundPlans, write_plans
from argus_trio.config.model.backend import StdioBackend
from argus_trio.config.model.container import Container
from argus_trio.core.redaction import Redactor
from argus_trio.sandbox.plan.engine_facts import EngineFacts, EngineFound, NoEngine
from argus_trio.sandbox.rooms import BackendPlan, EngineRuntime
from argus_trio.verbs.show.terminal import Terminal
from tests.cli.conftest import Run

TWO = """
isolation: {setting}
backends:
  time: {{type: stdio, command: uvx, args: [mcp-server-time]}}
  own: {{type: stdio, command: /bin/true, enabled: {own}}}
  far: {{type: sse, url: "http://127.0.0.1:1/sse"}}
"""
DOCKER = EngineFacts(kind="docker", version="28.2.2", api_version="1.50", socket=Path("/run/docker.sock"))
TIME = StdioBackend(name="time", command="uvx", args=("mcp-server-time==1.2", "--key", "hush-hush"))
OWN = StdioBackend(name="own", command="/bin/true")


@attrs.define(eq=False)
class Finder:
    """Finds one engine, and counts how often it was asked."""

    found: EngineFound
    seconds: float = 0.0
    asked: list[EngineRuntime] = attrs.field(factory=list)

    async def find(self, runtime: EngineRuntime) -> EngineFound:
        self.asked.append(runtime)
        await trio.sleep(self.seconds)
        return self.found


def file(folder: Path, setting: str = "auto", *, own: str = "true") -> str:
    path = folder / "config.yaml"
    path.write_text(TWO.format(setting=setting, own=own))
    return str(path)


def test_where_no_engine_answers_every_backend_is_bare_and_why_is_told(plain: Run, tmp_path: Path) -> None:
    ran = plain("isolation", "-c", file(tmp_path))
    assert (ran.code, ran.err) == (0, "")
    engine, isolation, _, head, time, own = ran.out.splitlines()
    assert engine.startswith("engine    none: neither Docker nor Podman answers")
    assert "start that engine" in engine
    assert isolation == "isolation auto"
    assert head.split() == ["NAME", "PLAN", "WHY"]
    assert time.split(maxsplit=2) == ["time", "bare", "there is no engine, as said above"]
    assert own.split()[:2] == ["own", "bare"]


def test_what_would_not_run_is_an_exit_code(plain: Run, tmp_path: Path) -> None:
    ran = plain("isolation", "--json", "-c", file(tmp_path, "required"))
    answer = json.loads(ran.out)
    assert (ran.code, answer["setting"]) == (1, "required")
    assert answer["plans"] == {"contained": 0, "bare": 0, "refused": 2}
    assert (answer["engines"], len(answer["why"])) == ([], 1)
    assert [(each["name"], each["plan"]) for each in answer["backends"]] == [("time", "refused"), ("own", "refused")]


def test_where_isolation_is_off_nobody_is_asked_for(plain: Run, tmp_path: Path) -> None:
    ran = plain("isolation", "-c", file(tmp_path, "off"))
    assert ran.code == 0
    assert "engine    not looked for: isolation: off\n" in ran.out
    assert ran.out.count("bare") == 2


def test_one_backend_is_shown_alone_enabled_or_not(plain: Run, tmp_path: Path) -> None:
    path = file(tmp_path, own="false")
    assert "own" not in plain("isolation", "-c", path).out
    out = plain("isolation", "own", "-c", path).out
    assert "\nname: own\nplan: bare\n" in out


@pytest.mark.parametrize(("name", "told"), [("far", "is isolated where it runs"), ("nope", "there are: time, own")])
def test_a_name_that_is_none_is_wrong_usage(name: str, told: str, plain: Run, tmp_path: Path) -> None:
    ran = plain("isolation", name, "-c", file(tmp_path))
    assert (ran.code, ran.out) == (2, "")
    assert told in ran.err


def test_a_file_with_problems_is_told_as_by_check(plain: Run, tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text("isolation: on\n")
    ran = plain("isolation", "-c", str(path))
    assert (ran.code, ran.out) == (1, "")
    assert "expected one of auto, required, off" in ran.err


def test_check_counts_the_plans_in_a_line_and_is_silent_where_isolation_is_off(plain: Run, tmp_path: Path) -> None:
    ran = plain("check", "-c", file(tmp_path))
    last = ran.out.splitlines()[-1]
    assert ran.code == 0
    assert last.startswith("isolation: 2 bare (neither Docker nor Podman answers")
    assert last.endswith("argus-trio isolation says more")
    assert "isolation" not in plain("check", "-c", file(tmp_path, "off")).out
    assert "isolation: 1 refused" in plain("check", "-c", file(tmp_path, "required", own="false")).out


def test_check_knows_which_backends_need_nothing_of_this_machine() -> None:
    required = attrs.evolve(OWN, name="required", container=Container(isolation="required"))
    planned = planned_for_check((TIME, OWN, required), Finder(DOCKER))
    assert planned.not_bare == {"time", "required"}
    assert planned.line.startswith("isolation: 1 contained, 1 bare, 1 refused (required) (docker 28.2.2);")


def test_an_engine_is_asked_for_once_whatever_the_number_of_backends() -> None:
    finder = Finder(DOCKER)
    off = attrs.evolve(OWN, container=Container(isolation="off"))
    planned = trio.run(plans_of, finder, (TIME, OWN, off), 5.0)
    assert finder.asked == ["auto"]
    assert [each.found for each in planned] == [DOCKER, DOCKER, OFF]


async def test_an_engine_that_hangs_holds_up_nobody(autojump_clock: trio.testing.MockClock) -> None:
    begun = trio.current_time()
    planned = await plans_of(Finder(DOCKER, seconds=60), (TIME, OWN), 1.5)
    assert trio.current_time() - begun == 1.5
    assert planned[0].found == NoEngine(why="the engine did not answer within 1.5 s")


def found(*specs: StdioBackend, images: dict[str, ImageState] | None = None) -> FoundPlans:
    planned: list[BackendPlan] = trio.run(plans_of, Finder(DOCKER), specs, 5.0)
    return FoundPlans(setting="auto", planned=planned, images=images or {})


def written(plans: FoundPlans, capsys: pytest.CaptureFixture[str], *, is_one: bool = False) -> str:
    write_plans(plans, Terminal(out=sys.stdout, err=sys.stderr), Redactor({"hush-hush"}), is_one=is_one)
    return capsys.readouterr().out


def test_an_image_that_is_not_there_yet_is_told_with_what_is_done_for_it(capsys: pytest.CaptureFixture[str]) -> None:
    state = ImageState(name="argus-trio/x:1", how="built")
    out = written(found(TIME, OWN, images={"time": state}), capsys)
    assert "engine    docker 28.2.2, API 1.50, at /run/docker.sock\n" in out
    assert "to be built: python:3.13-slim with mcp-server-time==1.2" in out
    out = written(found(TIME, images={"time": attrs.evolve(state, why="the engine hangs")}), capsys)
    assert "  the engine hangs\n" in out
    built = StdioBackend(name="time", command="x", container=Container(dockerfile=Path(__file__)))
    out = written(found(built, images={"time": state}), capsys)
    assert f"to be built of {__file__}" in out
    out = written(found(TIME, images={"time": attrs.evolve(state, id="sha256:1")}), capsys)
    assert "to be" not in out


def test_all_that_is_decided_of_one_backend_is_told_but_its_secrets(capsys: pytest.CaptureFixture[str]) -> None:
    state = ImageState(name="argus-trio/x:1", how="built", id="sha256:1", packages={"mcp": "2"}, settings={"User": "7"})
    spec = attrs.evolve(TIME, env={"TOKEN": "hush-hush", "MODE": "fast-mode"})
    plans = found(spec, images={"time": state})
    out = written(plans, capsys, is_one=True)
    assert "hush-hush" not in out
    assert "fast-mode" not in out
    for told in (
        'digest: "sha256:1"',
        "  - TOKEN",
        "  - MODE",
        "memory: 1073741824",
        "  packages: 1",
        '\npackages:\n  mcp: "2"\n',
        '  User: "7"',
    ):
        assert told in out
    entry = plans.entry(plans.planned[0])
    assert entry["settings"] == {"User": "7"}
    assert entry["state_of_image"] == {
        "name": "argus-trio/x:1",
        "is_there": True,
        "when_not_there": "built",
        "interpreter": None,
        "packages": {"mcp": "2"},
        "why": None,
    }
