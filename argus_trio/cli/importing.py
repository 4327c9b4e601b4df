"""`argus-trio import`: a configuration out of other programs' files."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from argus_trio.client_files.reading import read_client_file
from argus_trio.importing.emit import emit


def import_files(options: argparse.Namespace) -> int:
    """Make a configuration; the exit code."""
    backends: dict[str, object] = {}
    for name in options.files:
        found = read_client_file(
            Path(name).read_text(), path=Path(name).absolute(), client=options.source, home=Path.home()
        )
        for server in found.servers:
            backends[server.name] = {
                "type": "stdio",
                "command": server.command.literal,
                "args": [each.literal for each in server.args],
            }
    sys.stdout.write(emit({"version": "1", "backends": backends}))
    return 0
