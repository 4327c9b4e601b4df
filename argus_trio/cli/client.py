"""`argus-trio client`: what points an AI client at the gateway."""

from __future__ import annotations

import argparse
import json
import sys

from argus_trio.bridge.defaults import DEFAULT_URL
from argus_trio.client_files.kinds import KINDS


def client(options: argparse.Namespace) -> int:
    """Print a client's snippet, or put it in place; the exit code."""
    kind = KINDS[options.client]
    entry = {"url": f"{options.url or DEFAULT_URL}/mcp"}
    sys.stdout.write(json.dumps({kind.files[0].members[0]: {options.name: entry}}, indent=2) + "\n")
    return 0
