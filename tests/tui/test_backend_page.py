"""The page of one backend: its parts, its log, what it asks for and when, and a backend that vanishes."""

from __future__ import annotations

import attrs
import msgspec
import pytest

from argus_trio.contract.backends import (
    BACKENDS,
    EGRESS,
    BackendEntry,
    EgressAnswer,
    EgressHostEntry,
    EgressListsEntry,
    IsolationEntry,
    ProgramEntry,
    ProgramLimits,
)
from argus_trio.manage_client.failure import FAILED
from argus_trio.tui.effect import CopyText, Effect, Fetch, FollowStream, Open, Tell, UnfollowStream
from argus_trio.tui.message import Clicked, Fetched, FetchFailed, Key, StreamCame, StreamLost, StreamOpened, Wheeled
from argus_trio.tui.pages.backend.page import LOOK_SECONDS, BackendPage
from argus_trio.tui.pages.entry import EntryPage
from argus_trio.tui.screens.backend.page import backend
from argus_trio.tui.state.hearing import STREAM
from argus_trio.tui.state.world import World
from argus_trio.wire.event_stream import Event
from tests.cli import values
from tests.tui.drawn import NOW, world

FIGURES = StreamCame(stream=STREAM, events=(Event(event="figures", data=b"{}", id="", retry=None),))
HOST = EgressHostEntry(
    host="example.org",
    port=443,
    during="run",
    passed=3,
    refused=0,
    failed=0,
    by="allow",
    reason=None,
    message=None,
    first=values.AT,
    latest=values.AT,
    sent=2048,
    received=10,
)
REFUSED = attrs.evolve(
    HOST, host="db.local", port=5432, passed=0, refused=2, by=None, reason="not_public", message="no"
)
WENT = EgressAnswer(
    backend="files",
    plan="contained",
    network="example.org",
    hosts=(HOST, REFUSED),
    others=None,
    let_through=EgressListsEntry(allow=("example.org",), host_services=()),
    not_let_through=EgressListsEntry(allow=("example.net",), host_services=("db.local:5432",)),
)
CONTAINED = attrs.evolve(values.isolated("contained", image="node:22"), mounts=("/data:/data:ro",), network="public")
CONTAINER = ProgramEntry(
    name="npx",
    pid=None,
    container="0123456789abcdef",
    since=values.AT,
    processor_seconds=None,
    memory=None,
    limits=ProgramLimits(memory=512 * 1024 * 1024, cpus=1.5, pids=256),
    others=2,
)


def press(page: BackendPage, known: World, *keys: str) -> tuple[BackendPage, tuple[Effect, ...]]:
    effects: tuple[Effect, ...] = ()
    for key in keys:
        step = page.told(Key(key), known)
        assert step is not None, key
        page, effects = step.value, step.effects
    return page, effects


def at(*keys: str, known: World | None = None) -> BackendPage:
    return press(BackendPage(name="files"), known or world(), *keys)[0]


def stream(page: BackendPage) -> FollowStream:
    (effect,) = page.opened(world()).effects
    assert isinstance(effect, FollowStream)
    return effect


def lines(*texts: str, first: int = 1) -> tuple[Event, ...]:
    entries = [values.line(number, text) for number, text in enumerate(texts, first)]
    return tuple(Event(event="line", data=msgspec.json.encode(each), id=each.id, retry=None) for each in entries)


def logged(*texts: str) -> BackendPage:
    page = BackendPage(name="files", part="log")
    followed = stream(page)
    page = page.opened(world()).value
    for message in (StreamOpened(stream=followed), StreamCame(stream=followed, events=lines(*texts))):
        step = page.told(message, world())
        assert step is not None
        page = step.value
    return page


def meant(page: BackendPage) -> str:
    shown = page.log.shown()
    return shown[page.log.at(shown)].text


