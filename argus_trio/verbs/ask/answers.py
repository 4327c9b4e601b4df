"""Who answers the questions of a call: the user what is elicited, the options which roots there are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import attrs

from argus_trio import Value
from argus_trio.manage_client.failure import USAGE, CommandFailed
from argus_trio.verbs.ask.elicitation import Questioner

METHOD_NOT_FOUND = -32601
"""The code for what cannot be asked here."""


@attrs.frozen(kw_only=True)
class Askable(Value):
    """What can be asked, and is declared so."""

    elicits: bool
    """Whether there is a user at a terminal."""
    roots: Sequence[Path] = ()

    @property
    def declared(self) -> dict[str, object]:
        """As `ClientCapabilities` of MCP."""
        elicitation: dict[str, object] = {"elicitation": {"form": {}, "url": {}}} if self.elicits else {}
        return {**elicitation, **({"roots": {}} if self.roots else {})}


def roots_of(folders: Sequence[str]) -> list[Path]:
    """The folders of --root. Raises CommandFailed for what is none."""
    roots = [Path(folder).resolve() for folder in folders]
    for root in roots:
        if not root.is_dir():
            raise CommandFailed(f"--root {root}: there is no such folder", USAGE)
    return roots


def answer_to(
    method: str, params: Mapping[str, object], abilities: Askable, questioner: Questioner
) -> Mapping[str, object]:
    """The body that answers a question, with a result or an error. Raises Withdrawn."""
    if method == "elicitation/create" and abilities.elicits:
        return {"result": questioner.elicit(params)}
    if method == "roots/list" and abilities.roots:
        return {"result": {"roots": [{"uri": root.as_uri(), "name": root.name} for root in abilities.roots]}}
    return {"error": {"code": METHOD_NOT_FOUND, "message": f"this client cannot be asked {method}"}}
