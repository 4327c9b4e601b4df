"""The configuration in effect, why somebody may do something, and the level of the log."""

from __future__ import annotations

from argus_trio.contract.settings import (
    CONFIG,
    EXPLAIN,
    LOG_LEVEL,
    SET_LOG_LEVEL,
    ConfigAnswer,
    ExplainAnswer,
    LogLevelAnswer,
)
from argus_trio.manage_client.clean import clean, one_line
from argus_trio.manage_client.failure import DONE, FAILED
from argus_trio.manage_client.moments import moment, now
from argus_trio.manage_client.outline import tree_lines
from argus_trio.verbs import changes
from argus_trio.verbs.verb import Verb


def config(verb: Verb) -> int:
    """The configuration in effect, or what is wrong with one."""
    if verb.option("action") == "validate":
        return changes.validate(verb)
    if verb.option("action") == "difference":
        return changes.difference(verb)
    raw = verb.client.fetch(CONFIG)
    if verb.shows_raw(raw):
        return DONE
    answer = verb.client.decoded(raw, ConfigAnswer)
    file = one_line(answer.file_path or "no file")
    verb.terminal.line(f"# {file}, loaded {moment(answer.loaded_at, now())}, generation {answer.generation}")
    for line in tree_lines(answer.config):
        verb.terminal.line(clean(line))
    return DONE


def explain(verb: Verb) -> int:
    """Whether somebody may use something, by the configuration that is in effect."""
    arguments = getattr(verb.options, "args", None)
    query: dict[str, str | int | tuple[str, ...]] = {
        "principal": verb.option("principal"),
        "name": verb.option("name"),
        "role": tuple(getattr(verb.options, "role", ())),
        "endpoint": verb.option("endpoint"),
        "args": arguments.decode() if isinstance(arguments, bytes) else "",
    }
    answer, raw = verb.client.ask(ExplainAnswer, EXPLAIN, query=query)
    if not verb.shows_raw(raw):
        verb.terminal.line(clean("\n  ".join(answer.lines)))
    return DONE if answer.allowed else FAILED


def log_level(verb: Verb) -> int:
    """Tell the level of the log, or change it."""
    level = verb.option("level")
    if level:
        answer, raw = verb.client.ask(LogLevelAnswer, SET_LOG_LEVEL, body={"level": level})
    else:
        answer, raw = verb.client.ask(LogLevelAnswer, LOG_LEVEL)
    if not verb.shows_raw(raw):
        verb.terminal.line(answer.level)
    return DONE
