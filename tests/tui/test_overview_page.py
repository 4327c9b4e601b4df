"""The overview: which backends in which order, what keys do, what is asked before a change and told after it."""

from __future__ import annotations

import attrs
import pytest

from argus_trio.contract.backends import CallCounts, DrainingEntry, HoldEntry
from argus_trio.manage_client.failure import FAILED, NOT_ALLOWED
from argus_trio.tui.effect import Confirm, CopyText, Effect, Fetch, Open, Tell
from argus_trio.tui.message import Clicked, Fetched, FetchFailed, Key, Pasted, StreamCame, Wheeled
from argus_trio.tui.pages.backend.page import BackendPage
from argus_trio.tui.pages.overview import LOAD_SECONDS, OverviewPage
from argus_trio.tui.parts.look import Appearance
from argus_trio.tui.screens.backend.overview import overview
from argus_trio.tui.state.hearing import STREAM
from argus_trio.tui.state.world import World
from argus_trio.wire.event_stream import Event
from tests.cli import values
from tests.tui.drawn import NOW, world

IN_A_MINUTE = "2026-01-02T03:05:05Z"
HELD = HoldEntry(kind="disable", by="ann", at=values.AT)
HERE = {
    each.name: each
    for each in (
        values.backend("files"),
        attrs.evolve(values.backend("desk", "down", reason="no such file"), next_attempt=IN_A_MINUTE),
        values.backend("web", "degraded", reason="one list did not come"),
        values.backend("old", "disabled", reason="an operator has disabled it", hold=HELD),
    )
}
FIGURES = StreamCame(stream=STREAM, events=(Event(event="figures", data=b"{}", id="", retry=None),))


def here(**more: object) -> World:
    return attrs.evolve(world(backends=HERE, figures=None), **more)  # type: ignore[arg-type]


def after(page: OverviewPage, known: World, *keys: str) -> tuple[OverviewPage, tuple[Effect, ...]]:
    effects: tuple[Effect, ...] = ()
    for key in keys:
        step = page.told(Key(key), known)
        assert step is not None, key
        page, effects = step.value, step.effects
    return page, effects


def names(page: OverviewPage, known: World) -> list[str]:
    return [each.name for each in page.shown(known)]


def seen(page: OverviewPage, known: World, columns: int = 80, rows: int = 20) -> str:
    canvas = overview(page, known, columns, rows).render((columns, rows))
    return "\n".join(line.decode().rstrip() for line in canvas.text)


@pytest.mark.parametrize(
    ("presses", "order"),
    [
        (0, ["files", "desk", "web", "old"]),
        (1, ["desk", "web", "files", "old"]),
        (2, ["files", "desk", "web", "old"]),
        (5, ["files", "desk", "web", "old"]),
    ],
)
def test_s_goes_through_the_orders_and_the_worst_stands_first(presses: int, order: list[str]) -> None:
    page, _ = after(OverviewPage(), here(), *["s"] * presses)
    assert names(page, here()) == order


def test_by_calls_errors_and_p99_the_most_stand_first() -> None:
    known = world(backends={name: HERE[name] for name in ("desk", "web", "files")})
    for presses in (2, 3):
        page, _ = after(OverviewPage(), known, *["s"] * presses)
        assert names(page, known)[0] == "files"
    page, _ = after(OverviewPage(), known, *["s"] * 4)
    assert names(page, known) == ["desk", "files", "web"]


@pytest.mark.parametrize("key", ["/", "f"])
@pytest.mark.parametrize(
    ("words", "left"), [("down", ["desk"]), ("list come", ["web"]), ("zzz", []), ("f", ["files", "desk"])]
)
def test_a_filter_narrows_by_name_state_and_reason(key: str, words: str, left: list[str]) -> None:
    page, _ = after(OverviewPage(), here(), key, *words)
    assert page.is_typing
    assert names(page, here()) == left
    page, _ = after(page, here(), "enter")
    assert not page.is_typing
    page, _ = after(page, here(), "esc")
    assert len(names(page, here())) == 4


def test_a_filter_can_be_pasted() -> None:
    page, _ = after(OverviewPage(), here(), "/")
    step = page.told(Pasted("we\nb"), here())
    assert step is not None
    assert step.value.filter.text == "we b"
    assert OverviewPage().told(Pasted("x"), here()) is None


