"""Every command that prose names in backticks is one that there is, and does not fail where it is run."""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterable

import pytest

from argus_trio.cli.arguments.parser import parser
from tests.docs.support.claims import Span, all_spans, options_of, spans_of
from tests.docs.support.place import BLOCK_SECONDS, Place
from tests.docs.support.usage import FAILS, NOT_RUN_INLINE, commands_meant

Words = tuple[str, ...]


def commands_in(spans: Iterable[Span]) -> dict[Words, str]:
    """The commands that prose means, and where it does first; the mere name of one that needs more is none."""
    found: dict[Words, str] = {}
    for span in spans:
        if span.text.startswith("argus-trio "):
            for _, *words in commands_meant(span.text):
                is_a_name = len(words) == 1 and words[0] in options_of() and not is_understood(words)
                if not is_a_name:
                    found.setdefault(tuple(words), span.where)
    return found


def is_understood(words: Iterable[str]) -> bool:
    try:
        parser().parse_args(list(words))
    except SystemExit as ended:
        return ended.code == 0  # --help, --version
    return True


def failures(commands: Iterable[Words], place: Place) -> list[str]:
    """What ends otherwise than it should, and what it says."""
    wanted = list(commands)
    lines = "".join(f"{json.dumps([place.settled(word, None) for word in words])}\n" for words in wanted)
    done = subprocess.run(
        [sys.executable, "-m", "tests.docs.support.each"],
        input=lines,
        capture_output=True,
        text=True,
        cwd=place.at_work("README.md"),
        env={**place.environ, "ARGUS_URL": place.gateway.url},
        timeout=BLOCK_SECONDS,
        check=True,
    )
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    return [
        f"argus-trio {shlex.join(words)}: {answer['code']}: {answer['output']}"
        for words, answer in zip(wanted, answers, strict=True)
        if answer["code"] not in may_end_with(words)
    ]


def may_end_with(words: Words) -> set[int]:
    told = shlex.join(words)
    return {0, *(code for start, (code, _) in FAILS.items() if told.startswith(start))}


def test_every_command_of_prose_is_understood() -> None:
    assert [where for words, where in commands_in(all_spans()).items() if not is_understood(words)] == []


@pytest.mark.e2e
@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
def test_every_command_of_prose_runs(place: Place) -> None:
    commands = [words for words in commands_in(all_spans()) if words[0] not in NOT_RUN_INLINE]
    assert len(commands) > 40
    assert failures([*commands, ("enable", "github")], place) == []


@pytest.mark.e2e
def test_a_command_that_fails_is_found_out(place: Place) -> None:
    told = failures([("status",), ("backends", "gone"), ("egress", "gone"), ("status", "--jsn")], place)
    assert [each.partition(":")[0] for each in told] == ["argus-trio backends gone", "argus-trio status --jsn"]


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("argus-trio build [BACKEND …]", ["build", "build time"]),
        ("argus-trio completion bash|zsh", ["completion bash", "completion zsh"]),
        ("argus-trio call NAME [ARGUMENT …]", ["call files__read_file", "call files__read_file path=a"]),
        ("argus-trio check [-c PATH] [--role R]...", ["check", "check -c config.yaml --role reader"]),
        ("argus-trio explain", []),
        ("argus-trio --version", ["--version"]),
    ],
)
def test_what_usage_means(text: str, meant: list[str]) -> None:
    commands = commands_in(spans_of("page.md", f"`{text}`"))
    assert [shlex.join(words) for words in commands] == meant


def test_a_command_that_there_is_not_is_found_out() -> None:
    commands = commands_in(spans_of("page.md", "`argus-trio statsu` `argus-trio status` `argus-trio status --jsn`"))
    assert [words for words in commands if not is_understood(words)] == [("statsu",), ("status", "--jsn")]
    with pytest.raises(AssertionError, match="nobody knows what THING stands for"):
        commands_in(spans_of("page.md", "`argus-trio logs THING`"))
