"""`argus-trio stdio`: where the gateway is and what it is sent, out of the options and the environment."""

from __future__ import annotations

import argparse
import os
from functools import partial

import trio

from argus_trio.bridge.defaults import DEFAULT_URL
from argus_trio.bridge.run import run_bridge
from argus_trio.cli.logged import logging
from argus_trio.cli.report import reported
from argus_trio.core.call.via import VARIABLE
from argus_trio.core.log_level import CurrentLevel
from argus_trio.core.redaction import Redactor
from argus_trio.errors import LinkFailed
from argus_trio.wire.headers import VIA


def stdio(options: argparse.Namespace) -> int:
    """Run the bridge; its exit code."""
    return reported(partial(_stdio, options))


def _stdio(options: argparse.Namespace) -> None:
    headers: dict[str, str] = dict(options.header)
    token = os.environ.get("ARGUS_TOKEN", "").strip()
    if not token.isprintable():
        raise LinkFailed("$ARGUS_TOKEN holds a character that cannot be sent")
    if token and not any(name.lower() == "authorization" for name in headers):
        headers["Authorization"] = f"Bearer {token}"
    if by := os.environ.get(VARIABLE, ""):  # a gateway has started this, and may be the one at the other end
        headers[VIA] = by
    url = options.url or os.environ.get("ARGUS_URL") or DEFAULT_URL
    with logging("console", CurrentLevel(options.log_level), Redactor({*headers.values(), token})):
        trio.run(partial(run_bridge, url, headers, view=options.view, wait_seconds=options.wait))
