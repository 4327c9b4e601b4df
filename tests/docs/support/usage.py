"""A command as prose names it, such as `argus-trio build [BACKEND …]`, made one that can be run."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from types import MappingProxyType

OPTIONAL = re.compile(r" ?\[([^\[\]]+)\]")
PLACEHOLDER = re.compile(r"(?<![\w$/{])[A-Z]+(?![\w}])")
MEANT = MappingProxyType(
    {
        "ARGUMENT": "path=a",
        "B": "time",
        "BACKEND": "time",
        "CLIENT": "cursor",
        "COMMAND": "status",
        "COUNT": "5",
        "DIR": ".",
        "FILE": "config.yaml",
        "ID": "1",
        "JSON": "{}",
        "LEVEL": "info",
        "NAME": "time",
        "P": "ops",
        "PATH": "config.yaml",
        "PATTERN": "read",
        "PRINCIPAL": "ops",
        "R": "reader",
        "S": "warning",
        "SECONDS": "1",
        "URI": "time://notes",
        "V": "safe",
        "VIEW": "safe",
    }
)
"""What placeholders stand for."""
AFTER = MappingProxyType(
    {
        ("call", "NAME"): "files__read_file",
        ("disable", "BACKEND"): "github",
        ("disable", "NAME"): "github",
        ("drain", "BACKEND"): "github",
        ("drain", "NAME"): "github",
        ("explain", "NAME"): "files__read_file",
        ("explain", "PATH"): "secured.yaml",
        ("import", "FILE"): ".cursor/mcp.json",
        ("prompt", "NAME"): "time__summary",
        ("restart", "BACKEND"): "github",
        ("restart", "NAME"): "github",
        ("stdio", "NAME"): "safe",
    }
)
"""What they stand for after this command."""
NOT_RUN_INLINE = MappingProxyType(
    {
        "build": "needs a container engine",
        "clean": "needs a container engine",
        "shutdown": "would end the gateway that the others ask; a block of test_commands.py shuts down one of its own",
        "serve": "starts another gateway; blocks do",
        "demo": "starts another gateway; blocks do",
    }
)
"""Commands that prose names and that are understood and not run, and why."""
FAILS = MappingProxyType(
    {
        "cancel": (1, "there is no call of this id"),
        "client --write": (2, "the name of an option, and of no client"),
        "doctor": (1, "something is wrong here: clients' files name servers"),
        "egress": (1, "no backend runs in a container"),
        "explain": (1, "the answer is no"),
        "import --from argus": (1, "the file that stands for any other is one of a client"),
        "import --write": (1, "a configuration is there already"),
        "sessions --close": (1, "there is no session of this id"),
    }
)
"""What commands that begin like this may end with here besides 0, and why."""


def commands_meant(text: str) -> Iterator[list[str]]:
    """The words of each command that a text in backticks may mean: without what is optional, and with it."""
    plain = OPTIONAL.sub("", text)
    whole = text
    while OPTIONAL.search(whole):
        whole = OPTIONAL.sub(r" \1", whole)
    for each in dict.fromkeys((plain, whole)):
        words = shlex.split(re.sub(r"\s*(…|\.\.\.)", "", each))
        for variant in dict.fromkeys(_alternatives(words)):
            yield [_meant(word, variant) for word in variant]


def _alternatives(words: list[str]) -> Iterator[tuple[str, ...]]:
    """`completion bash|zsh` is two commands."""
    at = next((number for number, word in enumerate(words) if re.fullmatch(r"\w+(\|\w+)+", word)), None)
    if at is None:
        yield tuple(words)
        return
    for one in words[at].split("|"):
        yield from _alternatives([*words[:at], one, *words[at + 1 :]])


def _meant(word: str, words: tuple[str, ...]) -> str:
    """Raises: AssertionError: nobody knows what a placeholder stands for."""
    if word == "key=value":
        return "topic=a"
    command = words[1] if len(words) > 1 else ""

    def value(found: re.Match[str]) -> str:
        meant = AFTER.get((command, found[0]), MEANT.get(found[0]))
        assert meant is not None, f"nobody knows what {found[0]} stands for in `{shlex.join(words)}`"
        return meant

    return PLACEHOLDER.sub(value, word)
