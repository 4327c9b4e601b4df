"""The command `argus-trio`, also as `python -m argus_trio`: signals first, for loading all the rest takes a while."""

from __future__ import annotations

import gc
import signal
import sys
from typing import Final

OBJECTS: Final = 50_000
"""Objects made for a look for garbage: loading makes several hundred thousand that stay, and hardly any garbage. The
gateway chooses anew once all is loaded (`runtime/garbage.py`)."""


def main() -> int:
    """Run the command; its exit code."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        # Until someone waits for it, Ctrl-C ends the process without a traceback. One that is ignored stays so.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    if sys.argv[1:2] == ["serve"]:
        signal.signal(signal.SIGHUP, lambda *_: None)  # it asks to reload what is only being loaded; see the command
    gc.set_threshold(OBJECTS)
    from argus_trio.cli.main import main as run

    return run()


if __name__ == "__main__":
    sys.exit(main())