def test_the_cursor_keeps_to_its_backend_in_another_order() -> None:
    page, _ = after(OverviewPage(), here(), "down", "s")
    assert page.shown(here())[page.at(page.shown(here()))].name == "desk"
    gone = here(backends={"files": HERE["files"]})
    assert page.at(page.shown(gone)) == 0


@pytest.mark.parametrize(
    ("keys", "effect"),
    [
        (["enter"], Open(BackendPage(name="files"))),
        (["down", "l"], Open(BackendPage(name="desk", part="log"))),
        (["G", "y"], CopyText(text="old", what="the name")),
    ],
)
def test_keys_of_a_backend(keys: list[str], effect: Effect) -> None:
    assert after(OverviewPage(), here(), *keys)[1] == (effect,)


def test_where_there_is_no_backend_keys_do_nothing() -> None:
    for key in ("enter", "l", "y", "r"):
        assert OverviewPage().told(Key(key), here(backends={})) is None


def test_the_mouse_means_a_row_and_opens_it() -> None:
    step = OverviewPage().told(Clicked(zone="backend", at=1, is_double=True), here())
    assert step is not None
    assert step.effects == (Open(BackendPage(name="desk")),)
    step = OverviewPage().told(Wheeled(2), here())
    assert step is not None
    assert step.value.meant == "web"


def test_what_changes_unseen_is_asked_for_after_figures_and_not_often() -> None:
    page = OverviewPage().opened(here()).value
    assert page.told(FIGURES, here()) is None
    later = here(now=NOW + LOAD_SECONDS)
    step = page.told(FIGURES, later)
    assert step is not None
    assert [each.operation.path for each in step.effects if isinstance(each, Fetch)] == ["/status"]
    assert step.value.told(FIGURES, later) is None
    draining = here(draining=(DrainingEntry(name="files", calls=2),))
    step = page.told(FIGURES, draining)
    assert step is not None
    assert [each.operation.path for each in step.effects if isinstance(each, Fetch)] == ["/backends"]


def look_before(key: str, known: World) -> Fetch:
    (effect,) = after(OverviewPage(), known, key)[1]
    assert isinstance(effect, Fetch)
    assert effect.path == {"name": "files"}
    return effect


def told(message: Fetched | FetchFailed) -> tuple[Effect, ...]:
    step = OverviewPage().told(message, here())
    assert step is not None
    return step.effects


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("r", ("Restart files?", "2 calls in flight there, 1 waiting.")),
        ("d", ("Drain files?", "new calls are refused", "2 calls in flight there, 1 waiting.")),
        ("x", ("Disable files?", "7 tools, 0 resources, 0 prompts", "cut off", "2 calls in flight there, 1 waiting.")),
    ],
)
def test_a_change_is_asked_with_what_is_lost_and_made_at_the_version_that_was_seen(
    key: str, words: tuple[str, ...]
) -> None:
    look = look_before(key, here())
    entry = attrs.evolve(HERE["files"], calls=CallCounts(under_way=2, waiting=1, refused=0))
    (asked,) = told(Fetched(request=look, answer=entry, raw=b"", tag='"a.7"'))
    assert isinstance(asked, Confirm)
    assert [word for word in words if word not in asked.question] == []
    change = asked.yes[-1]
    assert isinstance(change, Fetch)
    assert (change.if_match, change.is_change, change.operation.method) == ('"a.7"', True, "POST")


def test_enable_says_who_holds_it_and_where_nothing_does_it_says_that() -> None:
    look = look_before("e", here())
    held = attrs.evolve(HERE["files"], hold=HELD)
    (asked,) = told(Fetched(request=look, answer=held, raw=b""))
    assert isinstance(asked, Confirm)
    assert asked.question == "Enable files? ann disabled it; it takes calls of all clients again."
    (said,) = told(Fetched(request=look, answer=HERE["files"], raw=b""))
    assert isinstance(said, Tell)
    assert said.text == "there is nothing to enable at files: it is not held"


def test_what_is_so_already_is_told_and_not_asked() -> None:
    look = look_before("x", here())
    (said,) = told(Fetched(request=look, answer=attrs.evolve(HERE["files"], hold=HELD), raw=b""))
    assert said == Tell(text="files is disabled already, by ann")


