"""The images of one engine: found, made once, pulled as they are asked for, made anew, and what failures do."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import attrs
import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from argus_trio.core.health.health import PreparingWord
from argus_trio.errors import LinkFailed
from argus_trio.sandbox.engine.facts import PathFacts
from argus_trio.sandbox.engine.failure import EngineFailed
from argus_trio.sandbox.image.images import FAILURE_SECONDS, Images, open_images
from argus_trio.sandbox.image.making.recipe import recipe_of
from argus_trio.sandbox.plan.outcome import CA_TARGET, DockerfileImage, GivenImage, InstalledImage, ShimKind
from tests.sandbox.image.played_engine import FACTS, PlayedEngine, PlayedStarts, installer

TOOL = InstalledImage(base="python:3.13-slim", kind="python", packages=("tool",))
TAG = recipe_of(TOOL).tag
BROKEN = b"ERROR: No matching distribution found for tool\n"


@attrs.define(eq=False)
class Heard:
    """What was told of preparations."""

    lines: list[str] = attrs.field(factory=list)

    def __call__(self, what: PreparingWord, line: str) -> None:
        self.lines.append(f"{what}: {line}")


def ended() -> PlayedStarts:
    starts = PlayedStarts()
    starts.may_end.set()
    return starts


def failing() -> PlayedStarts:
    starts = PlayedStarts(answers=[b""], logs=(b"Collecting tool\n", BROKEN), how="exited with code 1")
    starts.may_end.set()
    return starts


async def test_an_image_that_is_not_there_is_installed_told_of_and_found_from_then_on() -> None:
    engine, starts, heard = PlayedEngine(), ended(), Heard()
    async with open_images(installer(engine, starts)) as images:
        made = await images.ensure(TOOL, heard, backend="one")
        again = await images.ensure(TOOL, heard, backend="two")
    assert (made.id, made.shim, made.versions) == (again.id, "python", {"tool": "1"})
    assert heard.lines == [
        "building: installing tool into python:3.13-slim",
        "building: Collecting tool",
        "building: making an image of it",
    ]
    assert (engine.commits, len(starts.launches)) == (1, 1)
    assert made.facts.labels["argus-trio.instance"] == ""


async def test_an_installation_is_root_of_a_container_that_is_kept_and_bounded() -> None:
    starts = ended()
    async with open_images(installer(PlayedEngine(), starts)) as images:
        await images.ensure(TOOL, backend="one")
    (launch,) = starts.launches
    assert (launch.backend, launch.user, launch.keeps_container, launch.is_read_only) == ("one", "0:0", True, False)
    assert (launch.limits.memory, launch.limits.cpus, launch.limits.pids) == (2 * 1024**3, 2.0, 1024)
    assert launch.env["PATH"] == "/usr/local/bin:/bin"
    assert launch.network.mode == "public"


async def test_backends_that_need_the_same_at_once_have_it_made_once() -> None:
    engine, starts = PlayedEngine(), PlayedStarts()
    async with open_images(installer(engine, starts)) as images, trio.open_nursery() as nursery:
        for number in range(10):
            nursery.start_soon(partial(images.ensure, TOOL, backend=str(number)))
        await wait_all_tasks_blocked()
        assert starts.under_way == 1
        starts.may_end.set()
    assert (engine.commits, len(starts.launches)) == (1, 1)


async def test_what_is_under_way_when_the_last_one_goes_or_all_ends_is_given_up() -> None:
    engine, starts = PlayedEngine(), PlayedStarts()
    async with open_images(installer(engine, starts)) as images:
        with trio.move_on_after(0):
            await images.ensure(TOOL, backend="one")
        await wait_all_tasks_blocked()
        assert starts.under_way == 0
        with trio.CancelScope() as scope:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(partial(images.ensure, TOOL, backend="two"))
                await wait_all_tasks_blocked()
                assert starts.under_way == 1
                scope.cancel()
    assert (starts.under_way, engine.commits, TAG in engine.by_name) == (0, 0, False)


async def test_a_failure_says_why_has_the_tail_and_is_not_repeated_by_each_who_comes_a_moment_later(
    autojump_clock: trio.testing.MockClock,
) -> None:
    starts = failing()
    async with open_images(installer(PlayedEngine(), starts)) as images:
        for _ in range(10):
            with pytest.raises(LinkFailed) as failed:
                await images.ensure(TOOL, backend="one")
            assert failed.value.reason == "its image cannot be built: No matching distribution found for tool"
            assert failed.value.details == ("Collecting tool", BROKEN.decode().strip())
        assert len(starts.launches) == 1
        await trio.sleep(FAILURE_SECONDS)
        with pytest.raises(LinkFailed):
            await images.ensure(TOOL, backend="one")
    assert len(starts.launches) == 2


async def test_an_installation_that_runs_out_of_memory_is_told_as_that() -> None:
    starts = failing()
    starts.logs, starts.how = (b"Building wheel\n",), "ran out of memory"
    async with open_images(installer(PlayedEngine(), starts)) as images:
        with pytest.raises(LinkFailed, match=r"Building wheel \(the installation ran out of memory\)"):
            await images.ensure(TOOL, backend="one")


async def test_an_answer_that_is_none_is_a_failure_however_it_ended() -> None:
    starts = ended()
    starts.answers, starts.logs = [b"[1]"], ()
    async with open_images(installer(PlayedEngine(), starts)) as images:
        with pytest.raises(LinkFailed, match="it wrote nothing"):
            await images.ensure(TOOL, backend="one")


async def test_passwords_are_in_no_line_that_is_told() -> None:
    starts, heard = failing(), Heard()
    starts.logs = (b"Looking in https://user:canary@one.example/simple and canary\n", BROKEN)
    image = attrs.evolve(TOOL, index_url="https://user:canary@one.example/simple")
    async with open_images(installer(PlayedEngine(), starts)) as images:
        with pytest.raises(LinkFailed) as failed:
            await images.ensure(image, heard, backend="one")
    assert "canary" not in str(heard.lines) + str(failed.value.details)
    assert "[redacted]" in heard.lines[1]


async def test_an_image_of_that_name_which_was_made_of_something_else_is_not_used() -> None:
    engine, starts = PlayedEngine(), ended()
    engine.by_name[TAG] = attrs.evolve(engine.by_name["node:22-slim"], labels={"argus-trio.recipe": "other"})
    async with open_images(installer(engine, starts)) as images:
        await images.ensure(TOOL, backend="one")
    assert engine.commits == 1


async def test_a_base_that_is_not_there_is_pulled_and_one_that_cannot_be_is_told() -> None:
    engine, starts, heard = PlayedEngine(by_name={}, registry={"python:3.13-slim"}), ended(), Heard()
    async with open_images(installer(engine, starts)) as images:
        await images.ensure(TOOL, heard, backend="one")
        assert heard.lines[:2] == ["pulling: pulling python:3.13-slim", "pulling: layer 1"]
        with pytest.raises(EngineFailed, match="there is no image no:such"):
            await images.ensure(attrs.evolve(TOOL, base="no:such"), backend="one")


@pytest.mark.parametrize(("kind", "missing"), [("python", "python3 of version 3.8"), ("node", "node: name")])
async def test_a_base_without_the_interpreter_is_told_before_anything_is_started(kind: ShimKind, missing: str) -> None:
    starts = ended()
    async with open_images(installer(PlayedEngine(files={}), starts)) as images:
        with pytest.raises(LinkFailed, match=f"python:3.13-slim has no {missing}"):
            await images.ensure(attrs.evolve(TOOL, kind=kind), backend="one")
    assert starts.launches == []


async def test_an_update_that_fails_leaves_what_was_there() -> None:
    engine, starts = PlayedEngine(), ended()
    async with open_images(installer(engine, starts)) as images:
        before = await images.ensure(TOOL, backend="one")
        starts.answers, starts.logs = [b""], (BROKEN,)
        with pytest.raises(LinkFailed):
            await images.renew(TOOL, backend="one")
        assert (await images.ensure(TOOL, backend="one")).id == before.id
    assert [name for name in engine.by_name if "argus-trio/" in name] == [TAG]


async def test_a_bundle_of_certificates_is_mounted_matters_for_the_digest_and_must_be_there(tmp_path: Path) -> None:
    bundle, engine, starts = tmp_path / "ca.pem", PlayedEngine(), ended()
    image = attrs.evolve(TOOL, ca_bundle=bundle)
    async with open_images(installer(engine, starts)) as images:
        with pytest.raises(LinkFailed, match=r"ca\.pem: No such file or directory \(container\.ca_bundle\)"):
            await images.ensure(image, backend="one")
        for content in ("one", "two", "two"):
            bundle.write_text(content)
            await images.ensure(image, backend="one")
    assert engine.commits == 2
    assert [(mount.source, mount.target) for mount in starts.launches[0].mounts] == [(bundle, CA_TARGET)]


@pytest.mark.parametrize(
    ("pull", "pulls_again", "is_there", "pulls"),
    [
        ("missing", True, True, 0),
        ("missing", True, False, 1),
        ("always", True, True, 1),
        ("always", False, True, 0),
        ("always", False, False, 1),
        ("never", True, True, 0),
    ],
)
async def test_a_given_image_is_pulled_as_that_is_asked_for(
    pull: str, *, pulls_again: bool, is_there: bool, pulls: int
) -> None:
    engine = PlayedEngine(registry={"own:1"})
    if is_there:
        engine.by_name["own:1"] = engine.by_name["node:22-slim"]
    engine.files = {"/usr/local/bin/node": PathFacts(is_program=True)}
    async with open_images(installer(engine, ended())) as images:
        given = GivenImage(reference="own:1", pull=pull)  # type: ignore[arg-type] # a parameter of the test
        assert (await images.ensure(given, backend="one", pulls_again=pulls_again)).shim == "node"
    assert len(engine.pulled) == pulls


async def test_a_given_image_that_is_never_pulled_and_not_there_says_what_to_do() -> None:
    engine = PlayedEngine(registry={"own:1"})
    async with open_images(installer(engine, ended())) as images:
        with pytest.raises(LinkFailed, match="own:1 is not there, and is not to be pulled"):
            await images.ensure(GivenImage(reference="own:1", pull="never"), backend="one")
    assert engine.pulled == []


async def test_what_is_in_an_image_is_looked_at_once() -> None:
    engine = PlayedEngine(files={})
    async with open_images(installer(engine, ended())) as images:
        for _ in range(3):
            assert (await images.ensure(GivenImage(reference="node:22-slim"), backend="one")).shim is None
    assert engine.looked == 1


async def renewed(images: Images) -> tuple[str, str]:
    done = await images.renew(TOOL, backend="one")
    return (done.before.versions["tool"] if done.before else "", done.after.versions["tool"])


async def test_an_image_is_made_anew_on_a_base_that_is_pulled_and_the_old_one_goes() -> None:
    engine, starts = PlayedEngine(registry={"python:3.13-slim"}), ended()
    starts.answers = [f'{{"versions": {{"tool": "{number}"}}}}'.encode() for number in (1, 2, 3)]
    async with open_images(installer(engine, starts)) as images:
        assert await renewed(images) == ("", "1")
        assert await renewed(images) == ("1", "2")
        assert engine.pulled == ["python:3.13-slim"] * 2
        assert [name for name in engine.by_name if "argus-trio/" in name] == [TAG]
        aside = f"{TAG}-{engine.by_name[TAG].id[7:19]}"
        engine.in_use.add(aside)
        assert await renewed(images) == ("2", "3")
    assert [name for name in engine.by_name if "argus-trio/" in name] == [TAG, aside]


async def test_an_update_without_a_registry_takes_the_base_that_is_there_and_says_so() -> None:
    heard = Heard()
    async with open_images(installer(PlayedEngine(), ended())) as images:
        await images.renew(TOOL, heard, backend="one")
    assert "pulling: python:3.13-slim stays as it is: there is no image python:3.13-slim" in heard.lines


async def test_an_image_is_built_of_a_dockerfile_until_its_folder_changes(tmp_path: Path) -> None:
    engine, dockerfile = PlayedEngine(), tmp_path / "Dockerfile"
    dockerfile.write_text("FROM python:3.13-slim\n")
    plan = DockerfileImage(dockerfile=dockerfile)
    async with open_images(
        installer(engine, ended(), {"https_proxy": "http://proxy.example", "SECRET": "x"})
    ) as images:
        first = await images.ensure(plan, backend="one")
        assert (await images.ensure(plan, backend="one")).id == first.id
        assert first.facts.tags[0] == await images.name_of(plan)
        (tmp_path / "more.py").write_text("1")
        assert (await images.ensure(plan, backend="one")).id != first.id
    assert len(engine.builds) == 2
    assert dict(engine.builds[0].arguments) == {"HTTPS_PROXY": "http://proxy.example"}


async def test_a_dockerfile_that_fails_is_not_built_again_at_once(tmp_path: Path) -> None:
    engine, dockerfile = PlayedEngine(), tmp_path / "Dockerfile"
    engine.build_failure = EngineFailed("refused", "RUN returned 1", details=("\x1b[91mStep 1\x1b[0m",))
    dockerfile.write_text("FROM python:3.13-slim\n")
    async with open_images(installer(engine, ended())) as images:
        for _ in range(3):
            with pytest.raises(EngineFailed) as failed:
                await images.ensure(DockerfileImage(dockerfile=dockerfile), backend="one")
            assert (failed.value.reason, failed.value.details) == ("RUN returned 1", ("Step 1",))
    assert len(engine.builds) == 1


async def test_an_engine_that_fails_is_asked_again_at_once() -> None:
    engine = PlayedEngine(by_name={})
    async with open_images(installer(engine, ended())) as images:
        for _ in range(3):
            with pytest.raises(EngineFailed):
                await images.ensure(TOOL, backend="one")
    assert len(engine.pulled) == 3


def test_an_installation_takes_no_more_processors_than_there_are() -> None:
    engine = PlayedEngine(facts=attrs.evolve(FACTS, cpus=1))
    launch = installer(engine, ended())._launch(recipe_of(TOOL), engine.by_name["node:22-slim"], "one")
    assert launch.limits.cpus == 1.0
