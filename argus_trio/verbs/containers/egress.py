"""What the containers of a backend tried to reach: a table, and below it what to paste into the configuration."""

from __future__ import annotations

import json
from collections.abc import Sequence

from argus_trio.contract.backends import EGRESS, EgressAnswer, EgressHostEntry, EgressListsEntry
from argus_trio.manage_client.failure import DONE
from argus_trio.manage_client.moments import moment, now, size
from argus_trio.verbs.show.table import Cell, write_table
from argus_trio.verbs.verb import Verb


def egress(verb: Verb) -> int:
    """The attempts of one backend, and the lists that cover them."""
    raw = verb.client.fetch(EGRESS, {"name": verb.option("backend")})
    if verb.shows_raw(raw):
        return DONE
    answer = verb.client.decoded(raw, EgressAnswer)
    head = ("HOST", "PASSED", "REFUSED", "FAILED", "SENT", "RECEIVED", "LATEST", "WHY")
    rows: list[Sequence[str | Cell]] = [_row(each) for each in answer.hosts]
    if answer.others is not None:
        others = answer.others
        counts = (str(others.passed), str(others.refused), str(others.failed))
        rows.append(("(others)", *counts, size(others.sent), size(others.received), "", ""))
    none = "none of its containers has tried to reach anything"
    write_table(verb.terminal, head, rows, none=none, spare=("LATEST", "SENT", "RECEIVED", "FAILED"), is_whole=True)
    if (remark := _remark(answer)) is not None:
        verb.terminal.note(remark)
    _lists(verb, "what was let through, and nothing else, is let through with", answer.let_through, is_closed=True)
    _lists(verb, "what was refused would be let through with these as well", answer.not_let_through, is_closed=False)
    return DONE


def _remark(answer: EgressAnswer) -> str | None:
    """Why there may be nothing to see."""
    if answer.plan == "bare":
        return "it runs bare, as a process of the gateway: what it reaches now is neither filtered nor counted"
    if answer.network is not None and answer.network.partition(",")[0] == "bridge":
        return "its network is bridge: what it reaches now is neither filtered nor counted"
    if answer.network is not None and answer.network.partition(",")[0] == "none":
        return "its network is none: nothing gets out of its container, and no name resolves there"
    return None


def _row(each: EgressHostEntry) -> tuple[str | Cell, ...]:
    host = f"[{each.host}]" if ":" in each.host else each.host
    why = each.message or ""
    if each.during == "installation":
        why = f"while its image was made{': ' if why else ''}{why}"
    return (
        f"{host}:{each.port}",
        Cell(str(each.passed), "green" if each.passed else None),
        Cell(str(each.refused), "red" if each.refused else None),
        Cell(str(each.failed), "yellow" if each.failed else None),
        size(each.sent),
        size(each.received),
        moment(each.latest, now()),
        why,
    )


def _lists(verb: Verb, said: str, lists: EgressListsEntry, *, is_closed: bool) -> None:
    """Write both lists in YAML. Where nothing was let through by a rule, `is_closed` writes the word for that."""
    if not lists.allow and not lists.host_services:
        return
    write = verb.terminal.line
    write()
    write(f"# {said}:")
    write("container:")
    if lists.allow:
        write("  network:")
        write("    allow:")
        for each in lists.allow:
            write(f"      - {json.dumps(each)}")
    elif is_closed:
        write("  network: {allow: []}")
    if lists.host_services:
        write("  host_services:")
        for each in lists.host_services:
            write(f"    - {json.dumps(each)}")