def seen(page: BackendPage, known: World, columns: int = 80, rows: int = 20) -> str:
    canvas = backend(page, known, columns, rows).render((columns, rows))
    return "\n".join(line.decode().rstrip() for line in canvas.text)


@pytest.mark.parametrize(
    ("keys", "part"),
    [
        (["c"], "catalog"),
        (["l"], "log"),
        (["p"], "process"),
        (["w"], "network"),
        (["w", "s"], "states"),
        (["tab"], "catalog"),
        (["tab", "shift tab"], "states"),
        (["shift tab"], "network"),
    ],
)
def test_keys_lead_to_its_parts(keys: list[str], part: str) -> None:
    assert at(*keys).part == part


def test_a_click_leads_to_a_part_too() -> None:
    step = at().told(Clicked(zone="part", at=2), world())
    assert step is not None
    assert step.value.part == "log"


def test_its_log_is_followed_once_and_no_more_when_the_page_is_left() -> None:
    page, effects = press(BackendPage(name="files"), world(), "l")
    assert [each.key for each in effects if isinstance(each, FollowStream)] == ["log files"]
    page, effects = press(page, world(), "s", "l")
    assert effects == ()
    assert page.opened(world()).effects == ()
    assert page.closed().effects == (UnfollowStream("log files"),)
    assert at().closed().effects == ()


def test_the_log_is_followed_at_its_end_until_one_moves_up() -> None:
    page = logged("a", "b", "c")
    assert meant(page) == "c"
    page, _ = press(page, world(), "up")
    step = page.told(
        StreamCame(stream=stream(BackendPage(name="files", part="log")), events=lines("d", first=4)), world()
    )
    assert step is not None
    assert (meant(step.value), "held, 2 lines below" in seen(step.value, world())) == ("b", True)
    for key in ("end", "G", " "):
        assert meant(press(step.value, world(), key)[0]) == "d"
    held, _ = press(logged("a", "b"), world(), " ")
    assert held.log.held == 1


def test_search_leads_from_one_line_to_the_next_and_around_the_ends() -> None:
    page, _ = press(logged("an error", "b", "other Error", "d"), world(), "/", *"error", "enter")
    assert meant(page) == "other Error"
    page, effects = press(page, world(), "N")
    assert (meant(page), effects) == ("an error", ())
    page, effects = press(page, world(), "N")
    assert (meant(page), effects) == ("other Error", (Tell(text="went on from the end of the log"),))
    page, effects = press(page, world(), "n")
    assert effects == (Tell(text="went on from the begin of the log"),)
    page, _ = press(page, world(), "esc")
    assert press(page, world(), "n")[1] == (Tell(text="nothing is searched for: / searches"),)
    assert press(logged("a"), world(), "/", "z", "enter")[1] == (Tell(text="no line has z", kind="warning"),)
    assert press(logged(), world(), "/", "z", "enter")[1] == (Tell(text="no line has z", kind="warning"),)


def test_letters_are_text_while_one_types() -> None:
    for key in ("/", "&"):
        page, effects = press(logged("r", "x"), world(), key, "r", "x", "q")
        assert page.is_typing
        assert effects == ()


def test_a_filter_leaves_what_is_missing_in_sight() -> None:
    page = logged("one", "two")
    gap = Event(event="gap", data=b'{"timestamp":"","since":"","message":"some are missing"}', id="", retry=None)
    step = page.told(StreamCame(stream=stream(BackendPage(name="files", part="log")), events=(gap,)), world())
    assert step is not None
    page, _ = press(step.value, world(), "&", *"two", "enter")
    assert [each.text for each in page.log.shown()] == ["two", "some are missing"]
    assert "2 of 3 lines" in seen(page, world())
    page, _ = press(page, world(), "esc")
    assert len(page.log.shown()) == 3


