"""The limit of open files: raised as far as it goes, and what it was at the start is not forgotten."""

from __future__ import annotations

import subprocess
import sys

import pytest

RAISED = """
import resource
from argus_trio.backends.process.open_files import SOFT_LIMIT_AT_START, raise_open_files
raise_open_files()
print(SOFT_LIMIT_AT_START, *resource.getrlimit(resource.RLIMIT_NOFILE))
"""


@pytest.mark.parametrize(("soft", "hard"), [(300, 900), (900, 900)])
def test_the_soft_limit_becomes_the_hard_one_and_the_first_is_known(soft: int, hard: int) -> None:
    limited = ["sh", "-c", f'ulimit -Sn {soft}; ulimit -Hn {hard}; exec "$@"', "sh"]
    shown = subprocess.run([*limited, sys.executable, "-c", RAISED], capture_output=True, text=True, check=True)
    assert shown.stdout.splitlines()[-1].split() == [str(soft), str(hard), str(hard)]
