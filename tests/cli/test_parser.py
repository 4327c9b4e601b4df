"""The arguments: options on both sides of a verb, hints for old words, and nothing heavy loaded for help."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from argus_trio import __version__
from argus_trio.cli.arguments import verbs
from argus_trio.cli.arguments.intermixed import OPTIONS_OF_THE_ORIGINAL, WORDS_OF_THE_ORIGINAL
from argus_trio.cli.arguments.parser import parser
from argus_trio.core import log_level
from argus_trio.core.call import levels
from tests.cli.completions import FOLDER, SHELLS, made
from tests.cli.conftest import Run
from tests.cli.fake import FakeManagement
from tests.cli.values import STATUS, tools

ROOT = Path(__file__).parents[2]
HEAVY = (
    "trio",
    "hypercorn",
    "structlog",
    "cattrs",
    "yaml",
    "argus_trio.app",
    "argus_trio.frontend",
    "argus_trio.config",
)


@pytest.mark.parametrize(
    "words",
    [
        ("--server", "http://h", "--json", "tools", "pat"),
        ("tools", "--server", "http://h", "--json", "pat"),
        ("tools", "pat", "--json", "--server", "http://h"),
        ("--json", "tools", "pat", "--server", "http://h"),
    ],
)
def test_options_stand_before_or_behind_the_verb(words: tuple[str, ...]) -> None:
    options = parser().parse_args(words)
    assert (options.server, options.json, options.pattern) == ("http://h", True, "pat")


def test_options_stand_among_the_arguments_of_a_call() -> None:
    options = parser().parse_args(["call", "--json", "add", "a=1", "--view", "v", "b=-2", "--root", "/", "c=3"])
    assert options.arguments == ["a=1", "b=-2", "c=3"]
    assert (options.name, options.view, options.root, options.json) == ("add", "v", ["/"], True)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["call"], "argus-trio call: error: the following arguments are required: NAME\n"),
        (
            ["tools", "--foo"],
            "tools: error: unrecognized arguments: --foo; a value that begins with - stands",
        ),
        (["status", "now"], "argus-trio status: error: unrecognized arguments: now"),
        (["--json", "call", "t", "-a=1"], "argus-trio call: error: unrecognized arguments: -a=1; a value"),
    ],
)
def test_what_is_wrong_is_told_by_the_command_that_it_was_written_for(plain: Run, words: list[str], told: str) -> None:
    ran = plain(*words)
    assert (ran.code, told in ran.err) == (2, True), ran.err


@pytest.mark.parametrize("word", sorted(WORDS_OF_THE_ORIGINAL))
def test_a_word_of_the_original_is_answered_with_what_to_write(plain: Run, word: str) -> None:
    ran = plain(word)
    assert ran.code == 2
    assert f"there is no command '{word}': {WORDS_OF_THE_ORIGINAL[word]}" in ran.err


@pytest.mark.parametrize("option", sorted(OPTIONS_OF_THE_ORIGINAL))
@pytest.mark.parametrize("command", ["serve", "status"])
def test_an_option_of_the_original_is_answered_with_what_to_write(plain: Run, command: str, option: str) -> None:
    for words in ((option, "hush"), (f"{option}=hush",)) if option.startswith("--") else ((option, "hush"),):
        ran = plain(command, *words)
        assert ran.code == 2
        assert f"there is no option {option} here: {OPTIONS_OF_THE_ORIGINAL[option]}" in ran.err
        assert "hush" not in ran.err


def test_only_what_has_to_be_there_is_called_for(plain: Run) -> None:
    for command in ("call", "prompt"):
        assert "required: NAME\n" in plain(command).err
    assert "each command stands alone" in plain("tools", "call", "add").err
    assert "write `-c a.yaml`" in plain("serve", "a.yaml").err


def test_an_unknown_word_is_answered_with_where_the_commands_are(plain: Run) -> None:
    ran = plain("bakends")
    assert (ran.code, ran.out) == (2, "")
    assert "there is no command 'bakends': `argus-trio --help` lists the commands" in ran.err


@pytest.mark.parametrize(
    "command", ["serve", "check", "schema", "explain", "completion", "demo", "stdio", "build", "clean"]
)
def test_what_asks_no_gateway_takes_no_address(plain: Run, command: str) -> None:
    words = {"explain": ("a", "b"), "completion": ("bash",)}.get(command, ())
    ran = plain("--server", "http://h", command, *words)
    assert (ran.code, ran.out) == (2, "")
    assert "--server needs --live here" in ran.err if words[1:] else "--server is for what asks a" in ran.err


def commands() -> list[str]:
    (action,) = [each for each in parser()._actions if each.dest == "command"]
    assert action.choices is not None
    return list(action.choices)


@pytest.mark.parametrize("command", commands())
def test_every_command_has_help(plain: Run, command: str) -> None:
    ran = plain(command, "--help")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith(f"usage: argus-trio {command}")


@pytest.mark.parametrize("command", commands())
def test_every_command_stands_on_the_page(command: str) -> None:
    assert f"`argus-trio {command}" in (ROOT / "docs" / "commands.md").read_text()


@pytest.mark.parametrize("shell", SHELLS)
def test_the_completion_script_is_made_of_the_parser(plain: Run, shell: str) -> None:
    ran = plain("completion", shell)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == (FOLDER / f"argus-trio.{shell}").read_text()
    if sys.version_info[:2] == (3, 11):  # what argparse says of arguments differs from one version to the next
        assert ran.out == made(shell), "run: python -m tests.cli.completions"


def test_bash_completes_verbs_and_their_options() -> None:
    script = (
        f"source {FOLDER / 'argus-trio.bash'}\n"
        "complete() { :; }\n"
        "COMP_WORDS=(argus-trio ba); COMP_CWORD=1; _shtab_argus_trio; echo ${COMPREPLY[@]}\n"
        "COMP_WORDS=(argus-trio tools --back); COMP_CWORD=2; _shtab_argus_trio; echo ${COMPREPLY[@]}\n"
    )
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, timeout=20, check=False)
    assert done.stdout.split() == ["backends", "--backend"]


def loaded(*words: str) -> str:
    """The modules that a command has loaded."""
    code = f"import sys\nsys.argv = ['argus-trio', *{words!r}]\n"
    code += (
        "from argus_trio.__main__ import main\ntry:\n  main()\nexcept SystemExit: pass\nprint(*sys.modules, sep='\\n')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True, cwd=ROOT
    )
    return done.stdout


@pytest.mark.parametrize("words", [("--version",), ("--help",), ("completion", "zsh"), ("call", "--help")])
def test_help_loads_nothing_but_the_parser(words: tuple[str, ...]) -> None:
    modules = loaded(*words).split("\n")
    assert not {"attr", "msgspec", "http.client", "ssl", *HEAVY} & set(modules)


def test_a_verb_loads_neither_the_gateway_nor_its_libraries(fake: FakeManagement, url: str) -> None:
    fake.answers |= {"GET /status": STATUS, "GET /capabilities": tools()}
    for verb in (("status",), ("tools",), ("logs", "files"), ("call", "t", "a=1"), ("restart", "x"), ("config",)):
        modules = loaded(*verb, "--server", url).split("\n")
        assert "http.client" in modules, verb
        assert not set(HEAVY) & set(modules), verb


PLAIN = ("-c", "import asyncio, ssl, json")
"""What a command's cost is compared with, on the same machine at the same moment: about a tenth of a second."""


