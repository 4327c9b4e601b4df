"""What programs, package managers and engines say when a backend does not start: what it means, and what to do.

Patterns are sought in the gateway's reason and in what the program wrote. The first row that fits is told.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

import attrs

from argus_trio import Value
from argus_trio.doctor.backends.diagnosis import Diagnosis


@attrs.frozen(kw_only=True)
class SaidRow(Value):
    """One row: `what` and `advice` name groups of the pattern, `{at}` is the key of the backend, `{name}` its name."""

    pattern: re.Pattern[str]
    what: str
    advice: str


def _row(pattern: str, what: str, advice: str) -> SaidRow:
    return SaidRow(pattern=re.compile(pattern, re.MULTILINE), what=what, advice=advice)


_VARIABLE: Final = r"(?P<variable>[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)"

SAID: Final[Sequence[SaidRow]] = (
    _row(
        r"(?P<what>(?:npx's folder of it|uv's cache) may be broken by an install that was cut off): "
        r"(?P<command>[^;\n]+)",
        "{what}",
        "run `{command}` and then `argus-trio restart {name}`; other programs that use that cache install anew",
    ),
    _row(
        r"command '(?P<command>[^']+)' was not found, or its interpreter",
        "its program {command} is not there, or what its first line names is not",
        "install {command}, or write its full path (`command -v {command}`) as {at}.command",
    ),
    _row(
        r"command '(?P<command>[^']+)' is not executable",
        "its program {command} must not be executed",
        "chmod +x {command}, or start it by its interpreter: {at}.command: python, args: [{command}]",
    ),
    _row(
        r"cwd '(?P<cwd>[^']+)' cannot be entered",
        "its folder {cwd} is not there, or must not be entered",
        "make it, or write another one as {at}.cwd",
    ),
    _row(
        r"Exec format error|cannot execute binary file",
        "its program is of another kind of processor, or a script without a first line that names its interpreter",
        "install the one for this machine (`uname -m`); of a script write the interpreter as {at}.command",
    ),
    _row(
        r"(?:npm (?:error|ERR!) code E404|npm (?:error|ERR!) 404 (?:Not Found|'))[\s\S]*?"
        r"(?:'(?P<package>@?[\w./-]+)@|/(?P<path>@?[\w.%-]+) )",
        "the npm registry has no such package",
        "look at the name in {at}.args: it is misspelt, was removed, or is in a private registry (npm_config_registry)",
    ),
    _row(
        r"npm (?:error|ERR!) code E40[13]|npm (?:error|ERR!) 40[13] ",
        "the npm registry does not let it have the package",
        "log in there (npm login), or let the backend see its settings: {at}.env_from: [npm_config_*]",
    ),
    _row(
        r"npm (?:error|ERR!) code (?P<code>ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|ECONNRESET)",
        "npx does not reach the npm registry ({code})",
        "look at the network; behind a proxy set HTTPS_PROXY for the gateway, and name it in {at}.env_from",
    ),
    _row(
        r"npm (?:error|ERR!) code ENOTCACHED",
        "npx is told to use only what it has, and does not have the package",
        "take --offline out of {at}.args, or npm_config_offline out of its variables",
    ),
    _row(
        r"npm (?:error|ERR!) code ETARGET|No matching version found for (?P<package>\S+?)\.?$",
        "the npm registry has not that version of the package",
        "write a version that is there in {at}.args, or none",
    ),
    _row(
        r"(?:because|Because) (?P<package>[\w.-]+) was not found in the package registry",
        "the Python package index has no package {package}",
        "look at the name in {at}.args; it may be in a private index (UV_INDEX_URL in {at}.env)",
    ),
    _row(
        r"[Rr]equires-[Pp]ython|requires Python|current Python version \((?P<version>[\d.]+)\) does not satisfy"
        r"|requires a different Python",
        "the Python that runs it is too old, or too new, for the package",
        'name one: {at}.args: [--python, "3.13", …] for uvx',
    ),
    _row(
        r"EBADENGINE|Unsupported engine|requires Node(?:\.js)? (?:version )?\S+|SyntaxError: Unexpected token '\?",
        "the Node.js that runs it is too old",
        "install a newer one (`node --version`), or write the path of one as {at}.command",
    ),
    _row(
        r"ModuleNotFoundError: No module named '(?P<module>[^']+)'",
        "Python does not find the module {module}",
        "install it for that Python, or write the Python of its environment (.venv/bin/python) as {at}.command",
    ),
    _row(
        r"No module named (?P<module>[\w.]+)",
        "Python does not find the module {module}",
        "install it for that Python, or write the Python of its environment (.venv/bin/python) as {at}.command",
    ),
    _row(
        r"can't open file '(?P<file>[^']+)'|Cannot find module '(?P<script>/[^']+)'",
        "the script that it is to run is not there",
        "mend the path in {at}.args; a relative one is looked for in {at}.cwd",
    ),
    _row(
        r"Cannot find (?:module|package) '(?P<module>[^']+)'|ERR_MODULE_NOT_FOUND",
        "Node.js does not find a package that it needs",
        "run `npm install` in its folder; of an npx package remove what is half there: rm -r ~/.npm/_npx",
    ),
    _row(
        r"EADDRINUSE|[Aa]ddress already in use",
        "a port that it wants is taken, by another one of it perhaps",
        "end the other one, or give it another port; a server of which only one may run wants {at}.overlap: false "
        "and session: shared",
    ),
    _row(
        r"database is locked|[Ll]ock(?:file)? (?:is )?(?:already )?(?:held|exists|taken)"
        r"|could not (?:get|acquire) .*lock|Resource temporarily unavailable.*lock",
        "a lock that it wants is held, by another one of it perhaps",
        "end the other one (a client that still starts it itself?), and write {at}.overlap: false, session: shared",
    ),
    _row(
        _VARIABLE + r"['\"`]? (?:environment variable |env(?:ironment)? var(?:iable)? )?"
        r"(?:is|must be|was|are|not) ?(?:required|missing|not set|not defined|unset|set|provided|empty|undefined)",
        "it wants the variable {variable}",
        "write {at}.env: {{{variable}: ${{{variable}}}}} and set {variable} for the gateway, such as in its env file",
    ),
    _row(
        r"(?:[Mm]issing|[Rr]equired?|[Ss]et|[Pp]rovide|[Uu]ndefined|[Nn]eeds?|[Ee]xpected|KeyError:?)\b[^\n]{0,60}?\b"
        + _VARIABLE,
        "it wants the variable {variable}",
        "write {at}.env: {{{variable}: ${{{variable}}}}} and set {variable} for the gateway, such as in its env file",
    ),
    _row(
        r"(?:the following arguments are required|[Mm]issing (?:required )?(?:argument|option)s?|error: missing"
        r" required argument)s?:? *(?P<argument>[^\n]*)",
        "an argument is missing: {argument}",
        "add it to {at}.args",
    ),
    _row(
        r"unrecognized arguments?: *(?P<argument>[^\n]*)|[Uu]nknown (?:option|argument|flag):? *(?P<flag>[^\n]*)",
        "it does not know an argument that it is given",
        "mend {at}.args; the version that is installed may know others",
    ),
    _row(
        r"^(?:[Uu]sage|USAGE): *(?P<usage>[^\n]{1,120})",
        "it prints how it is to be called, and ends: {usage}",
        "add to {at}.args what it wants",
    ),
    _row(
        r"OOMKilled|out of memory|was killed by SIGKILL|exited with code 137|heap out of memory|Cannot allocate memory",
        "it was killed, most likely for its memory",
        "give it more: {at}.container.memory: 2g; without a container see what this machine has left",
    ),
    _row(
        r"Read-only file system|EROFS",
        "it wants to write where its container is read-only",
        "mount a folder for it: {at}.container.mounts: [{{source: PATH, target: PATH, mode: rw}}], or home: kept",
    ),
    _row(
        r"exited with code 127|executable file not found|exec: .*not found",
        "its image has no such program",
        "install what it needs: {at}.container.packages, or name an image that has it: container.image",
    ),
    _row(
        r"EACCES|[Pp]ermission denied",
        "it may not use a file or a folder that it wants",
        "look whose it is (`ls -l`); in a container it sees only what {at}.container.mounts and its arguments name",
    ),
    _row(
        r"ENOTFOUND|EAI_AGAIN|getaddrinfo|Name or service not known|Temporary failure in name resolution",
        "it does not find a host that it wants to reach",
        "look at the network and at the address that it is given; in a container also at {at}.container.network",
    ),
    _row(
        r"was not ready within (?P<seconds>[\d.]+) s \(timeouts\.connect\)",
        "it runs and says nothing for {seconds} s: it starts slowly, waits for something, or is no MCP server of stdio",
        "raise {at}.timeouts.connect (such as 120), and look at `argus-trio logs` of it; a server that says where it "
        "listens is of type streamable-http",
    ),
    _row(
        r"was not there within (?P<seconds>[\d.]+) s \(timeouts\.prepare\)",
        "its image was not built in {seconds} s",
        "raise {at}.timeouts.prepare, or build it before: `argus-trio build`",
    ),
)


def said(text: str, *, name: str) -> Diagnosis | None:
    """What the first row that fits says; None if none does."""
    at = f"backends.{name}"
    for row in SAID:
        found = row.pattern.search(text)
        if found is not None:
            values = {key: (value or "").strip() for key, value in found.groupdict().items()}
            return Diagnosis(
                what=row.what.format(at=at, name=name, **values), advice=row.advice.format(at=at, name=name, **values)
            )
    return None
