"""URIs compared as RFC 3986 does (section 6.2.2), and as the libraries spell them that clients and servers are made of.

A client's library may write a URI otherwise than the backend that lists it: `a b` as `a%20b`, `https://h` as
`https://h/`, a scheme or a host in lower case. What compares equal here is for finding owners alone: a backend is asked
with its own spelling.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final
from urllib.parse import unquote

from argus_trio.core.access.target import Target

MAX_COMPARED: Final = 8192
"""The longest URI, in characters, that is compared otherwise than as it is spelled: a `data:` URI may be megabytes."""

_PARTS: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):(?://([^/?#]*))?([^?#]*)(\?[^#]*)?(#.*)?", re.DOTALL)
_PORTS: Final = {"http": "80", "ws": "80", "https": "443", "wss": "443", "ftp": "21"}
_WITH_BACKSLASHES: Final = frozenset((*_PORTS, "file"))
"""The schemes in which the WHATWG URL standard reads a backslash as a slash."""

_ENCODED: Final = re.compile(r"(?:%[0-9A-Fa-f]{2})+")
_UNRESERVED: Final = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_RESERVED: Final = frozenset(b":/?#[]@!$&'()*+,;=%")
_FOREIGN: Final = re.compile(r"[^A-Za-z0-9._~:/?#@!$&'()*+,;=%-]|%(?![0-9A-Fa-f]{2})")
"""What may not stand in a URI as it is, a bare `%` included; brackets may in a host alone."""

_AROUND: Final = "".join(map(chr, range(0x21)))
_WITHIN: Final = re.compile(r"[\t\n\r]")
_LEADING: Final = ("..", "%2e", "%2E", "%25")
_LED_ANYWHERE: Final = ("..",)
"""Where a URI leads that is too long to be looked at, and may have dots: a name that nothing but `*` allows."""
_STEPS: Final = re.compile(r"[/?#]")
_SLASHES: Final = re.compile(r"/{2,}")
_ACE: Final = "xn--"


def comparable(uri: str) -> str:
    """What is equal for two spellings of one URI. Text that is no URI stays as it is, and so does a very long one."""
    if len(uri) > MAX_COMPARED:
        return uri
    parts = _PARTS.fullmatch(_cleaned(uri))
    if parts is None:
        return uri
    scheme, authority, path, query, fragment = parts[1].lower(), parts[2], parts[3], parts[4] or "", parts[5] or ""
    if scheme == "file" and authority is None and path.startswith("/"):
        authority = ""
    path = _encoded(path)
    if path.startswith("/"):
        path = _without_dots(path)
    if authority is None:
        return f"{scheme}:{path}{_query(query)}{_encoded(fragment)}"
    return f"{scheme}://{_authority(scheme, authority)}{'' if path == '/' else path}{_query(query)}{_encoded(fragment)}"


def origin(compared: str) -> str:
    """The scheme and the authority of a URI in its comparable form: who lists one such URI may serve others."""
    parts = _PARTS.fullmatch(compared)
    if parts is None:
        return ""
    return f"{parts[1]}:" if parts[2] is None else f"{parts[1]}://{parts[2]}"


def spellings(uri: str) -> tuple[str, ...]:
    """Ways to spell a URI that mean the same, for filters: encoded, readable, both with the `/` of an empty path."""
    if len(uri) > MAX_COMPARED:
        return (uri,)
    encoded = comparable(uri)
    readable = _ENCODED.sub(_readable, encoded)
    found = [encoded, readable]
    if _without_path(encoded):
        found += [f"{encoded}/", f"{readable}/"]
    if not _has_dots(uri):
        found.append(uri)
    return tuple(dict.fromkeys(found))


def resource_target(uri: str, backend: str | None = None) -> Target:
    """What rules judge of a URI, or of a template: all its spellings, whoever spells it how."""
    alike = spellings(uri)
    own = "" if backend is None else alike[0]
    return Target(kind="resource", shown=alike[0], backend=backend, own=own, spellings=alike[1:])


def led_elsewhere(uri: str) -> tuple[str, ...]:
    """Where a URI with `..` leads that `comparable` does not take out: hidden in encodings, even twice encoded, behind
    backslashes, in a query or a fragment, behind empty steps, or in a path without a root. Programs that decode first,
    or take it for a path of files, get there.
    """
    if len(uri) > MAX_COMPARED:
        return _LED_ANYWHERE if any(mark in uri for mark in _LEADING) else ()
    found: list[str] = []
    reading = uri
    for _ in range(3):
        plain = _WITHIN.sub("", reading).replace("\\", "/")
        if ".." in plain and ".." in _STEPS.split(plain):
            parts = _PARTS.fullmatch(plain)
            scheme, authority, path = (parts[1], parts[2], parts[3]) if parts is not None else ("", None, plain)
            rest = "" if parts is None else f"{parts[4] or ''}{parts[5] or ''}"
            whole = [(path, rest)]
            if ".." in _STEPS.split(rest):  # programs that know of no query take it for a part of the path
                whole.append((path + rest, ""))
            whole += [(_SLASHES.sub("/", way), behind) for way, behind in whole]  # as file systems take them
            for way, behind in whole:
                resolved = _without_dots(f"/{way.removeprefix('/')}")
                if authority is None and not way.startswith("/"):
                    resolved = resolved.removeprefix("/")
                found.append(f"{scheme}:{'' if authority is None else '//' + authority}{resolved}{behind}")
        if "%" not in reading:
            break
        reading = unquote(reading, errors="replace")
    plainly = comparable(uri)
    return tuple(dict.fromkeys(each for each in found if comparable(each) != plainly))


def _without_path(uri: str) -> bool:
    parts = _PARTS.fullmatch(uri)
    return parts is not None and parts[2] is not None and not (parts[3] or parts[4] or parts[5])


def _has_dots(uri: str) -> bool:
    parts = _PARTS.fullmatch(_cleaned(uri))
    return parts is not None and any(segment in (".", "..") for segment in _encoded(parts[3]).split("/"))


def _cleaned(uri: str) -> str:
    """The URI without what the WHATWG URL standard leaves out, such as a tab between two dots."""
    return _slashed(_WITHIN.sub("", uri.strip(_AROUND)))


def _slashed(uri: str) -> str:
    """The URI with slashes for the backslashes before its query, in the schemes where they mean that."""
    if "\\" not in uri or uri.partition(":")[0].lower() not in _WITH_BACKSLASHES:
        return uri
    before = re.match(r"[^?#]*", uri)
    end = before.end() if before is not None else 0
    return uri[:end].replace("\\", "/") + uri[end:]


def _query(query: str) -> str:
    return _encoded(query).replace("'", "%27")  # as the WHATWG URL standard has it for the schemes of the web


def _encoded(text: str) -> str:
    """The text with every percent-encoding in capitals, none of what needs none, and all of what needs it."""
    if "%" in text:
        text = _ENCODED.sub(_needed, text)
    return _FOREIGN.sub(lambda found: _percent(found[0]), text)


def _needed(found: re.Match[str]) -> str:
    return "".join(chr(b) if b in _UNRESERVED else f"%{b:02X}" for b in bytes.fromhex(found[0].replace("%", "")))


def _percent(text: str) -> str:
    return "".join(f"%{byte:02X}" for byte in text.encode("utf-8", "surrogatepass"))


def _readable(found: re.Match[str]) -> str:
    """The characters of a run of percent-encodings, but for those that would mean something else then."""
    try:
        text = bytes.fromhex(found[0].replace("%", "")).decode()
    except UnicodeDecodeError:
        return found[0]
    return "".join(_percent(c) if c < " " or (ord(c) < 128 and ord(c) in _RESERVED) else c for c in text)


def _authority(scheme: str, authority: str) -> str:
    user, at, place = authority.rpartition("@")
    host, colon, port = place.rpartition(":")
    if not colon or not (port.isdecimal() or not port):
        host, port = place, ""
    if scheme == "file" and host.lower() == "localhost":
        host = ""
    if port:
        port = port.lstrip("0") or "0"
    shown = "" if port in ("", _PORTS.get(scheme)) else f":{port}"
    return f"{_encoded(user)}{at}{_host(host)}{shown}"


def _host(host: str) -> str:
    """A host in lower case, percent-encoded, whichever way its letters outside ASCII were spelled."""
    if host.startswith("["):
        return host.lower()
    try:
        plain = _ENCODED.sub(lambda found: bytes.fromhex(found[0].replace("%", "")).decode(), host)
    except UnicodeDecodeError:  # no text: it is compared as it is encoded
        return _encoded(host.lower())
    labels = [_label(label) for label in unicodedata.normalize("NFKC", plain).lower().split(".")]
    return _percent_foreign(".".join(labels))


def _label(label: str) -> str:
    if not label.startswith(_ACE):
        return label
    try:
        return label.removeprefix(_ACE).encode("ascii").decode("punycode")
    except (UnicodeError, ValueError, OverflowError):
        return label


def _percent_foreign(host: str) -> str:
    return "".join(c if c.isascii() and (c.isalnum() or c in "-._~!$&'()*+,;=") else _percent(c) for c in host)


def _without_dots(path: str) -> str:
    """An absolute path without its dot segments (RFC 3986, section 5.2.4)."""
    if "/." not in path:
        return path
    kept: list[str] = []
    segments = path.split("/")[1:]
    for segment in segments:
        if segment == "..":
            if kept:
                kept.pop()
        elif segment != ".":
            kept.append(segment)
    if segments[-1] in (".", ".."):
        kept.append("")
    return "/" + "/".join(kept)
