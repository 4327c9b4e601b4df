"""`argus-trio tui`: which gateway is shown and who looks, out of the options and the environment."""

from __future__ import annotations

import argparse
import os
import sys
from functools import partial

import trio

from argus_trio.manage_client.failure import DONE, USAGE, CommandFailed
from argus_trio.manage_client.token import find_token
from argus_trio.manage_client.where import find_place
from argus_trio.tui.run import DashboardOptions, run_dashboard


def tui(options: argparse.Namespace) -> int:
    """Show the dashboard; its exit code."""
    try:
        if not (sys.stdin.isatty() and sys.stdout.isatty()):
            raise CommandFailed("the dashboard needs a terminal; `argus-trio status --json` is for scripts", USAGE)
        place = find_place(getattr(options, "server", None), os.environ)
        token = find_token(getattr(options, "token_file", None), os.environ, _warn)
        shown = DashboardOptions(place=place, token=token, is_read_only=options.read_only)
        trio.run(partial(run_dashboard, shown))
    except CommandFailed as failure:
        sys.stderr.write(f"argus-trio: {failure}\n")
        return failure.code
    return DONE


def _warn(text: str) -> None:
    sys.stderr.write(f"argus-trio: warning: {text}\n")
