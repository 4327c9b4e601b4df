"""What the doctor found, as people and programs are told it: problems first, and what is well in one line."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Final

import attrs

from argus_trio.core.redaction import Redactor
from argus_trio.doctor.examination import Examination
from argus_trio.doctor.examine import Examined
from argus_trio.doctor.finding import DoctorFinding, FindingSeverity
from argus_trio.manage_client.clean import json_escaped, one_line, wrapped
from argus_trio.verbs.show.terminal import Terminal

_INDENT: Final = "  "
_COLOURS: Final = {"problem": "red", "warning": "yellow"}


def write_findings(examination: Examination, examined: Examined, terminal: Terminal, redact: Redactor) -> None:
    """Write it for people."""
    for line in _lines(examination, examined, terminal, redact):
        terminal.line(line)


def write_json(examination: Examination, examined: Examined, terminal: Terminal, redact: Redactor) -> None:
    """Write it for programs."""
    answer = {
        "path": None if examination.path is None else str(examination.path),
        "looked_at": list(examined.looked_at),
        "left_out": list(examined.left_out),
        "findings": [
            {name: redact(str(value)) for name, value in attrs.asdict(each).items()} for each in examined.findings
        ],
    }
    terminal.line(json_escaped(json.dumps(answer, indent=2, ensure_ascii=False)))


def _entry(finding: DoctorFinding, redact: Redactor) -> dict[str, str]:
    return {name: redact(str(value)) for name, value in attrs.asdict(finding).items()}


def _lines(examination: Examination, examined: Examined, terminal: Terminal, redact: Redactor) -> Iterator[str]:
    yield one_line(redact(_head(examination)))
    for severity in ("problem", "warning"):
        of_it = [each for each in examined.findings if each.severity == severity]
        if of_it:
            yield ""
            yield terminal.painted(_counted(of_it, severity), _COLOURS[severity])
        for each in of_it:
            yield from _of_finding(each, terminal, redact)
    yield ""
    if examined.well:
        yield from _folded(f"nothing is wrong with: {', '.join(examined.well)}", "", terminal)
    if examined.left_out:
        what = f"not looked at, because the file cannot be read: {', '.join(examined.left_out)}"
        yield from _folded(what, "", terminal)


def _head(examination: Examination) -> str:
    if examination.path is None:
        return "no configuration"
    with_variables = f", with the variables of the gateway that runs it (pid {examination.runner})"
    return f"{examination.path}{with_variables if examination.runner is not None else ''}"


def _counted(findings: Sequence[DoctorFinding], noun: FindingSeverity) -> str:
    return f"{len(findings)} {noun}{'' if len(findings) == 1 else 's'}"


def _of_finding(finding: DoctorFinding, terminal: Terminal, redact: Redactor) -> Iterator[str]:
    yield from _folded(one_line(redact(f"{finding.about}: {finding.what}")), _INDENT, terminal)
    yield from _folded(one_line(redact(f"-> {finding.advice}")), _INDENT * 2, terminal)


def _folded(text: str, indent: str, terminal: Terminal) -> Iterator[str]:
    """The lines of a text; in a pipe it is one."""
    columns = terminal.width
    for line in [text] if columns is None else wrapped(text, columns - len(indent)):
        yield indent + line