def cpu_seconds(*arguments: str) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(
        [sys.executable, *arguments],
        capture_output=True,
        timeout=60,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def cost(*words: str) -> float:
    """What a command costs, in starts of a plain Python: the least of several, for others use the machine as well."""
    turns = [(cpu_seconds("-m", "argus_trio", *words), cpu_seconds(*PLAIN)) for _ in range(5)]
    return min(ours for ours, _ in turns) / min(plain for _, plain in turns)


@pytest.mark.parametrize("words", [("--version",), ("--help",), ("completion", "bash"), ("tools", "--help")])
def test_help_and_completion_are_there_at_once(words: tuple[str, ...]) -> None:
    assert cost(*words) < 1.5


def test_a_verb_costs_no_more_than_a_few_starts_of_python(fake: FakeManagement, url: str) -> None:
    fake.answers |= {"GET /status": STATUS, "GET /capabilities": tools()}
    for verb in (("status",), ("tools",)):
        assert cost(*verb, "--server", url) < 5


def test_the_levels_are_those_of_the_log_and_of_mcp() -> None:
    assert verbs.LOG_LEVELS == log_level.LEVELS
    assert verbs.MESSAGE_LEVELS == levels.LEVELS


def test_the_version_is_that_of_the_package(plain: Run) -> None:
    assert plain("--version").out == f"argus-trio {__version__}\n"
