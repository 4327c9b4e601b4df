"""Every option, key, path, variable, file and name that a page has in backticks is one that there is."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

import pytest

from tests.docs.support import exempt
from tests.docs.support.claims import (
    Span,
    all_spans,
    is_a_key,
    is_an_operation,
    keys_below,
    options_of,
    spans_of,
    words_of_sources,
)
from tests.docs.support.pages import ROOT

OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]*")
DOTTED = re.compile(r"[a-z][a-z_]*(\.[A-Za-z_]+)+")
FILE_NAME = re.compile(r"\.(py|json|yaml|md|env)$")
NAME = re.compile(r"[a-z]+(_[a-z0-9]+)+")
VARIABLE = re.compile(r"\$?([A-Z]+(?:_[A-Z]+)+)(?:=.*)?")
OPERATION = re.compile(r"(?:GET|POST) /\S+|/manage/v1(?:/\S*)?")
FILE = re.compile(r"(?:tests|conf|docs|argus_trio|bench|\.ci)/[\w./*-]*")


def missing_options(span: Span) -> list[str]:
    """Those of `argus-trio`, or of its command where it is said."""
    words = span.text.split()
    if words[0] != "argus-trio" and not words[0].startswith("--"):
        return []
    command = words[1] if len(words) > 1 and words[1] in options_of() else ""
    if words[0] != "argus-trio" and span.row in options_of():
        command = span.row
    return [each for each in OPTION.findall(span.text) if each not in options_of()[command]]


def missing_keys(span: Span) -> list[str]:
    if not DOTTED.fullmatch(span.text) or FILE_NAME.search(span.text):
        return []
    first, *rest = span.text.split(".")
    if first in keys_below()[""]:
        return [] if is_a_key(span.text) else [span.text]
    is_member = first in MEMBERS and set(rest) <= words_of_sources()
    return [] if is_member or span.text in words_of_sources() else [span.text]


def missing_names(span: Span) -> list[str]:
    return [span.text] if NAME.fullmatch(span.text) and span.text not in words_of_sources() else []


def missing_variables(span: Span) -> list[str]:
    found = VARIABLE.fullmatch(span.text)
    return [found[1]] if found and found[1] not in words_of_sources() else []


def missing_operations(span: Span) -> list[str]:
    return [span.text] if OPERATION.fullmatch(span.text) and not is_an_operation(span.text) else []


def missing_files(span: Span) -> list[str]:
    if FILE.fullmatch(span.text):
        return [] if list(ROOT.glob(span.text.rstrip("/"))) else [span.text]
    is_of_python = re.fullmatch(r"[\w/]+\.py", span.text)
    return [span.text] if is_of_python and not list(ROOT.glob(f"**/{span.text}")) else []


MEMBERS = ("data", "details", "params")
"""What errors and messages have: their members stand in the sources alone."""
KINDS: dict[str, Callable[[Span], list[str]]] = {
    "options": missing_options,
    "keys": missing_keys,
    "names": missing_names,
    "variables": missing_variables,
    "operations": missing_operations,
    "files": missing_files,
}


def lies(kind: str, spans: Iterable[Span]) -> list[str]:
    """What there is not, of those that are not exempt."""
    return [
        f"{span.where}: {each}"
        for span in spans
        if span.heading not in exempt.OF_ANOTHER_PROGRAM
        for each in KINDS[kind](span)
        if each not in exempt.NOT_OURS
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_what_a_page_names_is_there(kind: str) -> None:
    assert lies(kind, all_spans()) == []


def test_what_is_exempt_is_named_and_would_be_missing() -> None:
    missing = {each for span in all_spans() for look in KINDS.values() for each in look(span)}
    assert [each for each in exempt.NOT_OURS if each not in missing] == []
    assert [each for each in exempt.OF_ANOTHER_PROGRAM if each not in {span.heading for span in all_spans()}] == []


@pytest.mark.parametrize(
    ("kind", "text", "lie"),
    [
        ("options", "`--token-file` `--tokenfile PATH`", "--tokenfile"),
        ("options", "`argus-trio status --json` `argus-trio status --done`", "--done"),
        ("options", "| `argus-trio events` | `--severity S`, `--done` |", "--done"),
        ("keys", "`server.limits.requests` `limits.memory` `server.limit.requests`", "server.limit.requests"),
        ("keys", "`backends.NAME.timeouts.call` `backends.NAME.timeouts.cal`", "backends.NAME.timeouts.cal"),
        ("names", "`backend_ready` `backend_redy`", "backend_redy"),
        ("variables", "`$ARGUS_TOKEN` `ARGUS_TOKEM=x`", "ARGUS_TOKEM"),
        ("operations", "`GET /manage/v1/backends/NAME` `POST /manage/v1/status`", "POST /manage/v1/status"),
        ("operations", "`/manage/v1` `GET /logs/{backend}` `/manage/v1/logz`", "/manage/v1/logz"),
        ("files", "`tests/docs/` `tests/docs/*.py` `conf/gone.yaml`", "conf/gone.yaml"),
    ],
)
def test_what_there_is_not_is_found_out(kind: str, text: str, lie: str) -> None:
    found = lies(kind, spans_of("page.md", f"# T\n{text}\n```sh\n`--in-a-block`\n```\n"))
    assert [each.rpartition(": ")[2] for each in found] == [lie]
