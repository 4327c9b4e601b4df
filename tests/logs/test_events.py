"""The log's events: what they look like, that no secret is in any, and that none acts on a terminal."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from argus_trio.core.log_level import LEVELS, CurrentLevel, LogLevel
from argus_trio.core.redaction import HIDDEN, Redactor
from argus_trio.logs.processors import RedactEvents, as_line, show_controls
from argus_trio.logs.setup import Format, set_up_logs

SECRET = "hush-7f3a9c"


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    """Leave structlog as it was."""
    before = structlog.get_config()
    yield
    structlog.configure(**before)


def log_at(level: LogLevel, form: Format) -> structlog.typing.FilteringBoundLogger:
    set_up_logs(form, CurrentLevel(level), Redactor([SECRET]), lambda line: print(line, end="", file=sys.stderr))
    logger: structlog.typing.FilteringBoundLogger = structlog.get_logger()
    return logger


def test_a_json_event_is_one_line_with_its_level_and_its_time(capsys: pytest.CaptureFixture[str]) -> None:
    log_at("info", "json").info("backend_ready", backend="files", seconds=0.5)
    event = json.loads(capsys.readouterr().err)
    assert event.pop("timestamp").endswith("Z")
    assert event == {"event": "backend_ready", "level": "info", "backend": "files", "seconds": 0.5}


def test_a_line_for_people_has_no_colours_where_nobody_sees_them(capsys: pytest.CaptureFixture[str]) -> None:
    log_at("info", "console").warning("backend_down", backend="files")
    line = capsys.readouterr().err
    assert "backend_down" in line
    assert "backend=files" in line
    assert "\x1b" not in line


VALUES = st.text(max_size=20) | st.integers() | st.floats() | st.none() | st.lists(st.text(max_size=5), max_size=2)


@given(
    event=st.text(max_size=30),
    level=st.sampled_from([*LEVELS, "critical"]),
    facts=st.dictionaries(st.from_regex(r"[a-z]{1,9}", fullmatch=True).map("x_{}".format), VALUES, max_size=5),
    traceback=st.none() | st.just("Traceback:\n  x"),
)
def test_a_line_for_people_is_what_the_library_makes_without_colours(
    event: str, level: str, facts: dict[str, object], traceback: str | None
) -> None:
    whole = {"event": event, **facts, "level": level, "timestamp": "2026-01-02T03:04:05Z"}
    if traceback is not None:
        whole["exception"] = traceback
    theirs = structlog.dev.ConsoleRenderer(colors=False, sort_keys=False, pad_event_to=20)
    assert as_line(None, "", dict(whole)) == theirs(None, "", dict(whole))


@pytest.mark.parametrize("level", LEVELS)
def test_events_below_the_level_are_not_written(capsys: pytest.CaptureFixture[str], level: LogLevel) -> None:
    log = log_at(level, "json")
    for each in LEVELS:
        getattr(log, each)("event")
    found = [json.loads(line)["level"] for line in capsys.readouterr().err.splitlines()]
    assert found == list(LEVELS[LEVELS.index(level) :])


def test_the_level_can_be_changed_at_any_time(capsys: pytest.CaptureFixture[str]) -> None:
    level = CurrentLevel("error")
    set_up_logs("json", level, Redactor(), lambda line: print(line, end="", file=sys.stderr))
    log = structlog.get_logger()
    log.info("unwritten")
    level.change("debug")
    log.debug("written")
    log.log(20, "written too")
    level.change("warning")
    log.info("unwritten")
    log.log(20, "unwritten")
    log.exception("written at last")
    found = [json.loads(line)["event"] for line in capsys.readouterr().err.splitlines()]
    assert found == ["written", "written too", "written at last"]


@pytest.mark.parametrize("form", ["json", "console"])
def test_no_secret_is_in_an_event_however_deep_it_stands(capsys: pytest.CaptureFixture[str], form: Format) -> None:
    log_at("info", form).info(f"with {SECRET}", header=SECRET, inner={"list": [SECRET, (SECRET,)]}, number=7)
    written = capsys.readouterr().err
    assert SECRET not in written
    assert written.count(HIDDEN) == 4


@pytest.mark.parametrize("form", ["json", "console"])
def test_no_secret_is_in_a_traceback(capsys: pytest.CaptureFixture[str], form: Format) -> None:
    log = log_at("info", form)
    try:
        raise ValueError(SECRET)
    except ValueError:
        log.exception("failed")
    written = capsys.readouterr().err
    assert "ValueError" in written
    assert SECRET not in written


def test_what_is_no_text_stays_as_it_is() -> None:
    clean = RedactEvents(Redactor([SECRET]))
    assert clean(None, "info", {"number": 1, "none": None, "deep": {"truth": True}}) == {
        "number": 1,
        "none": None,
        "deep": {"truth": True},
    }


ACTING = {
    "an escape sequence": ("\x1b[2J\x1b]0;title\x07", r"\x1b[2J\x1b]0;title\x07"),
    "a line break": ("name\nbackend_ready", r"name\nbackend_ready"),
    "a carriage return": ("bad\rgood", r"bad\rgood"),
    "a C1 control sequence": ("\x9b31m", r"\x9b31m"),
    "another order": ("\u202egpj.exe\u2066", r"\u202egpj.exe\u2066"),
    "a line separator": ("a\u2028b", r"a\u2028b"),
    "half an emoji": ("\ud83d", r"\ud83d"),
}


@pytest.mark.parametrize(("text", "shown"), ACTING.values(), ids=ACTING)
def test_what_a_peer_chose_does_not_act_on_a_terminal(
    capsys: pytest.CaptureFixture[str], text: str, shown: str
) -> None:
    log_at("info", "console").warning("name_too_long", tool=text, inner={"names": [text]})
    written = capsys.readouterr().err
    assert text not in written
    assert written.count("\n") == 1
    assert show_controls(None, "info", {"tool": text})["tool"] == shown


def test_letters_of_all_languages_stay_readable(capsys: pytest.CaptureFixture[str]) -> None:
    name = "Grüße 東京 🦉 עברית"
    log_at("info", "console").info("client", name=name)
    assert name in capsys.readouterr().err


def test_a_traceback_keeps_its_lines_and_loses_what_acts(capsys: pytest.CaptureFixture[str]) -> None:
    log = log_at("info", "console")
    try:
        raise ValueError("red \x1b[31m")
    except ValueError:
        log.exception("failed")
    written = capsys.readouterr().err
    assert "\x1b" not in written
    assert len(written.splitlines()) > 3
    assert r"ValueError: red \x1b[31m" in written
