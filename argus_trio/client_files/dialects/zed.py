"""Zed: `context_servers` in its settings."""

from __future__ import annotations

from typing import Final

import attrs

from argus_trio.client_files.dialects.context import FileContext
from argus_trio.client_files.dialects.dialect import ClientDialect, with_problems
from argus_trio.client_files.dialects.shape import EntryShape
from argus_trio.client_files.dialects.values import printable
from argus_trio.client_files.jsonc import JsonNode
from argus_trio.client_files.server import ClientFile

_OF_AN_EXTENSION: Final = (
    "is started by an extension of Zed: declare the program that the extension starts, with its command"
)


def _say_of_extensions(root: JsonNode, file: ClientFile, context: FileContext) -> ClientFile:
    """An entry of an extension has neither a command nor an address: that is no mistake of the user."""
    node = root.member("context_servers")
    extensions = {
        context.lines.line(each.start): context.problem(
            each.start, f"server {printable(each.name)}: {_OF_AN_EXTENSION}"
        )
        for each in (node.members or () if node is not None else ())
        if each.node.members is not None and each.node.member("command") is None and each.node.member("url") is None
    }
    others = tuple(each for each in file.problems if each.line not in extensions)
    return with_problems(attrs.evolve(file, problems=others), *extensions.values())


ZED: Final = ClientDialect(
    name="zed",
    title="Zed",
    members=(("context_servers",),),
    amend=_say_of_extensions,
    shape=EntryShape(
        enabled="enabled",
        call_seconds={"timeout": 1.0},
        left_out={
            "settings": "is what a Zed extension is told: give it to the program as its arguments or variables",
            "remote": "says where Zed starts the server: the gateway starts it on its own machine",
            "tool_permissions": "which calls need a confirmation is the client's own business and stays there",
        },
        silent=frozenset({"source"}),
    ),
)
