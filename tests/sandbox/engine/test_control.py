"""The control of an engine against one that answers, refuses, hangs, breaks off and is started anew."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import attrs
import pytest
import trio
from structlog.testing import capture_logs

from argus_trio.sandbox.engine.client import EngineDeadlines
from argus_trio.sandbox.engine.control import EngineControl, open_control
from argus_trio.sandbox.engine.failure import EngineFailed, FailureKind
from argus_trio.sandbox.engine.images import ImageBuild
from tests.sandbox.engine.fake_engine import FakeEngine, Request, Said, fake_engine, refused

HASTY = EngineDeadlines(create=0.3, start=0.3, remove=0.3, look=0.3, remove_again=0.01, leave=0.3)
"""For engines that hang. One that answers is given time: a busy machine is no engine that hangs."""
PATIENT = attrs.evolve(HASTY, create=20, start=20, remove=20, look=20)
DONE = Said(status=204)


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[FakeEngine]:
    async with fake_engine(tmp_path / "s") as engine:
        yield engine


def controlled(engine: FakeEngine, deadlines: EngineDeadlines) -> AbstractAsyncContextManager[EngineControl]:
    return open_control(engine.facts, redact=lambda text: text.replace("hunter2", "[…]"), deadlines=deadlines)


@pytest.fixture
async def control(engine: FakeEngine) -> AsyncIterator[EngineControl]:
    async with controlled(engine, PATIENT) as control:
        yield control


@pytest.fixture
async def hasty(engine: FakeEngine) -> AsyncIterator[EngineControl]:
    async with controlled(engine, HASTY) as control:
        yield control


async def failure(work: Callable[[], Awaitable[object]]) -> EngineFailed:
    with trio.fail_after(5), pytest.raises(EngineFailed) as caught:
        await work()
    assert caught.value.__cause__ is None, "what an engine says may hold what is secret"
    return caught.value


async def test_a_container_is_created_started_waited_for_and_removed(
    engine: FakeEngine, control: EngineControl
) -> None:
    engine.says = {
        "POST /containers/create": Said(status=201, body={"Id": "c1", "Warnings": []}),
        "POST /containers/c1/start": DONE,
        "POST /containers/c1/wait": Said(body={"StatusCode": 137}),
        "POST /containers/c1/kill": DONE,
        "DELETE /containers/c1": DONE,
    }
    assert await control.create({"Image": "x", "Labels": {"a": "b"}}, name="n") == "c1"
    await control.start("c1")
    assert await control.wait("c1", "next-exit") == 137
    await control.kill("c1")
    await control.remove("c1")
    created, _, waited, killed, removed = engine.requests
    assert json.loads(created.body) == {"Image": "x", "Labels": {"a": "b"}}
    assert (created.query, created.version) == ({"name": "n"}, "v1.41")
    assert waited.query == {"condition": "next-exit"}
    assert killed.query == {"signal": "KILL"}
    assert removed.query == {"force": "1", "v": "1"}


async def test_what_an_engine_warns_of_is_logged_once(engine: FakeEngine, control: EngineControl) -> None:
    engine.says["POST /containers/create"] = Said(
        status=201, body={"Id": "c1", "Warnings": ["no swap limit for hunter2"]}
    )
    with capture_logs() as logs:
        await control.create({}, name="a")
        await control.create({}, name="b")
    assert [entry["warning"] for entry in logs] == ["no swap limit for […]"]


@pytest.mark.parametrize(
    "last",
    [DONE, refused(404, "No such container: c1")],
)
async def test_a_removal_that_is_refused_for_a_moment_is_tried_again(
    engine: FakeEngine, control: EngineControl, last: Said
) -> None:
    improper = refused(500, "cannot remove container c1: container state improper: stopped")
    under_way = refused(409, "removal of container c1 is already in progress")
    engine.says["DELETE /containers/c1"] = [improper, under_way, improper, last]
    await control.remove("c1")
    assert len(engine.requests) == 4


async def test_a_removal_that_is_refused_for_ever_is_told_in_time(engine: FakeEngine, hasty: EngineControl) -> None:
    engine.says["DELETE /containers/c1"] = refused(500, "container state improper")
    failed = await failure(lambda: hasty.remove("c1"))
    assert failed.kind == "hung"
    assert "remove the container within 0.3 s" in failed.reason


async def test_what_does_not_run_or_is_not_there_need_not_be_killed(engine: FakeEngine, control: EngineControl) -> None:
    engine.says["POST /containers/c1/kill"] = refused(409, "Container c1 is not running")
    await control.kill("c1")
    await control.kill("c2")
    engine.says["POST /containers/c4/kill"] = refused(500, "can only kill running containers: container state improper")
    await control.kill("c4")
    engine.says["POST /containers/c3/kill"] = refused(500, "no")
    assert (await failure(lambda: control.kill("c3"))).kind == "refused"


HANGS = Said(hangs=True)
GARBAGE = Said(raw=b"SSH-2.0-OpenSSH_9\r\n")
HALF = Said(status=201, body={"Id": "c1"}, is_cut=True)
NOTHING = Said(raw=b"")
NO_JSON = Said(status=201, body="<html>", media_type="text/html")
OTHER_JSON = Said(status=201, body=[1, 2])
NO_ID = Said(status=201, body={"Identity": "c1"})
NO_MESSAGE = Said(status=500, body={"oops": 1})
NO_MAPPING = Said(status=500, body=[1])
HTML = Said(status=502, body="<h1>Bad gateway</h1>", media_type="text/html")


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        (HANGS, "hung"),
        (GARBAGE, "garbage"),
        (HALF, "absent"),
        (Said(status=201, body={"Id": "c1"}, is_chunked=True, is_cut=True), "absent"),
        (NOTHING, "absent"),
        (NO_JSON, "garbage"),
        (OTHER_JSON, "garbage"),
        (NO_ID, "garbage"),
        (NO_MESSAGE, "garbage"),
        (NO_MAPPING, "garbage"),
        (HTML, "refused"),
        (refused(500, "out of hunter2"), "refused"),
        (refused(404, "No such image: x"), "no_image"),
        (refused(409, "name is in use"), "conflict"),
    ],
)
async def test_a_creation_that_fails_says_how_and_leaves_nothing(
    engine: FakeEngine, control: EngineControl, hasty: EngineControl, said: Said, kind: FailureKind
) -> None:
    version = Said(body={"ApiVersion": "1.41"})
    engine.says = {"POST /containers/create": said, "DELETE /containers/n": DONE, "GET /version": version}
    asking = hasty if said is HANGS else control
    failed = await failure(lambda: asking.create({"Image": "x"}, name="n"))
    assert failed.kind == kind
    assert "hunter2" not in failed.reason
    may_be_there = said in (HANGS, HALF, NO_JSON, OTHER_JSON, NO_ID) or kind in ("absent", "garbage")
    assert ("DELETE /containers/n" in engine.asked()) == may_be_there


async def test_who_is_cancelled_amid_a_creation_leaves_nothing(engine: FakeEngine, control: EngineControl) -> None:
    engine.says = {"POST /containers/create": HANGS, "DELETE /containers/n": DONE}
    came = engine.came
    with trio.fail_after(5):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(lambda: control.create({}, name="n"))
            await came.wait()
            nursery.cancel_scope.cancel()
    assert engine.asked() == ["POST /containers/create", "DELETE /containers/n"]


async def test_an_engine_that_hangs_altogether_holds_a_cancelled_creation_for_a_bounded_time(
    engine: FakeEngine, hasty: EngineControl
) -> None:
    engine.says = {"POST /containers/create": HANGS, "DELETE /containers/n": HANGS}
    began = trio.current_time()
    with trio.move_on_after(0.05):
        await hasty.create({}, name="n")
    assert trio.current_time() - began < 5


async def test_waiting_has_no_deadline_but_the_caller_s(engine: FakeEngine, control: EngineControl) -> None:
    engine.says["POST /containers/c1/wait"] = HANGS
    with trio.move_on_after(0.5) as scope:
        await control.wait("c1")
    assert scope.cancelled_caught


async def test_a_hundred_and_fifty_waits_at_once_do_not_hold_up_anything_else(
    engine: FakeEngine, control: EngineControl
) -> None:
    engine.says = {"POST /containers/c1/wait": HANGS, "DELETE /containers/c1": DONE}
    with trio.fail_after(20):
        async with trio.open_nursery() as nursery:
            for _ in range(150):
                nursery.start_soon(control.wait, "c1")
            while len(engine.requests) < 150:
                await engine.came.wait()
            await control.remove("c1")
            nursery.cancel_scope.cancel()


async def test_containers_are_listed_by_label_whatever_is_missing(engine: FakeEngine, control: EngineControl) -> None:
    engine.says["GET /containers/json"] = Said(
        body=[
            {"Id": "a", "Names": ["/x"], "Labels": {"l": "1"}, "State": "created", "Created": 12, "Image": "i"},
            {"Id": "b", "Names": None, "Labels": None},
        ],
        is_chunked=True,
    )
    first, second = await control.containers("l")
    assert (first.id, first.names, first.labels, first.state, first.created) == ("a", ("x",), {"l": "1"}, "created", 12)
    assert (second.names, second.labels) == ((), {})
    assert json.loads(engine.requests[0].query["filters"]) == {"label": ["l"]}
    assert engine.requests[0].query["all"] == "1"


async def test_an_image_is_told_as_it_would_be_run_and_one_that_is_missing_is_none(
    engine: FakeEngine, control: EngineControl
) -> None:
    config = {"Entrypoint": "sh", "Cmd": None, "Env": ["A=1"], "Labels": None, "User": "u", "WorkingDir": "/w"}
    engine.says["GET /images/h:5/a/b@sha256:1/json"] = Said(body={"Id": "i", "RepoTags": ["t"], "Config": config})
    found = await control.image("h:5/a/b@sha256:1")
    assert found is not None
    assert (found.id, found.entrypoint, found.cmd, found.env) == ("i", ("sh",), (), ("A=1",))
    assert (found.user, found.workdir, found.tags, found.labels) == ("u", "/w", ("t",), {})
    engine.says["GET /images/none/json"] = refused(404, "No such image: none")
    assert await control.image("none") is None
    engine.says["GET /images/odd%3Fx%23y/json"] = Said(body={"Id": "odd"})
    odd = await control.image("odd?x#y")
    assert odd is not None


async def test_a_pull_tells_how_far_it_is_and_ends_with_the_image(engine: FakeEngine, control: EngineControl) -> None:
    lines = [{"status": "Pulling"}, {"id": "l1", "status": "Downloading", "progress": "[=> ]"}, {"status": "Done"}]
    engine.says["POST /images/create"] = Said(body="\r\n".join(map(json.dumps, lines)), is_chunked=True)
    engine.says["GET /images/h:5/a/json"] = Said(body={"Id": "i"})
    told: list[str] = []
    assert (await control.pull("h:5/a", told.append)).id == "i"
    await trio.testing.wait_all_tasks_blocked()
    assert engine.requests[0].query == {"fromImage": "h:5/a", "tag": "latest"}
    assert told[-1] == "Done"


async def test_a_pull_that_fails_amid_its_progress_fails(engine: FakeEngine, control: EngineControl) -> None:
    line = {"errorDetail": {"message": "x"}, "error": "manifest for a:1 not found: manifest unknown"}
    engine.says["POST /images/create"] = Said(body=json.dumps({"status": "…"}) + "\n" + json.dumps(line))
    failed = await failure(lambda: control.pull("a:1", lambda _: None))
    assert failed.kind == "no_image"
    assert "`docker pull a:1`" in failed.reason


@pytest.mark.parametrize("is_cut", [False, True])
async def test_a_pull_that_breaks_off_is_no_success(engine: FakeEngine, control: EngineControl, is_cut: bool) -> None:
    engine.says["POST /images/create"] = Said(body='{"status": "Pulling"}\n', is_chunked=True, is_cut=is_cut)
    failed = await failure(lambda: control.pull("a:1", lambda _: None))
    assert failed.kind == "absent"


async def test_a_build_that_fails_has_the_tail_of_its_log(engine: FakeEngine, control: EngineControl) -> None:
    lines = [{"stream": f"line {number} hunter2\n"} for number in range(100)]
    failing = {"error": "The command '/bin/sh -c false' returned a non-zero code: 1"}
    engine.says["POST /build"] = Said(body="\n".join(map(json.dumps, [*lines, failing])), is_chunked=True)
    build = ImageBuild(context=b"tar", tag="a:1", memory=1024, network="none", arguments={"A": "b"}, labels={"l": "m"})
    failed = await failure(lambda: control.build(build, lambda _: None))
    assert failed.reason.endswith("returned a non-zero code: 1")
    assert failed.details[-1] == "line 99 […]"
    assert len(failed.details) == 40
    asked = engine.requests[0]
    assert asked.body == b"tar"
    assert (asked.query["memory"], asked.query["memswap"], asked.query["networkmode"]) == ("1024", "1024", "none")
    assert json.loads(asked.query["labels"]) == {"l": "m"}


async def test_a_build_context_may_be_a_file(engine: FakeEngine, control: EngineControl, tmp_path: Path) -> None:
    (tmp_path / "context.tar").write_bytes(b"x" * 300_000)
    engine.says["POST /build"] = Said(body='{"stream": "ok"}\n')
    engine.says["GET /images/a:1/json"] = Said(body={"Id": "i"})
    built = await control.build(ImageBuild(context=tmp_path / "context.tar", tag="a:1", memory=1), lambda _: None)
    assert built.id == "i"
    assert len(engine.requests[0].body) >= 300_000


async def test_a_commit_has_no_command_and_not_the_labels_of_the_container(
    engine: FakeEngine, control: EngineControl
) -> None:
    engine.says["POST /commit"] = Said(status=201, body={"Id": "sha256:1"})
    assert await control.commit("c1", repository="r", tag="t", labels={"v": "$1"}) == "sha256:1"
    config = json.loads(engine.requests[0].body)
    assert (config["Cmd"], config["Entrypoint"], config["Labels"]["v"]) == ([], [], "$1")
    assert config["Labels"]["argus-trio.instance"] == config["Labels"]["argus-trio.gateway"] == ""


async def test_podman_is_told_in_instructions_what_a_commit_has(engine: FakeEngine) -> None:
    engine.says["POST /commit"] = Said(status=201, body={"Id": "1"})
    facts = attrs.evolve(engine.facts, kind="podman")
    async with open_control(facts, redact=str) as control:
        await control.commit("c1", repository="r", tag="t", labels={"v": 'a "$b"'})
    assert json.loads(engine.requests[0].body) == {}
    changes = engine.requests[0].query["changes"].split("\n")
    assert changes[:2] == ["CMD []", "ENTRYPOINT []"]
    assert changes[-1] == 'LABEL v=a "$b"'


async def test_an_image_in_use_is_not_removed_and_one_that_is_gone_is(
    engine: FakeEngine, control: EngineControl
) -> None:
    engine.says = {"DELETE /images/a:1": DONE, "DELETE /images/b:1": refused(409, "image is being used by container")}
    assert await control.remove_image("a:1")
    assert not await control.remove_image("b:1")
    assert await control.remove_image("c:1")


async def test_images_are_listed_by_label(engine: FakeEngine, control: EngineControl) -> None:
    engine.says["GET /images/json"] = Said(
        body=[{"Id": "a", "RepoTags": ["<none>:<none>"], "Labels": {"l": ""}, "Size": 5, "Created": 6}, {"Id": "b"}]
    )
    first, second = await control.images("l")
    assert (first.tags, first.size, first.created, first.labels) == ((), 5, 6, {"l": ""})
    assert second.id == "b"


async def test_an_engine_that_is_started_anew_is_spoken_to_again_in_its_own_version(tmp_path: Path) -> None:
    facts = FakeEngine(tmp_path / "s").facts
    async with open_control(facts, redact=str, deadlines=PATIENT) as control:
        async with fake_engine(tmp_path / "s") as first:
            first.says["GET /containers/json"] = Said(body=[])
            assert await control.containers("l") == []
        gone = await failure(lambda: control.containers("l"))
        assert (gone.kind, gone.never_ran) == ("absent", True)
        (tmp_path / "s").unlink()
        async with fake_engine(tmp_path / "s") as second:
            second.says["GET /version"] = Said(body={"ApiVersion": "1.40"})
            second.says["GET /containers/json"] = Said(body=[{"Id": "new"}])
            assert [each.id for each in await control.containers("l")] == ["new"]
            assert [request.version for request in second.requests] == ["", "v1.40"]


async def test_an_engine_that_finds_our_version_too_new_is_asked_for_its_own(
    engine: FakeEngine, control: EngineControl
) -> None:
    def answer(request: Request) -> Said:
        too_new = refused(400, "client version 1.41 is too new. Maximum supported API version is 1.40")
        return Said(body=[]) if request.version == "v1.40" else too_new

    engine.says = {"GET /containers/json": answer, "GET /version": Said(body={"ApiVersion": "1.40"})}
    assert (await failure(lambda: control.containers("l"))).kind == "refused"
    assert await control.containers("l") == []


async def test_who_still_waits_when_the_control_is_closed_is_told(engine: FakeEngine) -> None:
    engine.says["POST /containers/c1/wait"] = HANGS
    async with trio.open_nursery() as nursery:
        failures: list[EngineFailed] = []
        async with open_control(engine.facts, redact=str) as control:

            async def wait() -> None:
                failures.append(await failure(lambda: control.wait("c1")))

            came = engine.came
            nursery.start_soon(wait)
            await came.wait()
    assert failures[0].reason.startswith("the gateway does not use docker 20.10 any more")


async def test_what_has_no_version_after_a_restart_is_no_engine_and_nothing_is_taken_for_removed(
    tmp_path: Path,
) -> None:
    async with open_control(FakeEngine(tmp_path / "s").facts, redact=str, deadlines=PATIENT) as control:
        await failure(lambda: control.start("c1"))
        async with fake_engine(tmp_path / "s"):
            assert (await failure(lambda: control.remove("c1"))).kind == "garbage"


async def test_an_engine_that_is_gone_is_told_with_what_it_was_asked_to_do(tmp_path: Path) -> None:
    facts = FakeEngine(tmp_path / "missing").facts
    async with open_control(facts, redact=str) as control:
        failed = await failure(lambda: control.start("c1"))
    assert failed.kind == "absent"
    assert "its socket is gone" in failed.reason
    assert "start the container" in failed.reason
