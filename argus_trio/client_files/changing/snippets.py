"""What points a client at the gateway: the entry for its file, and whether an entry that is there does so already."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import quote, urlsplit

import attrs

from argus_trio import Value
from argus_trio.client_files.changing.editing import put_item, put_member, rendered, root_of, without_member
from argus_trio.client_files.changing.toml_editing import put_table, toml_of
from argus_trio.client_files.kinds import ClientKind
from argus_trio.contract.address import gateway_address

TOKEN_INPUT: Final[Mapping[str, object]] = {
    "type": "promptString",
    "id": "argus-token",
    "description": "Token of the Argus gateway",
    "password": True,
}
"""What VS Code asks its user for, once, and keeps."""
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_ADDRESSES: Final = ("url", "serverUrl", "httpUrl")
_OF_LOCAL: Final = frozenset({"command", "args", "env", "cwd", "type"})
_OF_REMOTE: Final = frozenset({*_ADDRESSES, "headers", "type", "bearer_token_env_var"})


class NoSnippet(Exception):
    """A client cannot be pointed at the gateway in this way: why, and what to do."""


@attrs.frozen(kw_only=True)
class ToldGateway(Value):
    """The gateway, as a client is told of it."""

    name: str
    """What the client calls it."""
    base: str
    """Its address, without what it serves below it."""
    view: str = ""
    bridge: tuple[str, ...] = ()
    """The program that carries stdio to it, and what comes before its arguments."""
    with_token: bool = False
    """The client sends a token."""
    token_file: str = ""
    """Where the program that carries stdio finds it."""

    @property
    def url(self) -> str:
        """The endpoint."""
        return f"{self.base}/mcp" + (f"/{quote(self.view, safe='')}" if self.view else "")


def entry_for(kind: ClientKind, gateway: ToldGateway) -> dict[str, object]:
    """What stands under the gateway's name in the client's file.

    Raises:
        NoSnippet: the client cannot send a token in this way.
    """
    form = kind.form
    if gateway.token_file or not form.address:
        if gateway.with_token:
            raise NoSnippet(f"{kind.title} hands no variable to what it starts: {_BY_FILE}")
        return {**form.local, **_command(gateway)}
    entry: dict[str, object] = {**form.remote, form.address: gateway.url}
    if gateway.with_token:
        if form.header:
            entry["headers"] = {"Authorization": form.header}
        elif form.names_token_in:
            entry[form.names_token_in] = "ARGUS_TOKEN"
        else:
            raise NoSnippet(f"{kind.title} has no variables in headers: {_BY_FILE}")
    return entry


_BY_FILE: Final = "write the token into a file that you alone can read, and say --token-file PATH"


def _command(gateway: ToldGateway) -> dict[str, object]:
    program, *before = gateway.bridge
    arguments = [*before, "stdio", "--url", f"{gateway.base}/mcp"]
    if gateway.view:
        arguments += ["--view", gateway.view]
    if not gateway.token_file:
        return {"command": program, "args": arguments}
    # The shell puts the token into the variable that the bridge reads: on no command line, in no client's file.
    script = 'ARGUS_TOKEN="$(cat "$0")" && export ARGUS_TOKEN && exec "$@"'
    return {"command": "/bin/sh", "args": ["-c", script, gateway.token_file, program, *arguments]}


def snippet(kind: ClientKind, gateway: ToldGateway, members: tuple[str, ...]) -> str:
    """The whole of a file that has nothing else in it. Raises NoSnippet."""
    return with_entry("", kind, gateway, members)


def with_entry(text: str, kind: ClientKind, gateway: ToldGateway, members: tuple[str, ...]) -> str:
    """The text of a client's file with the entry in it. What its user wrote into an entry that is there stays.

    Raises:
        NoSnippet: the client cannot be told so.
        EditRefused: the text is none of the client's, or cannot be changed.
    """
    entry = entry_for(kind, gateway)
    path = (*members, gateway.name)
    there = declared(text, kind, path)
    stale = sorted(_stale(there, entry)) if isinstance(there, Mapping) else []
    if kind.format == "toml":
        return put_table(text, path, entry, stale=stale)
    asks = kind.form.asks_for_token and "headers" in entry
    if asks and not text.strip("\ufeff \t\r\n"):
        tree = {"inputs": [dict(TOKEN_INPUT)], members[0]: {gateway.name: entry}}
        return text + rendered(tree, "  ", "\n") + "\n"
    text = _with_members(text, path, entry, stale) if isinstance(there, Mapping) else put_member(text, path, entry)
    if asks and not _asks_already(text, kind):
        text = put_item(text, ("inputs",), dict(TOKEN_INPUT))
    return text


def _with_members(text: str, path: tuple[str, ...], entry: Mapping[str, object], stale: Sequence[str]) -> str:
    for name in stale:
        text = without_member(text, (*path, name))
    for name, value in entry.items():
        below = value.items() if isinstance(value, Mapping) else ()
        for header, each in below:
            text = put_member(text, (*path, name, header), each)
        text = text if below else put_member(text, (*path, name), value)
    return text


def _stale(there: Mapping[str, object], entry: Mapping[str, object]) -> set[str]:
    """What of an entry belongs to the other way to reach the gateway."""
    is_local = "command" in entry
    other = _OF_REMOTE if is_local else _OF_LOCAL | set(_ADDRESSES)
    stale = {name for name in there if name in other and name not in entry}
    return stale if (there.get("type") == "stdio") != is_local else stale - {"type"}


def declared(text: str, kind: ClientKind, path: tuple[str, ...]) -> object:
    """What a client's file says under a path of names; None if nothing. Raises EditRefused."""
    if kind.format == "toml":
        found: object = toml_of(text)
        for name in path:
            found = found.get(name) if isinstance(found, Mapping) else None
        return found
    root = root_of(text)
    node = None if root is None else root.member(*path)
    return None if node is None else node.plain()


def _asks_already(text: str, kind: ClientKind) -> bool:
    from_file = declared(text, kind, ("inputs",))
    return isinstance(from_file, list) and any(
        isinstance(each, dict) and each.get("id") == TOKEN_INPUT["id"] for each in from_file
    )


def address_in(entry: object) -> str:
    """The address that an entry leads to, its own or that of a bridge of ours; empty if it leads to none."""
    if not isinstance(entry, Mapping):
        return ""
    for name in _ADDRESSES:
        if isinstance(url := entry.get(name), str):
            return url
    words = [entry.get("command"), *(entry.get("args") or ())] if isinstance(entry.get("args"), list) else []
    texts = [each for each in words if isinstance(each, str)]
    if "stdio" in texts and "--url" in texts[texts.index("stdio") :][:-1]:
        return texts[texts.index("--url", texts.index("stdio")) + 1]
    return ""


def is_same_gateway(url: str, base: str) -> bool:
    """Whether an address is that of the gateway, whichever of its endpoints it names."""
    return bool(url) and _canonical(url) == _canonical(base)


def _canonical(url: str) -> Sequence[object]:
    try:
        parts = urlsplit(gateway_address(url).base)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return (url,)
    port = port or {"http": 80, "https": 443}.get(parts.scheme, 0)
    return (parts.scheme, "loopback" if host in _LOOPBACK else host, port, parts.path.rstrip("/"))