@pytest.mark.parametrize(
    ("known", "why"),
    [
        (here(is_read_only=True), "restart is not offered: the dashboard is read-only"),
        (here(rights=frozenset({"read"})), "restart is not offered: that needs manage:operate"),
    ],
)
def test_who_may_not_operate_is_told_so(known: World, why: str) -> None:
    assert after(OverviewPage(), known, "r")[1] == (Tell(text=why, kind="warning"),)


def change(action: str) -> Fetch:
    key = {"restart": "r", "disable": "x"}[action]
    (asked,) = told(Fetched(request=look_before(key, here()), answer=HERE["files"], raw=b""))
    assert isinstance(asked, Confirm)
    assert isinstance(asked.yes[-1], Fetch)
    return asked.yes[-1]


@pytest.mark.parametrize(
    ("action", "answer", "said"),
    [
        ("restart", values.changed("files", "restart", "ready"), "good: files was restarted in 100 ms, and is ready"),
        ("disable", values.changed("files", "disable", "disabled"), "good: files is disabled"),
        (
            "restart",
            values.changed("files", "restart", "down", ok=False, error="it ended at once"),
            "error: restart of files did not work: it ended at once",
        ),
        (
            "disable",
            attrs.evolve(values.changed("files", "disable", "disabled"), changed=False),
            "info: files is disabled: it was so already",
        ),
        ("disable", None, "error: what came of disable of files is not known"),
    ],
)
def test_what_came_of_a_change_is_told(action: str, answer: object, said: str) -> None:
    (tell,) = told(Fetched(request=change(action), answer=answer, raw=b""))
    assert isinstance(tell, Tell)
    assert f"{tell.kind}: {tell.text}" == said


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (FAILED, "disable of files was not done: somebody has changed it since"),
        (
            NOT_ALLOWED,
            "disable of files was not done: somebody has changed it since;"
            " what changes the gateway is not offered any more",
        ),
    ],
)
def test_a_change_that_is_refused_is_told(code: int, said: str) -> None:
    failed = FetchFailed(request=change("disable"), why="somebody has changed it since", code=code)
    assert told(failed) == (Tell(text=said, kind="error"),)


def test_a_backend_that_cannot_be_looked_up_is_not_changed() -> None:
    failed = FetchFailed(request=look_before("r", here()), why="no such backend", code=FAILED)
    assert told(failed) == (Tell(text="files was not changed: no such backend", kind="error"),)


def test_answers_to_others_mean_nothing() -> None:
    other = Fetch(operation=look_before("r", here()).operation, path={"name": "files"})
    assert OverviewPage().told(Fetched(request=other, answer=HERE["files"], raw=b""), here()) is None


def test_what_serves_nothing_says_why_and_when_it_is_tried_again() -> None:
    text = seen(OverviewPage(), here())
    assert "desk            ✗ down      again in 1 min: no such file" in text
    assert "old             ○ disabled  disabled by ann, until it is enabled" in text
    assert "again now: no such file" in seen(OverviewPage(), here(now=NOW + 90))


def test_states_are_told_by_signs_of_ascii_where_there_is_no_more() -> None:
    text = seen(OverviewPage(), here(look=Appearance(is_unicode=False)))
    for sign in ("* ready", "x down", "! degraded", "o disabled"):
        assert sign in text


def test_what_drains_stands_below_and_more_than_has_room_is_counted() -> None:
    draining = tuple(DrainingEntry(name=f"old{number}", calls=number) for number in range(1, 9))
    text = seen(OverviewPage(), here(draining=draining))
    assert "old1: replaced or removed, 1 call ends there" in text
    assert "old2: replaced or removed, 2 calls end there" in text
    assert "and 5 more" in text


@pytest.mark.parametrize(
    ("known", "said"),
    [
        (here(backends={}), "the gateway has no backends"),
        (here(backends={}, status=None), "nothing is known of the gateway yet"),
    ],
)
def test_an_empty_table_says_why(known: World, said: str) -> None:
    assert said in seen(OverviewPage(), known)


def test_a_filter_that_leaves_nothing_says_how_to_go_back() -> None:
    page, _ = after(OverviewPage(), here(), "/", *"zzz")
    assert "Escape shows all" in seen(page, here())


def test_there_is_more_of_the_one_that_is_meant_where_there_is_room() -> None:
    page, _ = after(OverviewPage(), here(), "down")
    text = seen(page, here(), 120, 36)
    assert "state      ✗ down" in text
    assert "connection stdio" in text
    assert "ISOLATION" in text
    assert "RST" in text
