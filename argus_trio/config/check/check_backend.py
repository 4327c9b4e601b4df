"""Checks whether the values that one backend gives itself make sense. No I/O.

No report repeats a header, a variable or a URL.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from argus_trio.config.model.backend import BackendSpec, StdioBackend
from argus_trio.config.model.visibility import Filters, Override
from argus_trio.config.read.findings import Findings
from argus_trio.config.read.key_path import KeyPath
from argus_trio.wire.headers import TOKEN

_FIELD_VALUE = re.compile(r"[\x21-\x7e\x80-\xff](?:[\x20\t\x21-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?|")
_GATEWAY_HEADERS = frozenset(
    {"accept", "connection", "content-length", "content-type", "last-event-id", "mcp-protocol-version"}
)
_GATEWAY_HEADERS |= {"mcp-session-id", "te", "trailer", "transfer-encoding", "upgrade"}
_SECRET_REFERENCE = re.compile(r"(?:[A-Za-z]+ )?secret:[A-Za-z0-9_.-]+")


def check_backend(backend: BackendSpec, findings: Findings) -> None:
    """Report what does not make sense in `backend`, as the file says it: paths as they are written, no defaults."""
    key_path: KeyPath = ("backends", backend.name)
    _check_filters(backend.filters, (*key_path, "filters"), findings)
    _check_overrides(backend.tool_overrides, (*key_path, "tool_overrides"), findings)
    if isinstance(backend, StdioBackend):
        _check_command(backend, key_path, findings)
        _check_environment(backend, key_path, findings)
    else:
        _check_url(backend.url, (*key_path, "url"), findings)
        _check_headers(backend.headers, (*key_path, "headers"), findings)


def _check_filters(filters: Filters, key_path: KeyPath, findings: Findings) -> None:
    for kind in ("tools", "resources", "prompts"):
        globs = getattr(filters, kind)
        for list_name, entries in (("allow", globs.allow), ("deny", globs.deny)):
            for index, glob in enumerate(entries):
                if not glob:
                    findings.add(
                        (*key_path, kind, list_name, index), "an empty glob matches nothing", "* matches everything"
                    )


def _check_overrides(overrides: Mapping[str, Override], key_path: KeyPath, findings: Findings) -> None:
    seen: dict[str, str] = {}
    for tool, override in overrides.items():
        if override.name is None:
            continue
        of_name = (*key_path, tool, "name")
        if not override.name or not override.name.isprintable():
            findings.add(of_name, "expected a name of printable characters")
        elif (other := seen.setdefault(override.name, tool)) != tool:
            findings.add(
                of_name, "another tool of this backend is given the same name", given=((*key_path, other, "name"),)
            )


def _check_command(backend: StdioBackend, key_path: KeyPath, findings: Findings) -> None:
    of_command = (*key_path, "command")
    if not backend.command or "\0" in backend.command:
        findings.add(
            of_command, "expected a program, found " + ("a NUL character" if backend.command else "an empty text")
        )
    for index, argument in enumerate(backend.args):
        _check_text(argument, (*key_path, "args", index), findings)


def _check_environment(backend: StdioBackend, key_path: KeyPath, findings: Findings) -> None:
    for name, value in backend.env.items():
        of_variable = (*key_path, "env", name)
        if not _is_variable(name):
            findings.add(of_variable, "a variable's name is not empty and has neither = nor NUL in it")
        _check_text(value, of_variable, findings)
    check_env_from(backend.env_from, key_path, findings)


def check_env_from(names: Sequence[str], key_path: KeyPath, findings: Findings) -> None:
    """Report what is no name of a variable in the `env_from` of what stands at `key_path`."""
    for index, name in enumerate(names):
        if not _is_variable(name):
            hint = "env sets variables; env_from only names them" if "=" in name else ""
            findings.add((*key_path, "env_from", index), "expected the name of a variable, or a glob", hint)


def _is_variable(name: str) -> bool:
    return bool(name) and "=" not in name and "\0" not in name


def _check_text(text: str, key_path: KeyPath, findings: Findings) -> None:
    if "\0" in text:
        findings.add(key_path, "a NUL character cannot be passed to a program")
    _check_reference(text, key_path, findings)


def _check_reference(text: str, key_path: KeyPath, findings: Findings) -> None:
    if _SECRET_REFERENCE.fullmatch(text):
        findings.add(key_path, "secret:<name> is not looked up here", "write ${VAR} or ${file:PATH}")


def _check_url(url: str, key_path: KeyPath, findings: Findings) -> None:
    expected = "expected an http:// or https:// address with a host"
    _check_reference(url, key_path, findings)
    if not url.isascii() or not url.isprintable() or " " in url:
        findings.add(key_path, expected + " and without blanks", "write other characters percent-encoded")
        return
    try:
        parts = urlsplit(url)
        is_whole = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # brackets that hold no IPv6 address, a port that is no number
        findings.add(key_path, expected)
        return
    if not is_whole:
        findings.add(key_path, expected, "" if "://" in url else "write http:// or https:// before it")
    elif "@" in parts.netloc:
        findings.add(key_path, "a user and a password in the address", "write headers: {Authorization: Basic ...}")
    elif parts.fragment:
        findings.warn(
            key_path,
            "the fragment (#...) is dropped: it is not sent to a server",
            "leave it out; a # that belongs to the path or the query is written %23",
        )


def _check_headers(headers: Mapping[str, str], key_path: KeyPath, findings: Findings) -> None:
    seen: set[str] = set()
    for name, value in headers.items():
        of_header = (*key_path, name)
        if not TOKEN.fullmatch(name):
            findings.add(of_header, "expected the name of a header: letters, digits and !#$%&'*+.^_`|~-")
        elif name.lower() in _GATEWAY_HEADERS:
            findings.add(of_header, "the gateway sets this header itself", "leave it out")
        elif name.lower() in seen:
            findings.add(of_header, "the header is there twice; upper and lower case are the same")
        seen.add(name.lower())
        if not _FIELD_VALUE.fullmatch(value):
            message = "a header's value is one line of Latin-1 text without control characters or blanks at its ends"
            findings.add(of_header, message)
        _check_reference(value, of_header, findings)
