"""What changes the running gateway. Nothing here writes a configuration: that is a file, and is reloaded."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import msgspec

from argus_trio.contract.control import (
    CHANGES,
    DIFFERENCE,
    RELOAD,
    SHUTDOWN,
    VALIDATE,
    ChangeAnswer,
    DifferenceAnswer,
    ProblemEntry,
    ReloadAnswer,
    ShutdownAnswer,
    ShutdownRequest,
    ValidateAnswer,
    ValidateRequest,
)
from argus_trio.manage_client.clean import one_line
from argus_trio.manage_client.failure import DONE, FAILED, USAGE, CommandFailed
from argus_trio.manage_client.moments import duration
from argus_trio.verbs.link.client import CHANGE_SECONDS
from argus_trio.verbs.show.terminal import stdin_text
from argus_trio.verbs.verb import Verb

_REPORTED = (422, 500, 503)
"""Statuses of a reload that did not come to pass: the body is its report all the same."""


def reload(verb: Verb) -> int:
    """Have the configuration file read again."""
    raw = verb.client.fetch(RELOAD, seconds=CHANGE_SECONDS, taken=_REPORTED)
    if b'"reloaded"' not in raw:
        raise CommandFailed(f"{verb.client.place.shown} did not reload", raw=raw)
    answer = verb.client.decoded(raw, ReloadAnswer)
    if verb.shows_raw(raw):
        return DONE if answer.reloaded else FAILED
    if not answer.reloaded:
        verb.terminal.note("argus-trio: not reloaded; the gateway goes on as it was")
        for error in answer.errors:
            verb.terminal.note(f"  {error}")
        return FAILED
    verb.terminal.line(
        "nothing has changed"
        if answer.unchanged
        else f"reloaded in {duration(answer.duration_seconds)}, generation {answer.generation}"
    )
    for word, names in (
        ("added", answer.backends_added),
        ("removed", answer.backends_removed),
        ("changed", answer.backends_changed),
        ("adjusted", answer.backends_adjusted),
        ("not ready", answer.not_ready),
        ("still starting", answer.still_starting),
        ("needs a restart of the gateway", answer.needs_restart),
    ):
        if names:
            verb.terminal.line(f"  {word}: {one_line(', '.join(names))}")
    return DONE


def change(verb: Verb) -> int:
    """Restart, drain, enable or disable backends, one after another."""
    action = verb.option("command")

    def changed(name: str) -> int:
        answer, raw = verb.client.ask(ChangeAnswer, CHANGES[action], {"name": name}, seconds=CHANGE_SECONDS)
        if verb.terminal.is_json:
            verb.terminal.raw(raw)
        elif answer.ok:
            how = f"now {answer.state}" if answer.changed else f"{answer.state}, as before"
            verb.terminal.line(f"{one_line(name)}: {how}")
        if answer.ok:
            return DONE
        why = answer.error or "it did not work"
        verb.terminal.note(f"argus-trio: {action} {name}: {why} (now {answer.state})")
        return FAILED

    return verb.each(verb.options.backends, changed)


def shutdown(verb: Verb) -> int:
    """Stop the gateway."""
    body = ShutdownRequest(timeout_seconds=getattr(verb.options, "timeout", None))
    answer, raw = verb.client.ask(ShutdownAnswer, SHUTDOWN, body=body)
    if not verb.shows_raw(raw):
        verb.terminal.line(f"it stops; calls in flight have {answer.timeout_seconds:g} s")
    return DONE


def validate(verb: Verb) -> int:
    """Have a configuration checked by the running gateway: a file, or what it would read at a reload."""
    file = verb.option("file")
    body = ValidateRequest(text=_text_of(file) if file else None)
    answer, raw = verb.client.ask(ValidateAnswer, VALIDATE, body=body)
    if verb.shows_raw(raw):
        return DONE if answer.valid else FAILED
    if not answer.valid:
        _complain(verb, [*(_line(each) for each in answer.problems)] or list(answer.errors))
        return FAILED
    backends = f"{len(answer.backends)} backend{'' if len(answer.backends) == 1 else 's'}"
    verb.terminal.line(f"no problems, {backends}")
    _warn(verb, answer.warnings)
    return DONE


def difference(verb: Verb) -> int:
    """How the file on disk differs from the configuration in effect; 1 if it does, as of diff(1)."""
    if verb.option("file"):
        raise CommandFailed("config difference takes no FILE: it is about the file that the gateway runs", USAGE)
    answer, raw = verb.client.ask(DifferenceAnswer, DIFFERENCE)
    code = DONE if answer.is_same else FAILED
    if verb.shows_raw(raw):
        return code
    if answer.problems:
        _complain(verb, [_line(each) for each in answer.problems])
    elif answer.is_same:
        verb.terminal.line(f"{one_line(answer.file_path or 'no file')} says what is in effect")
    for each in answer.entries:
        before, now = (one_line(msgspec.json.encode(value).decode()) for value in (each.running, each.file))
        told = {"added": now, "removed": before, "changed": f"{before} -> {now}"}[each.kind]
        verb.terminal.line(f"{each.kind:<7} {one_line(each.path)}: {told}")
    if answer.more:
        verb.terminal.line(f"and {answer.more} more")
    return code


def _complain(verb: Verb, lines: Iterable[str]) -> None:
    verb.terminal.note("argus-trio: the configuration cannot be used:")
    for line in lines:
        verb.terminal.note(f"  {line}")


def _warn(verb: Verb, warnings: Iterable[ProblemEntry]) -> None:
    for each in warnings:
        verb.terminal.line(f"  warning: {one_line(_line(each))}")


def _line(problem: ProblemEntry) -> str:
    hint = f"; {problem.hint}" if problem.hint else ""
    if not problem.path:
        return f"line {problem.line}: {problem.message}{hint}" if problem.line else f"{problem.message}{hint}"
    line = f" (line {problem.line})" if problem.line else ""
    return f"{problem.path}{line}: {problem.message}{hint}"


def _text_of(file: str) -> str:
    if file == "-":
        return stdin_text()
    try:
        return Path(file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no UTF-8"
        raise CommandFailed(f"{file} cannot be read: {why}", USAGE) from None
