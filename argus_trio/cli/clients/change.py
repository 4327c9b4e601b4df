"""Puts the entry that leads to the gateway into a client's file, or takes it out."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import attrs

from argus_trio import Value
from argus_trio.cli.clients.place import ClientPlace
from argus_trio.client_files.changing.editing import EditRefused, without_item, without_member
from argus_trio.client_files.changing.replacing import FileRefused, read_file, replace_file
from argus_trio.client_files.changing.snippets import (
    TOKEN_INPUT,
    ToldGateway,
    address_in,
    declared,
    is_same_gateway,
    with_entry,
)
from argus_trio.client_files.changing.toml_editing import without_table
from argus_trio.client_files.kinds import ClientKind


class ClientFileRefused(Exception):
    """The file is left as it is: which place of it, why, and what to do."""


@attrs.frozen(kw_only=True)
class FileChange(Value):
    """What became of a file."""

    is_changed: bool
    backup: Path | None = None


def put_entry(place: ClientPlace, kind: ClientKind, gateway: ToldGateway, now: datetime) -> FileChange:
    """Put the entry in place.

    Raises:
        ClientFileRefused: the file cannot be changed, or the name is another server's.
        NoSnippet: the client cannot be told so.
    """
    try:
        old = read_file(place.path)
        text = old.text
        entry = declared(text, kind, (*place.members, gateway.name))
        if entry is not None and not is_same_gateway(address_in(entry), gateway.base):
            raise ClientFileRefused(_taken(place, kind, gateway, entry))
        edited = with_entry(text, kind, gateway, place.members)
        if edited == text and old.content is not None:
            return FileChange(is_changed=False)
        return FileChange(is_changed=True, backup=replace_file(old, edited, now, is_private=place.is_private))
    except EditRefused as refused:
        raise ClientFileRefused(_at(place, refused)) from None
    except FileRefused as refused:
        raise ClientFileRefused(f"{place.path} {refused}; nothing is changed") from None


def take_entry_out(place: ClientPlace, kind: ClientKind, gateway: ToldGateway, now: datetime) -> FileChange:
    """Take the entry out.

    Raises:
        ClientFileRefused: the file cannot be changed, or the name is another server's.
    """
    path = (*place.members, gateway.name)
    try:
        old = read_file(place.path)
        text = old.text
        entry = declared(text, kind, path)
        if old.content is None or entry is None:
            return FileChange(is_changed=False)
        if not is_same_gateway(address_in(entry), gateway.base):
            raise ClientFileRefused(_taken(place, kind, gateway, entry, removes=True))
        edited = _without(text, kind, path)
        return FileChange(is_changed=True, backup=replace_file(old, edited, now, is_private=place.is_private))
    except EditRefused as refused:
        raise ClientFileRefused(_at(place, refused)) from None
    except FileRefused as refused:
        raise ClientFileRefused(f"{place.path} {refused}; nothing is changed") from None


def _without(text: str, kind: ClientKind, path: tuple[str, ...]) -> str:
    if kind.format == "toml":
        return without_table(text, path)
    text = without_member(text, path)
    inputs = declared(text, kind, ("inputs",)) if kind.form.asks_for_token else None
    if isinstance(inputs, list) and dict(TOKEN_INPUT) in inputs and kind.form.header.split()[-1] not in text:
        text = without_item(text, ("inputs",), inputs.index(dict(TOKEN_INPUT)))
    return text


def _at(place: ClientPlace, refused: EditRefused) -> str:
    where = f"{place.path}:{refused.line}" if refused.line else str(place.path)
    return f"{where}: {refused}; nothing is changed"


def _taken(place: ClientPlace, kind: ClientKind, gateway: ToldGateway, entry: object, *, removes: bool = False) -> str:
    url = address_in(entry)
    is_url = url.startswith(("http://", "https://"))
    what = f"leads to {_without_secrets(url)}" if is_url else "is another server"
    told = f"{place.path}: {gateway.name} is there already and {what}, not to {gateway.base}"
    out = f"argus-trio client {kind.name} --name {gateway.name} --remove --url {_without_secrets(url)}"
    if removes:
        return f"{told}: " + (
            f"if that is meant, say --url {_without_secrets(url)}" if is_url else "nothing is removed"
        )
    beside = "--name NAME puts the gateway beside it"
    return f"{told}: {beside}" + (f", `{out}` takes it out" if is_url else "")


def _without_secrets(url: str) -> str:
    """An address without what may be secret in it."""
    scheme, _, rest = url.partition("://")
    authority, slash, path = rest.partition("/")
    return f"{scheme}://{authority.rpartition('@')[2]}{slash}{path.partition('?')[0].partition('#')[0]}"
