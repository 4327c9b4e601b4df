"""`argus-trio client`: what points an AI client at the gateway."""

from __future__ import annotations

import argparse
import json
import os
import stat
import sys
from datetime import datetime
from pathlib import Path
from typing import Final

from argus_trio.cli.clients.address import FoundAddress, NoAddress, find_address
from argus_trio.cli.clients.bridge import bridge_command
from argus_trio.cli.clients.change import ClientFileRefused, put_entry, take_entry_out
from argus_trio.cli.clients.overview import overview
from argus_trio.cli.clients.place import ClientPlace, NoPlace, find_place, shown
from argus_trio.cli.report import complain
from argus_trio.client_files.changing.snippets import NoSnippet, ToldGateway, snippet
from argus_trio.client_files.kinds import KINDS, ClientKind

_USAGE: Final = 2


def client(options: argparse.Namespace) -> int:
    """Print a client's snippet, or put it in place or take it out; the exit code."""
    try:
        return _client(options)
    except (NoAddress, NoPlace, NoSnippet) as error:
        complain(f"argus-trio: {error}")
        return _USAGE
    except ClientFileRefused as refused:
        complain(f"argus-trio: {refused}")
        return 1


def _client(options: argparse.Namespace) -> int:
    home, cwd = Path(os.environ.get("HOME") or Path.home()), Path.cwd()
    found = find_address(options.url, options.config, view=options.view, environ=os.environ, cwd=cwd)
    for doubt in found.doubts:
        complain(f"warning: {doubt}")
    if options.client is None:
        if options.write or options.remove:
            raise NoPlace(f"say which client: {', '.join(KINDS)}")
        sys.stdout.write(overview(found.base, home=home, cwd=cwd, environ=os.environ))
        sys.stdout.flush()
        complain(f"the gateway: {found.base} ({found.source}); `argus-trio client NAME` prints what a client needs")
        return 0
    kind = KINDS[options.client]
    place = find_place(kind, options.file, for_project=options.project, home=home, cwd=cwd, environ=os.environ)
    gateway = _gateway(options, found)
    if options.remove:
        return _remove(place, kind, gateway)
    if found.is_guarded and not (gateway.with_token or gateway.token_file):
        complain("the gateway has clients say who they are: --with-token, unless they sign in by OAuth")
    if options.write:
        return _write(place, kind, gateway)
    sys.stdout.write(snippet(kind, gateway, place.members))
    sys.stdout.flush()
    complain(f"for {shown(place.path, home)}; --write puts it there ({found.base}: {found.source})")
    _tell_of_token(kind, gateway)
    return 0


def _gateway(options: argparse.Namespace, found: FoundAddress) -> ToldGateway:
    return ToldGateway(
        name=options.name,
        base=found.base,
        view=found.view,
        bridge=bridge_command(),
        with_token=options.with_token,
        token_file="" if options.bridge_token_file is None else str(Path.cwd() / options.bridge_token_file),
    )


def _write(place: ClientPlace, kind: ClientKind, gateway: ToldGateway) -> int:
    change = put_entry(place, kind, gateway, datetime.now())
    if not change.is_changed:
        sys.stdout.write(f"{place.path} leads to {gateway.url} already, as {gateway.name}\n")
        return 0
    sys.stdout.write(f"{place.path} leads to {gateway.url} now, as {gateway.name}\n")
    _tell_of_change(change.backup, kind, place)
    _tell_of_comments(kind, place)
    _tell_of_token(kind, gateway)
    return 0


def _remove(place: ClientPlace, kind: ClientKind, gateway: ToldGateway) -> int:
    change = take_entry_out(place, kind, gateway, datetime.now())
    if not change.is_changed:
        sys.stdout.write(f"{place.path} has no server {gateway.name}\n")
        return 0
    sys.stdout.write(f"{gateway.name} is out of {place.path}\n")
    _tell_of_change(change.backup, kind, place)
    return 0


def _tell_of_change(backup: Path | None, kind: ClientKind, place: ClientPlace) -> None:
    if backup is not None:
        sys.stdout.write(f"  as it was: {backup}\n")
    step = kind.next_step if place.is_private else kind.project_step or kind.next_step
    sys.stdout.write(f"  what to do: {step}\n")
    sys.stdout.flush()


def _tell_of_comments(kind: ClientKind, place: ClientPlace) -> None:
    """Say so where the file has what its client may not read."""
    if not kind.reads_strict_json:
        return
    try:
        json.loads(place.path.read_bytes())
    except ValueError:
        complain(f"warning: {place.path} has comments or trailing commas: {kind.title} may read nothing of the file")
    except OSError:
        return  # it has just been written: what happens to it now is its client's


def _tell_of_token(kind: ClientKind, gateway: ToldGateway) -> None:
    """Say where the token has to be."""
    if gateway.with_token and kind.form.asks_for_token:
        complain(f"{kind.title} asks for the token when it starts the server, and keeps it")
    elif gateway.with_token:
        complain(f"{kind.title} takes the token from $ARGUS_TOKEN: it has to be set where {kind.title} is started")
    if not gateway.token_file:
        return
    try:
        mode = Path(gateway.token_file).stat().st_mode
    except OSError as error:
        complain(f"warning: the token cannot be read: {gateway.token_file}: {error.strerror}")
        return
    if stat.S_ISREG(mode) and mode & (stat.S_IRGRP | stat.S_IROTH):
        complain(f"warning: other users can read {gateway.token_file}: chmod 600 {gateway.token_file}")
