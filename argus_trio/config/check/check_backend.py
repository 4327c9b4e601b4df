"""Whether the values of one backend make sense. No I/O here; no value of a header, a variable or a URL is repeated."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from argus_trio.config.model.backend import BackendSpec, StdioBackend
from argus_trio.config.model.operation import Restart, Timeouts
from argus_trio.config.model.visibility import Filters, Override
from argus_trio.config.read.findings import Findings
from argus_trio.config.read.key_path import KeyPath
from argus_trio.wire.headers import TOKEN

_FIELD_VALUE = re.compile(r"[\x21-\x7e\x80-\xff](?:[\x20\t\x21-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?|")
_OURS = frozenset({"accept", "connection", "content-length", "content-type", "last-event-id", "mcp-protocol-version"})
_OURS |= {"mcp-session-id", "te", "trailer", "transfer-encoding", "upgrade"}
_SECRET_REFERENCE = re.compile(r"(?:[A-Za-z]+ )?secret:[A-Za-z0-9_.-]+")


def check_backend(backend: BackendSpec, findings: Findings) -> None:
    """Report what does not make sense in one backend."""
    place: KeyPath = ("backends", backend.name)
    timeouts = (*place, "timeouts")
    if backend.timeouts.call > backend.timeouts.call_max:
        message, hint = "more than call_max", f"call_max is {Timeouts().call_max:g} if it is not given: raise it too"
        findings.add((*timeouts, "call"), message, hint, given=((*timeouts, "call_max"),))
    _check_healing(backend, place, findings)
    _check_filters(backend.filters, (*place, "filters"), findings)
    _check_overrides(backend.tool_overrides, (*place, "tool_overrides"), findings)
    if isinstance(backend, StdioBackend):
        _check_command(backend, place, findings)
        _check_environment(backend, place, findings)
    else:
        _check_url(backend.url, (*place, "url"), findings)
        _check_headers(backend.headers, (*place, "headers"), findings)


def _check_healing(backend: BackendSpec, place: KeyPath, findings: Findings) -> None:
    restart, health = backend.restart, backend.health
    at, probing = (*place, "restart"), (*place, "health")
    if restart.initial > restart.max:
        hint = f"max is {Restart().max:g} if it is not given: raise it too"
        findings.add((*at, "initial"), "more than max", hint, given=((*at, "max"),))
    if restart.cooldown < restart.max:
        message = "less than max: what fails most would be tried more often than before"
        hint = f"cooldown is {Restart().cooldown:g} if it is not given: raise it too"
        findings.add((*at, "cooldown"), message, hint, given=((*at, "max"),))
    if health.slow > health.timeout:
        message = "more than timeout: what takes that long counts as unanswered before"
        findings.add((*probing, "slow"), message, given=((*probing, "timeout"),))


def _check_filters(filters: Filters, place: KeyPath, findings: Findings) -> None:
    for kind in ("tools", "resources", "prompts"):
        globs = getattr(filters, kind)
        for way, entries in (("allow", globs.allow), ("deny", globs.deny)):
            for index, glob in enumerate(entries):
                if not glob:
                    findings.add((*place, kind, way, index), "an empty glob matches nothing", "* matches everything")


def _check_overrides(overrides: Mapping[str, Override], place: KeyPath, findings: Findings) -> None:
    seen: dict[str, str] = {}
    for tool, override in overrides.items():
        if override.name is None:
            continue
        at = (*place, tool, "name")
        if not override.name or not override.name.isprintable():
            findings.add(at, "expected a name of printable characters")
        elif (other := seen.setdefault(override.name, tool)) != tool:
            findings.add(at, "another tool of this backend is given the same name", given=((*place, other, "name"),))


def _check_command(backend: StdioBackend, place: KeyPath, findings: Findings) -> None:
    at = (*place, "command")
    if not backend.command or "\0" in backend.command:
        findings.add(at, "expected a program, found " + ("a NUL character" if backend.command else "an empty text"))
    elif "/" not in backend.command and len(backend.command.split()) != 1:
        findings.add(at, "expected one program, found a command line", "put what follows the program into args")
    for index, argument in enumerate(backend.args):
        _check_text(argument, (*place, "args", index), findings)


def _check_environment(backend: StdioBackend, place: KeyPath, findings: Findings) -> None:
    for name, value in backend.env.items():
        at = (*place, "env", name)
        if not _is_variable(name):
            findings.add(at, "a variable's name is not empty and has neither = nor NUL in it")
        _check_text(value, at, findings)
    for index, name in enumerate(backend.env_from):
        if not _is_variable(name):
            hint = "env sets variables; env_from only names them" if "=" in name else ""
            findings.add((*place, "env_from", index), "expected the name of a variable", hint)


def _is_variable(name: str) -> bool:
    return bool(name) and "=" not in name and "\0" not in name


def _check_text(text: str, place: KeyPath, findings: Findings) -> None:
    if "\0" in text:
        findings.add(place, "a NUL character cannot be passed to a program")
    _check_reference(text, place, findings)


def _check_reference(text: str, place: KeyPath, findings: Findings) -> None:
    if _SECRET_REFERENCE.fullmatch(text):
        findings.add(place, "secret:<name> is not looked up here", "write ${VAR} or ${file:PATH}")


def _check_url(url: str, place: KeyPath, findings: Findings) -> None:
    expected = "expected an http:// or https:// address with a host"
    _check_reference(url, place, findings)
    if not url.isascii() or not url.isprintable() or " " in url:
        findings.add(place, expected + " and without blanks", "write other characters percent-encoded")
        return
    try:
        parts = urlsplit(url)
        is_whole = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # brackets that hold no IPv6 address, a port that is no number
        findings.add(place, expected)
        return
    if not is_whole:
        findings.add(place, expected, "" if "://" in url else "write http:// or https:// before it")
    elif "@" in parts.netloc:
        findings.add(place, "a user and a password in the address", "write headers: {Authorization: Basic ...}")
    elif parts.fragment:
        findings.add(place, "a fragment (#...) is not sent to a server")


def _check_headers(headers: Mapping[str, str], place: KeyPath, findings: Findings) -> None:
    seen: set[str] = set()
    for name, value in headers.items():
        at = (*place, name)
        if not TOKEN.fullmatch(name):
            findings.add(at, "expected the name of a header: letters, digits and !#$%&'*+.^_`|~-")
        elif name.lower() in _OURS:
            findings.add(at, "the gateway sets this header itself", "leave it out")
        elif name.lower() in seen:
            findings.add(at, "the header is there twice; upper and lower case are the same")
        seen.add(name.lower())
        if not _FIELD_VALUE.fullmatch(value):
            message = "a header's value is one line of Latin-1 text without control characters or blanks at its ends"
            findings.add(at, message)
        _check_reference(value, at, findings)
