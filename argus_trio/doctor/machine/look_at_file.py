"""Looks at the configuration file: what `check` says of it, and who can read its secrets.

Variables that are not set and programs that are not there are told by looks of their own, which know more.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

import trio

from argus_trio.config.model.backend import RemoteBackend
from argus_trio.config.model.config import Config
from argus_trio.config.read.document import NotYaml, read_document
from argus_trio.config.read.scalar import Tree
from argus_trio.doctor.examination import Examination
from argus_trio.doctor.finding import DoctorFinding, FindingSeverity
from argus_trio.doctor.machine.words import command_backend, missing_variable
from argus_trio.errors import Problem

_OF_OTHERS = stat.S_IRGRP | stat.S_IROTH | stat.S_IWGRP | stat.S_IWOTH


async def look_at_file(examination: Examination) -> Sequence[DoctorFinding]:
    """Every problem and every warning that no other look tells, and files with secrets that others can read."""
    invalid, config = examination.invalid, examination.config
    problems = () if invalid is None else invalid.problems
    warnings = invalid.warnings if invalid is not None else () if config is None else config.warnings
    names = {each.name for each in examination.backends}
    found = [_finding(examination, each, "problem") for each in problems if missing_variable(each) is None]
    found += [_finding(examination, each, "warning") for each in warnings if command_backend(each) not in names]
    return [*found, *await trio.to_thread.run_sync(_readable, examination, abandon_on_cancel=True)]


def _finding(examination: Examination, problem: Problem, severity: FindingSeverity) -> DoctorFinding:
    about = examination.file_name + (f":{problem.line}" if problem.line else "")
    what = f"{problem.path}: {problem.message}" if problem.path else problem.message
    advice = problem.hint or "correct it there; docs/configuration.md has every key"
    return DoctorFinding(severity=severity, about=about, what=what, advice=advice)


def _readable(examination: Examination) -> list[DoctorFinding]:
    """Files with secrets that others can read or write."""
    return [
        DoctorFinding(
            severity="warning",
            about=str(path),
            what=f"other users can {how} it, and {why}",
            advice=f"chmod 600 {path}",
        )
        for path, why in dict(_files_with_secrets(examination)).items()
        if (how := _others_can(path))
    ]


def _files_with_secrets(examination: Examination) -> Iterator[tuple[Path, str]]:
    path, config = examination.path, examination.config
    if path is not None and config is not None and _holds_secrets(path, config):
        yield path, "secrets stand in it as they are: ${VAR} and env_file keep them elsewhere"
    if config is not None and config.server.tls is not None:
        yield config.server.tls.key_file, "it holds the key of the gateway's certificate"


def _holds_secrets(path: Path, config: Config) -> bool:
    """Whether a value that is hidden in logs is written in the file itself."""
    try:
        tree = read_document(path.read_text()).root
    except (OSError, UnicodeDecodeError, NotYaml):
        return False
    hidden = {config.server.management.token or "", *config.secrets}
    plain = {each for each in hidden if not each.startswith("sha256:")} - {""}
    remote = (each for each in config.backends.values() if isinstance(each, RemoteBackend))
    plain |= {value for each in remote for name, value in each.headers.items() if name.lower() in _TELLING}
    return tree is not None and any(text in plain for text in _texts(tree))


_TELLING = frozenset({"authorization", "proxy-authorization", "cookie", "x-api-key"})


def _texts(tree: Tree) -> Iterator[str]:
    if isinstance(tree, dict):
        for each in tree.values():
            yield from _texts(each)
    elif isinstance(tree, list):
        for each in tree:
            yield from _texts(each)
    else:
        yield tree.text


def _others_can(path: Path) -> str:
    """What others can do with a file: "read", "change", or nothing."""
    try:
        status = path.stat()
    except OSError:
        return ""
    if os.name != "posix" or not stat.S_ISREG(status.st_mode) or not status.st_mode & _OF_OTHERS:
        return ""
    return "change" if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH) else "read"
