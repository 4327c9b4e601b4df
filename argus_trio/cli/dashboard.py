"""`argus-trio tui`: which gateways can be looked at and who looks, out of the options, the environment and
`servers.yaml`."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import trio

from argus_trio.contract.address import UNIX
from argus_trio.manage_client.failure import DONE, USAGE, CommandFailed
from argus_trio.manage_client.token import find_token
from argus_trio.manage_client.where import find_place, living_sockets, place_of
from argus_trio.tui.run import DashboardOptions, run_dashboard
from argus_trio.tui.servers import KnownGateway, known_gateways, usual_list
from argus_trio.tui.terminal.appearance import why_not

_SIGNALLED = 128
"""What is added to a signal that ended the dashboard, as shells do."""


def tui(options: argparse.Namespace) -> int:
    """Show the dashboard; its exit code."""
    try:
        if not (sys.stdin.isatty() and sys.stdout.isatty()):
            raise CommandFailed("the dashboard needs a terminal; `argus-trio status --json` is for scripts", USAGE)
        if getattr(options, "json", False):
            raise CommandFailed("the dashboard prints nothing; `argus-trio status --json` is for scripts", USAGE)
        if reason := why_not(os.environ):
            raise CommandFailed(reason, USAGE)
        ended_by = trio.run(partial(run_dashboard, dashboard_options(options, os.environ)))
    except CommandFailed as failure:
        sys.stderr.write(f"argus-trio: {failure}\n")
        return failure.code
    return DONE if ended_by is None else _SIGNALLED + ended_by


def dashboard_options(options: argparse.Namespace, environ: Mapping[str, str]) -> DashboardOptions:
    """What is meant. Raises CommandFailed."""
    warnings: list[str] = []
    server: str | None = getattr(options, "server", None)
    token_file: str | None = getattr(options, "token_file", None)
    listed = _listed(options.servers, environ, warnings, is_needed=server is None and "ARGUS_URL" not in environ)
    shown, gateways = chosen(server, environ, listed)
    uses = any(each.uses_environment for each in gateways)
    if token_file is not None and not uses:
        raise CommandFailed("--token-file goes with --server: gateways of the list have a `token_file` there", USAGE)
    token = find_token(token_file, environ, warnings.append) if uses else ""
    return DashboardOptions(
        gateways=gateways, shown=shown, token=token, is_read_only=options.read_only, warnings=tuple(warnings)
    )


def _listed(
    path: Path | None, environ: Mapping[str, str], warnings: list[str], *, is_needed: bool
) -> tuple[KnownGateway, ...]:
    if path is not None:
        return known_gateways(path, must_exist=True)
    try:
        return known_gateways(usual_list(environ), must_exist=False)
    except CommandFailed as failure:
        if is_needed:
            raise
        warnings.append(f"the list of gateways is left out: {failure}")
        return ()


def chosen(
    server: str | None, environ: Mapping[str, str], listed: tuple[KnownGateway, ...]
) -> tuple[KnownGateway | None, tuple[KnownGateway, ...]]:
    """The gateway that is looked at first, and all that can be: one of the list by its name, else an address, else
    the only one there is; None where the user is to choose. Raises CommandFailed."""
    if server is not None and any(each.name == server for each in listed):
        named = next(each for each in listed if each.name == server)
        return named, listed
    if server or environ.get("ARGUS_URL"):
        try:
            return _with(_of_command(server, environ), listed)
        except CommandFailed as failure:
            raise CommandFailed(f"{failure}{_names_beside(server, listed)}", failure.code) from failure
    known = {each.place.socket for each in listed}
    found = [path for path in living_sockets(environ) if path not in known]
    own = tuple(_of_socket(path) for path in found)
    if not own and not listed:
        return _with(_of_command(None, environ), ())
    every = (*own, *listed)
    return (every[0] if len(every) == 1 else None), every


def _names_beside(server: str | None, listed: tuple[KnownGateway, ...]) -> str:
    """What else `--server` may say."""
    if server is None:
        return ""
    names = ", ".join(each.name for each in listed)
    return (
        f"; or a name of the list of gateways: {names}"
        if names
        else "; there is no list of gateways it may be a name of"
    )


def _with(
    shown: KnownGateway, listed: tuple[KnownGateway, ...]
) -> tuple[KnownGateway | None, tuple[KnownGateway, ...]]:
    return shown, (shown, *listed)


def _of_command(server: str | None, environ: Mapping[str, str]) -> KnownGateway:
    place = find_place(server, environ)
    return KnownGateway(name=place.shown, place=place, uses_environment=True)


def _of_socket(path: str) -> KnownGateway:
    place = place_of(f"{UNIX}{path}", "the socket")
    return KnownGateway(name=place.shown, place=place, uses_environment=True)