def test_a_line_is_copied_as_it_is_and_a_long_one_is_looked_at_sideways() -> None:
    page = logged("0123456789abcdefGHI \x1b[31mred")
    assert press(page, world(), "y")[1] == (CopyText(text="0123456789abcdefGHI \x1b[31mred", what="the line"),)
    text = seen(press(page, world(), "right")[0], world())
    assert "…GHI \\x1b[31mred" in text
    assert "from column 17" in text


@pytest.mark.parametrize(
    ("is_over", "said"), [(False, "lost, tried again: broke off"), (True, "not followed: broke off")]
)
def test_a_log_that_is_lost_says_so(is_over: bool, said: str) -> None:
    page = logged("a")
    lost = StreamLost(
        stream=stream(BackendPage(name="files", part="log")), why="broke off", code=3, pause=1.0, is_over=is_over
    )
    step = page.told(lost, world())
    assert step is not None
    assert said in seen(step.value, world())


def came(known: World) -> Fetched:
    """The list of backends came; the world knows it already."""
    return Fetched(request=Fetch(operation=BACKENDS), answer=values.backends(*known.backends.values()), raw=b"")


def test_a_backend_that_vanishes_is_said_and_its_log_begins_anew_when_it_is_back() -> None:
    gone = world(backends={"desk": values.backend("desk")})
    page = logged("a")
    step = page.told(came(world()), world())
    assert step is not None
    step = step.value.told(came(gone), gone)
    assert step is not None
    text = seen(step.value, gone)
    assert "The file has this backend no more" in text
    assert "gone" in text.splitlines()[0]
    assert step.value.told(Key("r"), gone) is None
    step = step.value.told(came(world()), world())
    assert step is not None
    assert [each.key for each in step.effects if isinstance(each, FollowStream)] == ["log files"]
    assert [each.source for each in step.value.log.kept.lines] == ["stderr", "gap"]


def test_a_log_that_ends_with_its_backend_is_followed_no_more() -> None:
    gone = world(backends={"desk": values.backend("desk")})
    lost = StreamLost(stream=stream(BackendPage(name="files", part="log")), why="no such backend", code=1, pause=1.0)
    step = logged("a").told(lost, gone)
    assert step is not None
    assert step.effects == (UnfollowStream("log files"),)


def test_a_backend_that_was_never_known_is_said() -> None:
    assert "there is no backend nobody" in seen(BackendPage(name="nobody"), world())


def test_its_states_stand_below_how_it_is() -> None:
    text = seen(BackendPage(name="desk"), world())
    assert "✗ down" in text
    assert "no such file" in text
    assert "States, the latest first" in text


def test_the_catalog_tells_what_is_hidden_and_why() -> None:
    text = seen(at("c"), world(), 120)
    assert "3 entries, 1 hidden" in text
    assert "filtered by tools.exclude" in text
    page = at("c", "h")
    assert [each.key for each in page.catalog(world())] == ["files__delete"]
    page, effects = press(page, world(), "enter")
    assert [type(each.page) for each in effects if isinstance(each, Open)] == [EntryPage]
    page = at("c", "/", *"read", "enter")
    assert [each.key for each in page.catalog(world())] == ["files__read_file"]
    assert "nothing is found" in seen(at("c", "/", *"zzz"), world())


def test_the_mouse_moves_in_the_catalog_and_in_the_log() -> None:
    step = at("c").told(Wheeled(2), world())
    assert step is not None
    assert step.value.cursor.at == 2
    step = at("c").told(Clicked(zone="entry", at=1, is_double=True), world())
    assert step is not None
    assert len(step.effects) == 1
    step = logged("a", "b").told(Clicked(zone="line", at=0), world())
    assert step is not None
    assert meant(step.value) == "a"


def with_isolation(**more: object) -> World:
    entry = attrs.evolve(values.backend("files", isolation=CONTAINED), **more)  # type: ignore[arg-type]
    return world(backends={"files": entry})


