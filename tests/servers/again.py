"""Runs a command over its own standard streams, and again whenever it ends by a signal: `again.py COMMAND...`.

As nodemon and the like do: who holds the other ends of the streams does not see that a program was started anew.
"""

from __future__ import annotations

import subprocess
import sys

if __name__ == "__main__":
    while subprocess.run(sys.argv[1:], check=False).returncode < 0:
        pass
