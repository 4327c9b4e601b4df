"""HOST:PORT as `network.allow` and `host_services` have it, and what to write where something else stands."""

from __future__ import annotations

import re
from typing import Final

import attrs

from argus_trio import Value
from argus_trio.core.access.address_guard import is_address, is_loopback_host

EXPECTED: Final = "expected HOST:PORT"
_PORTS: Final = {
    "http": 80,
    "https": 443,
    "ws": 80,
    "wss": 443,
    "postgres": 5432,
    "postgresql": 5432,
    "mysql": 3306,
    "redis": 6379,
    "mongodb": 27017,
    "amqp": 5672,
}
"""The ports that URLs of these schemes leave out."""
_HTTPS: Final = 443
_MOST: Final = 65535
_URL: Final = re.compile(r"(?:([A-Za-z][A-Za-z0-9+.-]*):)?//(?:[^/?#]*@)?([^/?#]*).*", re.DOTALL)
_SPLIT: Final = re.compile(r"(\[[^\]]*\]|[^:]*)(?::(.*))?", re.DOTALL)
_LABEL: Final = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_NAME: Final = re.compile(rf"(?:\*\.)?{_LABEL}(?:\.{_LABEL})*\.?")
_LONGEST_NAME: Final = 253
_THIS_MACHINE: Final = frozenset({"host.docker.internal", "host.containers.internal"})


@attrs.frozen(kw_only=True)
class Flaw(Value):
    """Why an entry is none, and what to write."""

    message: str
    hint: str = ""


def flaw_of(text: str, *, is_service: bool) -> Flaw | None:
    """What is wrong with an entry of `allow`, or of `host_services`; None if nothing is."""
    if "/" in text:
        return _of_url(text)
    found = _SPLIT.fullmatch(text.strip())
    host, port = (found[1], found[2]) if found else (text, None)
    if is_address(text.strip()):  # that of IPv6 has colons of its own
        host, port = text.strip(), None
    plain = host.strip("[]").lower()
    if is_service and ("*" in plain):
        return Flaw(message="a service has one name", hint="write NAME:PORT for each, such as db.internal:5432")
    if plain in ("", "*"):
        return Flaw(message=EXPECTED, hint="for every host write network: public" if plain else _example(is_service))
    if is_loopback_host(plain) or plain in _THIS_MACHINE:
        return _of_this_machine(port, is_service=is_service)
    if is_address(plain):
        return Flaw(
            message="a container reaches hosts by name, and this is an address",
            hint="give it a name, in /etc/hosts for example, and write that; or write network: bridge",
        )
    return _of_name(plain, port)


def _of_name(name: str, port: str | None) -> Flaw | None:
    if "*" in name.removeprefix("*."):
        return Flaw(
            message="a * stands for all names below a domain", hint="write it once and first: *.example.com:443"
        )
    if not _NAME.fullmatch(_ascii(name)) or len(name) > _LONGEST_NAME:
        return Flaw(message=f"{EXPECTED}: this is no name of a host", hint="for example api.example.com:443")
    if not port:
        return Flaw(message=f"{EXPECTED}: the port is missing", hint=f"write {_quoted(f'{name}:{_HTTPS}')} for HTTPS")
    if not _is_port(port):
        return Flaw(message=f"{EXPECTED}: a port is a number from 1 to {_MOST}", hint="write an entry for each port")
    return None


def _of_this_machine(port: str | None, *, is_service: bool) -> Flaw | None:
    known = port if port and _is_port(port) else "PORT"
    if not is_service:
        hint = f"write host_services: [localhost:{known}] beside it"
        return Flaw(message="a service of this machine is not opened by network", hint=hint)
    if known == "PORT":
        return Flaw(message=f"{EXPECTED}: a port is a number from 1 to {_MOST}", hint="for example localhost:5432")
    return None


def _of_url(text: str) -> Flaw:
    """A URL, or a host with a path: connections are told apart by host and port alone."""
    found = _URL.fullmatch(text)
    scheme, authority = (found[1] or "", found[2]) if found else ("", text.partition("/")[0])
    host, _, port = authority.rpartition(":") if re.search(r":\d*$", authority) else (authority, "", "")
    port = port or str(_PORTS.get(scheme.lower(), _HTTPS))
    what = "a URL" if found else "a path"
    if not _NAME.fullmatch(host.lower()) or not _is_port(port):
        return Flaw(message=f"{EXPECTED}, found {what}", hint="for example api.example.com:443")
    return Flaw(message=f"{EXPECTED}, found {what}", hint=f"write {_quoted(f'{host.lower()}:{port}')}")


def _example(is_service: bool) -> str:
    return f"for example {'localhost:5432' if is_service else 'api.example.com:443'}"


def _is_port(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= len(str(_MOST)) and 1 <= int(text) <= _MOST


def _ascii(name: str) -> str:
    try:
        return name if name.isascii() else name.encode("idna").decode()
    except UnicodeError:
        return ""


def _quoted(entry: str) -> str:
    """As YAML needs it: a * at the beginning is an alias."""
    return f'"{entry}"' if entry.startswith("*") else entry