def test_a_container_tells_its_limits_image_and_mounts() -> None:
    text = seen(at("p"), with_isolation(process=CONTAINER))
    for said in (
        "npx, container 0123456789ab",
        "512.0 MiB of memory, 1.5 processors, 256 processes",
        "2 more of it",
        "node:22",
        "not there yet",
        "/data:/data:ro",
    ):
        assert said in text


def test_a_process_tells_what_it_takes() -> None:
    bare = attrs.evolve(CONTAINER, container=None, pid=77, limits=None, processor_seconds=2.5, memory=1 << 20, others=0)
    text = seen(at("p"), with_isolation(process=bare))
    assert "npx, process 77" in text
    assert "2.5 s of processor, 1.0 MiB of memory" in text
    assert "what the gateway's user may" in text


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        (attrs.evolve(values.backend("files"), type="sse"), "it runs elsewhere"),
        (values.backend("files", "disabled"), "not known yet"),
        (values.backend("files", isolation=values.isolated("refused", why="no engine")), "no engine"),
    ],
)
def test_what_does_not_run_here_says_so(entry: BackendEntry, said: str) -> None:
    assert said in seen(at("p"), world(backends={"files": entry}))


def paths(effects: tuple[Effect, ...]) -> list[str]:
    return [each.operation.path for each in effects if isinstance(each, Fetch)]


@pytest.mark.parametrize(("key", "path"), [("p", "/backends/{name}"), ("w", "/backends/{name}/egress")])
def test_what_changes_unseen_is_asked_for_when_it_is_looked_at_and_after_figures(key: str, path: str) -> None:
    page, effects = press(BackendPage(name="files"), world(), key)
    assert paths(effects) == [path]
    assert page.told(FIGURES, world()) is None
    step = page.told(FIGURES, world(now=NOW + LOOK_SECONDS))
    assert step is not None
    assert paths(step.effects) == [path]
    assert at().told(FIGURES, world(now=NOW + 100)) is None


def went(answer: EgressAnswer = WENT) -> BackendPage:
    request = Fetch(operation=EGRESS, path={"name": "files"})
    step = at("w").told(Fetched(request=request, answer=answer, raw=b""), world())
    assert step is not None
    return step.value


def test_where_it_went_and_what_the_file_would_say() -> None:
    page, _ = press(went(), with_isolation(), "down")
    text = seen(page, with_isolation())
    for said in ("example.org", "a rule allows it", "db.local", "not public", 'allow: ["example.org","example.net"]'):
        assert said in text
    (copied,) = press(page, with_isolation(), "y")[1]
    assert isinstance(copied, CopyText)
    assert copied.text == (
        'container:\n  network:\n    allow: ["example.org","example.net"]\n  host_services: ["db.local:5432"]'
    )


@pytest.mark.parametrize(
    ("isolation", "said"),
    [
        (values.isolated("bare"), "it runs bare"),
        (None, "it has not been started yet"),
        (CONTAINED, "it has tried to reach nothing"),
    ],
)
def test_where_nothing_is_seen_the_page_says_why(isolation: IsolationEntry | None, said: str) -> None:
    page = went(attrs.evolve(WENT, hosts=()))
    assert said in seen(page, world(backends={"files": values.backend("files", isolation=isolation)}))


def test_an_answer_that_does_not_come_is_told() -> None:
    request = Fetch(operation=EGRESS, path={"name": "files"})
    step = at("w").told(FetchFailed(request=request, why="not allowed", code=FAILED), world())
    assert step is not None
    assert "it is not known: not allowed" in seen(step.value, world())


@pytest.mark.parametrize("key", ["s", "c", "l", "p", "w"])
@pytest.mark.parametrize(("columns", "rows"), [(80, 20), (120, 36), (200, 56), (80, 5)])
def test_every_part_fills_its_room(key: str, columns: int, rows: int) -> None:
    page = went() if key == "w" else logged("a" * 500) if key == "l" else at(key)
    assert len(seen(page, with_isolation(process=CONTAINER), columns, rows).split("\n")) == rows
