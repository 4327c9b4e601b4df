"""`python -m argus_trio` is the command `argus-trio`."""

from __future__ import annotations

import sys

from argus_trio.cli import main

sys.exit(main())
