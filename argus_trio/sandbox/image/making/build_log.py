"""The log of a build: its last lines, without secrets, and which of them says why it failed. No I/O here."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable
from typing import Final

import attrs

MAX_LINE_CHARACTERS: Final = 500
"""So much of a line is kept: pip writes all packages it has installed into one."""
MAX_LINES: Final = 400
"""So many of the last lines are kept, in which the one is looked for that says what is wrong."""
TAIL_LINES: Final = 20
"""So many of them a failure tells."""

_CONTROL: Final = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|[\x00-\x08\x0b-\x1f\x7f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_BREAK: Final = re.compile(rb"[\r\n]")
_PIP: Final = re.compile(r"^ERROR: (?P<said>.+)")
_NPM: Final = re.compile(r"^npm (?:error|ERR!) (?!code |errno |syscall |path |A complete log)(?P<said>.+)")
_THROWN: Final = re.compile(r"(?:\w*Error|ERROR|gyp ERR!)\b")
"""What a script of a package says of its own failure; npm itself says only that there was one."""
_PIP_CAUSE: Final = re.compile(
    r"^WARNING: (?:Retrying .*after connection broken by '?(?P<broken>.+?)'?: /\S*$|(?P<refused>40[13] Error.*))"
)
_HINTS: Final = tuple(
    (re.compile(pattern), hint)
    for pattern, hint in (
        (
            r"[Nn]o space left on device|ENOSPC",
            "the engine's disk is full: `argus-trio clean` removes what is not needed",
        ),
        (
            r"CERTIFICATE_VERIFY_FAILED|SELF_SIGNED_CERT|UNABLE_TO_(GET|VERIFY)|unable to get (local )?issuer"
            r"|self[- ]signed certificate",
            "it does not trust the index: name your certificates in container.ca_bundle",
        ),
        (
            r"not a trusted or secure host",
            "the index is not served over HTTPS: PIP_TRUSTED_HOST, for the gateway, names hosts that may do so",
        ),
        (
            r"Cannot find command 'git'|spawn git|syscall spawn git|command not found: git",
            "it needs git: name a base image that has it in container.base_image",
        ),
        (
            r"Failed building wheel|error: command '\S*(gcc|cc|clang|cargo)'|gyp ERR!|No module named 'distutils'"
            r"|can't find Rust compiler|linker `cc` not found",
            "it has to be compiled: name a base image with compilers in container.base_image, such as python:3.13 or "
            "node:22, or a version that comes compiled",
        ),
        (
            r"[Rr]equires[- ](a different )?[Pp]ython|npm (error|ERR!) .*EBADENGINE",
            "it needs another version of the interpreter: name a base image that has it in container.base_image",
        ),
    )
)
"""What to do, by what stands somewhere in the log; the first that fits."""
_MAX_REST_BYTES: Final = 64 * 1024


@attrs.define(eq=False, repr=False, kw_only=True)
class BuildLog:
    """The log of one build."""

    redact: Callable[[str], str] = attrs.field(repr=False)
    on_line: Callable[[str], None]
    """Hears of each line."""
    _lines: deque[str] = attrs.field(factory=lambda: deque(maxlen=MAX_LINES), init=False)
    _rest: bytes = attrs.field(default=b"", init=False)

    def feed(self, data: bytes) -> None:
        """Take what the build wrote, whole lines or not."""
        *whole, self._rest = _BREAK.split(self._rest + data)
        for line in whole:
            self.add(line.decode("utf-8", "replace"))
        if len(self._rest) > _MAX_REST_BYTES:
            self.end()

    def end(self) -> None:
        """Take what was written after the last line end as a line."""
        rest, self._rest = self._rest, b""
        self.add(rest.decode("utf-8", "replace"))

    def add(self, line: str) -> None:
        """Take a line; one that says nothing is left out."""
        text = _CONTROL.sub("", self.redact(line)).rstrip()[:MAX_LINE_CHARACTERS]
        if text.strip():
            self._lines.append(text)
            self.on_line(text.strip())

    @property
    def tail(self) -> tuple[str, ...]:
        """The last lines."""
        return tuple(self._lines)[-TAIL_LINES:]

    @property
    def reason(self) -> str:
        """What to tell of a failure: the line that says most, and what to do about it where that is known."""
        said = self._said
        text = "\n".join(self._lines)
        hint = next((hint for pattern, hint in _HINTS if pattern.search(text)), "")
        return f"{said}: {hint}" if hint else said

    @property
    def _said(self) -> str:
        """The line that says most about a failure: the last one that pip calls an error, the first of npm or of the
        script that npm ran, else the last of all. What pip finds nowhere may be for want of an index that answers: it
        tells that as a warning."""
        by_pip = [found["said"] for line in self._lines if (found := _PIP.match(line))]
        if by_pip:
            causes = [found["broken"] or found["refused"] for line in self._lines if (found := _PIP_CAUSE.match(line))]
            return by_pip[-1] + (f" (the index: {causes[-1]})" if causes else "")
        by_npm = [found["said"] for line in self._lines if (found := _NPM.match(line))]
        if by_npm:
            thrown = [said for said in by_npm if _THROWN.match(said)] if by_npm[0] == "command failed" else []
            return (thrown or by_npm)[0]
        return self._lines[-1].strip() if self._lines else ""
