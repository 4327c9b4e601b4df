"""When processes of a backend count as ending each other, as a table of their times."""

from __future__ import annotations

import pytest

from argus_trio.core.health.rivalry import Arrival, Rivalry

Event = tuple[float, str, str]
"""When, what, and to which process."""


def told(events: list[Event]) -> tuple[list[bool], bool]:
    """Which losses are explained by another process, and whether that is certain."""
    rivalry, processes, explained = Rivalry(), dict[str, Arrival](), list[bool]()
    for now, what, name in events:
        match what:
            case "began":
                processes[name] = rivalry.began(now)
            case "opened":
                rivalry.opened(processes[name], now)
            case "ended":
                rivalry.ended(processes[name], now)
            case _:
                explained.append(rivalry.lost(processes[name], now))
    return explained, rivalry.is_certain


def up(now: float, name: str) -> list[Event]:
    return [(now, "began", name), (now + 0.5, "opened", name)]


FIRST = [*up(0, "a"), *up(100, "b"), (100.4, "lost", "a")]


@pytest.mark.parametrize(
    ("events", "explained", "is_certain"),
    [
        pytest.param([*up(0, "a"), (50, "lost", "a")], [False], False, id="nobody else is there"),
        pytest.param(FIRST, [True], False, id="once may be chance"),
        pytest.param([*FIRST, *up(101, "c"), (101.2, "lost", "b")], [True, True], True, id="twice is not"),
        pytest.param([*FIRST, *up(159, "c"), (160.4, "lost", "b")], [True, True], True, id="twice in a minute"),
        pytest.param([*FIRST, *up(160, "c"), (161, "lost", "b")], [True, True], False, id="in more than a minute"),
        pytest.param([*up(0, "a"), *up(100, "b"), (103.4, "lost", "a")], [True], False, id="within three seconds"),
        pytest.param([*up(0, "a"), *up(100, "b"), (103.6, "lost", "a")], [False], False, id="too late"),
        pytest.param(
            [*up(0, "a"), (100, "began", "b"), (108, "lost", "a")], [True], False, id="while the other still starts"
        ),
        pytest.param(
            [*up(0, "a"), (100, "began", "b"), (101, "ended", "b"), (103, "lost", "a")],
            [True],
            False,
            id="the other is gone again",
        ),
        pytest.param(
            [*up(0, "a"), (100, "began", "b"), (101, "ended", "b"), (105, "lost", "a")],
            [False],
            False,
            id="the other is gone for long",
        ),
        pytest.param([*up(0, "a"), (0.2, "began", "b"), (0.3, "lost", "b")], [False], False, id="it never answered"),
        pytest.param(
            [(0, "began", "a"), (1, "ended", "a"), *up(0.5, "b"), (1, "lost", "a")],
            [False],
            False,
            id="nor in time",
        ),
        pytest.param([*up(0, "a"), *up(0.1, "b"), (1, "lost", "a")], [True], False, id="the older of two dies"),
        pytest.param([*up(0, "a"), *up(1, "b"), (2, "lost", "b")], [False], False, id="the newer one dies"),
        pytest.param(
            [*up(0, "a"), *up(0, "b"), (1, "lost", "a"), (1, "lost", "b")], [True, False], False, id="all die at once"
        ),
    ],
)
def test_a_loss_is_explained_by_another_process_that_just_came_up_and_twice_a_minute_is_certain(
    events: list[Event], explained: list[bool], is_certain: bool
) -> None:
    assert told(events) == (explained, is_certain)
