"""Runs many commands of argus-trio, a process each, forked so that what they load is loaded once.

A line of stdin has the words of one as a JSON list, a line of stdout what it came to: its exit code and all its output.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile

import argus_trio.verbs.run  # noqa: F401  # what most commands load, loaded before the forks
from tests.docs.support.stand_in import stand_in


def run_one(words: list[str]) -> tuple[int, str]:
    with tempfile.TemporaryFile() as output:
        child = os.fork()
        if child == 0:
            os.dup2(output.fileno(), 1)
            os.dup2(output.fileno(), 2)
            os._exit(_code(words))
        _, status = os.waitpid(child, 0)
        output.seek(0)
        return os.waitstatus_to_exitcode(status), output.read().decode(errors="replace")


def _code(words: list[str]) -> int:
    try:
        code = stand_in(words)
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 1
    sys.stdout.flush()
    return code


def main() -> None:
    for line in sys.stdin:
        code, output = run_one(json.loads(line))
        print(json.dumps({"code": code, "output": output}), flush=True)


if __name__ == "__main__":
    main()
