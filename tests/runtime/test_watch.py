"""Real files, changed in every way in which people and their tools do."""

from __future__ import annotations

import os
import resource
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import trio
from structlog.testing import capture_logs

from argus_trio.config.read.sources import Sources, Stamps
from argus_trio.runtime import watch
from argus_trio.runtime.watch import folders_of, wait_for_change

DEADLINE_SECONDS = 20.0
STILL_SECONDS = 0.6
"""How long is long enough to say that nothing was heard: the quiet time and as much again."""
SPARE_DESCRIPTORS = 16
"""How many are taken and given back at least: a process may have no gap among those that are open."""


@pytest.fixture(autouse=True)
def no_looks_without_news(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is heard is heard from the kernel."""
    monkeypatch.setattr(watch, "LOOK_SECONDS", 10 * DEADLINE_SECONDS)


def stamps_of(*paths: Path) -> Stamps:
    sources = Sources()
    for path in paths:
        sources.note(path)
    return sources.stamps


@asynccontextmanager
async def waiting(*paths: Path) -> AsyncIterator[trio.Event]:
    """Watch within the block; the event is set when a change was heard."""
    heard = trio.Event()

    async def wait(stamps: Stamps) -> None:
        await wait_for_change(stamps)
        heard.set()

    with trio.fail_after(DEADLINE_SECONDS):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(wait, stamps_of(*paths))
            await trio.sleep(0.05)  # no event tells that the kernel watches; a change before that is seen all the same
            yield heard
            nursery.cancel_scope.cancel()


def open_descriptors() -> set[str]:
    return {each.name for each in Path("/proc/self/fd").iterdir() if each.exists()}


def fill_descriptors() -> list[int]:
    taken = []
    while True:
        try:
            taken.append(os.dup(0))
        except OSError:
            return taken


def in_place(file: Path) -> None:
    with file.open("a") as stream:
        stream.write("more")


def replaced(file: Path) -> None:
    new = file.with_name("config.yaml.tmp")
    new.write_text("new")
    new.replace(file)


def moved_away_first(file: Path) -> None:
    file.rename(file.with_name("config.yaml~"))
    file.write_text("new")


def other_rights(file: Path) -> None:
    file.chmod(0o600)


@pytest.mark.parametrize("change", [in_place, replaced, moved_away_first, other_rights])
async def test_a_change_of_the_file_is_heard(change: Callable[[Path], None], tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text("old")
    async with waiting(file) as heard:
        change(file)
        await heard.wait()


async def test_a_swapped_folder_behind_a_symlink_is_heard(tmp_path: Path) -> None:
    """As a ConfigMap is mounted: config.yaml → ..data/config.yaml, ..data → ..1."""
    for version in ("1", "2"):
        (tmp_path / f"..{version}").mkdir()
        (tmp_path / f"..{version}" / "config.yaml").write_text(version)
    (tmp_path / "..data").symlink_to("..1")
    file = tmp_path / "config.yaml"
    file.symlink_to("..data/config.yaml")
    async with waiting(file) as heard:
        (tmp_path / "..tmp").symlink_to("..2")
        (tmp_path / "..tmp").rename(tmp_path / "..data")
        await heard.wait()


async def test_a_write_to_the_target_of_a_symlink_is_heard(tmp_path: Path) -> None:
    (tmp_path / "far").mkdir()
    target = tmp_path / "far" / "real.yaml"
    target.write_text("old")
    (tmp_path / "config.yaml").symlink_to(target)
    async with waiting(tmp_path / "config.yaml") as heard:
        in_place(target)
        await heard.wait()


async def test_a_change_before_it_watches_is_heard(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text("old")
    stamps = stamps_of(file)
    in_place(file)
    with trio.fail_after(DEADLINE_SECONDS):
        await wait_for_change(stamps)


async def test_a_vanished_file_is_told_once_and_is_a_change_when_it_is_back(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text("old")
    with capture_logs() as logs:
        async with waiting(file) as heard:
            file.unlink()
            with trio.move_on_after(STILL_SECONDS):
                await heard.wait()
            (tmp_path / "other").touch()
            with trio.move_on_after(STILL_SECONDS):
                await heard.wait()
            assert not heard.is_set()
            file.write_text("new")
            await heard.wait()
    assert [each["event"] for each in logs] == ["config_file_missing"]


async def test_a_file_that_was_missing_is_heard_when_it_comes_with_its_folder(tmp_path: Path) -> None:
    file = tmp_path / "secrets" / "token"
    async with waiting(file) as heard:
        file.parent.mkdir()
        file.write_text("t")
        await heard.wait()


async def test_other_files_of_the_folder_are_no_change(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text("old")
    async with waiting(file) as heard:
        (tmp_path / "log").write_text("x")
        with trio.move_on_after(STILL_SECONDS):
            await heard.wait()
        assert not heard.is_set()


async def test_it_waits_until_a_file_that_is_written_in_pieces_stands_still(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text("old")
    async with waiting(file) as heard:
        for _ in range(10):
            in_place(file)
            await trio.sleep(0.05)
        assert not heard.is_set()
        await heard.wait()


async def test_without_news_of_the_kernel_it_looks_now_and_then(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def deaf(_: object) -> object:
        raise OSError("no watches left")

    monkeypatch.setattr(watch, "open_news", deaf)
    monkeypatch.setattr(watch, "LOOK_SECONDS", 0.05)
    file = tmp_path / "config.yaml"
    file.write_text("old")
    with capture_logs() as logs:
        async with waiting(file) as heard:
            in_place(file)
            await heard.wait()
    assert logs[0]["event"] == "file_news_unavailable"


async def test_a_cancelled_watch_ends_at_once(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text("old")
    async with waiting(file):
        began = trio.current_time()
    assert trio.current_time() - began < watch.END_SECONDS + 0.5


async def test_a_watch_leaves_no_descriptor_open(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text("old")
    async with waiting(file):
        pass
    before = open_descriptors()
    for _ in range(3):
        async with waiting(file):
            pass
        async with waiting(file) as heard:
            in_place(file)
            await heard.wait()
    assert open_descriptors() == before


async def test_without_a_descriptor_it_waits_for_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "LOOK_SECONDS", 0.05)
    file = tmp_path / "config.yaml"
    file.write_text("old")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with capture_logs() as logs:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (max(map(int, open_descriptors())) + SPARE_DESCRIPTORS, hard))
            taken = fill_descriptors()
            async with waiting(file) as heard:
                for each in taken:
                    os.close(each)
                in_place(file)
                await heard.wait()
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert logs[0]["event"] == "file_news_unavailable"


async def test_a_watch_that_hangs_in_the_file_system_is_left_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looking, go_on = threading.Event(), threading.Event()

    def hang(_: Path) -> None:
        looking.set()
        go_on.wait()

    monkeypatch.setattr(watch, "stamp", hang)
    monkeypatch.setattr(watch, "END_SECONDS", 0.1)
    async with waiting(tmp_path / "config.yaml"):
        await trio.to_thread.run_sync(looking.wait)
        began = trio.current_time()
    assert 0.1 <= trio.current_time() - began < DEADLINE_SECONDS / 2
    go_on.set()


def test_the_folders_of_all_symlinks_on_the_way_are_watched(tmp_path: Path) -> None:
    (tmp_path / "store" / "v1").mkdir(parents=True)
    (tmp_path / "store" / "v1" / "c.yaml").touch()
    (tmp_path / "store" / "current").symlink_to("v1")
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / "c.yaml").symlink_to("../store/current/c.yaml")
    found = {folder.resolve() for folder in folders_of(tmp_path / "etc" / "c.yaml")}
    assert {tmp_path / "etc", tmp_path / "store", tmp_path / "store" / "v1"} <= found


def test_a_circle_of_symlinks_ends(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    assert folders_of(tmp_path / "a") == {tmp_path}
